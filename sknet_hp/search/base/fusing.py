"""Fused training of the networks of a search, unless a backend was chosen."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from joblib.parallel import _backend as _joblib_state
from joblib.parallel import default_parallel_config, get_active_backend

from sknet_hp.fusion.arguments import check_n_jobs
from sknet_hp.fusion.detection import has_network
from sknet_hp.fusion.session import fused


def is_backend_chosen() -> bool:
    """Return whether the caller has chosen a joblib backend.

    One that joblib sets inside its own workers is not a choice.
    """
    config = getattr(_joblib_state, "config", default_parallel_config)
    if config["backend"] is default_parallel_config["backend"]:
        return False
    backend, _ = get_active_backend()
    return type(backend).__name__ == "FusedBackend" or not backend.nesting_level


def fuse_by_default(search: Any) -> AbstractContextManager[Any]:
    """Fuse the training of a search of networks, unless a backend was chosen.

    Other estimators have joblib's processes, by `n_jobs`.
    """
    n_jobs = check_n_jobs(search.n_jobs)
    return nullcontext() if is_backend_chosen() or not has_network(search) else fused(n_jobs)
