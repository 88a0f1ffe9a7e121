"""scikit-learn's own searches, fused by default; nothing else is changed."""

from typing import Any, Self

from joblib.parallel import _backend as _joblib_state
from joblib.parallel import default_parallel_config, get_active_backend
from sklearn import model_selection

from sknet_hp.fusion.backend import fused


def backend_is_chosen() -> bool:
    """Whether the caller has chosen a joblib backend. One that joblib sets inside its own workers is not a choice."""
    config = getattr(_joblib_state, "config", default_parallel_config)
    if config["backend"] is default_parallel_config["backend"]:
        return False
    backend, _ = get_active_backend()
    return type(backend).__name__ == "FusedBackend" or not backend.nesting_level


class FusedSearch:
    """Makes the `fit` of the search it is mixed into train its networks together."""

    n_jobs: Any

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """As the original, with the networks of all candidates and splits trained together.

        `n_jobs` is how many cores work on them; None is all. Where a joblib backend is chosen (`joblib.parallel_config`), that one is used.
        """
        if backend_is_chosen():
            return super().fit(X, y, **params)  # type: ignore[misc]
        with fused(self._cores()):
            return super().fit(X, y, **params)  # type: ignore[misc]

    def _cores(self) -> int | None:
        return self.n_jobs


class GridSearchCV(FusedSearch, model_selection.GridSearchCV):
    """`sklearn.model_selection.GridSearchCV`, fused by default.

    All parameters and attributes are the original's; `n_jobs` is how many cores work on the networks (None: all). Results are those of the
    original, bit for bit.
    """


class RandomizedSearchCV(FusedSearch, model_selection.RandomizedSearchCV):
    """`sklearn.model_selection.RandomizedSearchCV`, fused by default.

    All parameters and attributes are the original's; `n_jobs` is how many cores work on the networks (None: all). Results are those of the
    original, bit for bit.
    """
