"""scikit-learn's own searches, fused by default; nothing else is changed."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from joblib.parallel import _backend as _joblib_state
from joblib.parallel import default_parallel_config, get_active_backend
from sklearn import model_selection

from sknet_hp.estimators.names import NameHints
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


class FusedSearch(NameHints):
    """Makes the `fit` of the search it is mixed into train its networks together."""

    n_jobs: Any

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search as the original, with all networks trained together.

        `n_jobs` is how many cores work on them; None is all. Where a joblib backend is
        chosen (`joblib.parallel_config`), that one is used, and where there is no
        network to train, all is as the original.
        """
        with fuse_by_default(self):
            return super().fit(X, y, **params)  # type: ignore[misc]


class GridSearchCV(FusedSearch, model_selection.GridSearchCV):
    """`sklearn.model_selection.GridSearchCV`, fused by default.

    All parameters and attributes are the original's; `n_jobs` is how many cores work on
    the networks (None: all), and for other estimators what it is in the original.
    Results are those of the original, bit for bit.
    """


class RandomizedSearchCV(FusedSearch, model_selection.RandomizedSearchCV):
    """`sklearn.model_selection.RandomizedSearchCV`, fused by default.

    All parameters and attributes are the original's; `n_jobs` is how many cores work on
    the networks (None: all), and for other estimators what it is in the original.
    Results are those of the original, bit for bit.
    """
