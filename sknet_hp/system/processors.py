"""How many cores this process may use, and what `n_jobs` makes of them."""

import os
from functools import lru_cache

import joblib


def count_cores() -> int:
    """Count the cores of this process, by its affinity and its container's share."""
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return _count_once(frozenset(affinity), os.environ.get("LOKY_MAX_CPU_COUNT"))


@lru_cache(maxsize=8)
def _count_once(affinity: frozenset[int], limit: str | None) -> int:
    """Count the cores once for all that may change while a process runs.

    Joblib reads the container's files each time, which takes 0.1 ms.
    """
    return int(joblib.cpu_count())


def resolve_n_jobs(n_jobs: int | None, available: int) -> int:
    """Return how many cores or workers `n_jobs` stands for, by joblib's rules.

    None stands for all that are available.
    """
    if n_jobs is None:
        return available
    return n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)
