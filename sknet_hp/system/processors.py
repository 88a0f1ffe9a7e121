"""How many cores this process may use, and what `n_jobs` makes of them."""

import os
from functools import lru_cache

import joblib


def count_cores() -> int:
    """Count the cores this process may use, by its affinity and its container's share."""
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return _count(frozenset(affinity), os.environ.get("LOKY_MAX_CPU_COUNT"))


@lru_cache(maxsize=8)
def _count(affinity: frozenset[int], limit: str | None) -> int:
    """Count them once for what may change while a process runs: joblib reads the
    container's files each time, which takes .1 ms.
    """
    return int(joblib.cpu_count())


def resolve_n_jobs(n_jobs: int | None, available: int) -> int:
    """Return how many cores, or workers, `n_jobs` stands for, by joblib's rules; all if
    None.
    """
    if n_jobs is None:
        return available
    return n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)
