"""scikit-learn's own searches, fused by default; nothing else is changed."""

from typing import Any, Self

from sklearn import model_selection

from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.base.fusing import fuse_by_default


class FusedSearch(NameHints):
    """Makes the `fit` of the search it is mixed into train its networks together."""

    n_jobs: Any

    def fit(self, X: TableLike, y: ArrayLike = None, **params: Any) -> Self:
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
