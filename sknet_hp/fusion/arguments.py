"""Check what `fused()` and its backend are given."""

import sys
from numbers import Integral
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sknet_hp.fusion.executors.cluster import Cluster


def check_n_jobs(n_jobs: int | None) -> int | None:
    """Return `n_jobs` if it is a number of cores by joblib's rules.

    Raises
    ------
    ValueError
        If it is none; True and 2.0 would pass for numbers.
    """
    if n_jobs is not None and (not _is_whole(n_jobs) or n_jobs == 0):
        raise ValueError(
            f"n_jobs={n_jobs!r}; it must be a whole number of cores, -1 for all, -2 for all but one, and so on, or "
            f"None for all"
        )
    return n_jobs


def check_limits(memory: int | None, max_threads: int) -> None:
    """Check the bytes and the number of tasks that may be in flight.

    Raises
    ------
    ValueError
        If either is no whole number from 1 on; `memory` may be None.
    """
    if memory is not None and (not _is_whole(memory) or memory < 1):
        raise ValueError(
            f"memory={memory!r}; it must be a whole number of bytes, for example 2 * 10**9 for two gigabytes, or None "
            f"for a quarter of what is free"
        )
    if not _is_whole(max_threads) or max_threads < 1:
        raise ValueError(f"max_threads={max_threads!r}; it must be a whole number from 1 on")


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def resolve_over(over: Any) -> "str | Cluster | None":
    """Return where to train: None or "inline", which is this process, or a cluster.

    Raises
    ------
    ValueError
        If `over` is none of what `fused` takes, or there is no client or connection.
    ImportError
        If the package of the cluster is not installed.
    """
    if over in (None, "inline"):
        return over
    distributed = sys.modules.get("distributed")
    client = over if distributed is not None and isinstance(over, distributed.Client) else None
    if client is None and over not in ("dask", "ray"):
        from sknet_hp.fusion.executors.cluster import Cluster

        if isinstance(over, Cluster):
            return over
        more = "; networks train in threads of this process, which needs no workers" if over == "loky" else ""
        raise ValueError(f"over={over!r}; it must be 'inline', 'dask', 'ray', a Dask client or None{more}")
    try:
        if over == "ray":
            from sknet_hp.fusion.executors.ray import find_ray_cluster

            return find_ray_cluster()
        from sknet_hp.fusion.executors.dask import find_dask_cluster

        return find_dask_cluster(client)
    except ModuleNotFoundError as error:
        if error.name not in ("distributed", "ray"):
            raise
        extra = "ray" if error.name == "ray" else "dask"
        raise ImportError(f"over={over!r} needs {error.name}: pip install 'sknet_hp[{extra}]'") from error
