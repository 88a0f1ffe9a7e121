"""scikit-learn's own searches, fused by default, with learning curves."""

from typing import Any, Self

from sklearn import model_selection

from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.base.conclusion import LearningCurves
from sknet_hp.search.base.fusing import fuse_by_default
from sknet_hp.search.base.scored_curves import bring_curves, collect_scored_curves, take_original


class FusedSearch(LearningCurves, NameHints):
    """Makes the `fit` of the search it is mixed into train its networks together."""

    n_jobs: Any
    scorer_: Any

    def fit(self, X: TableLike, y: ArrayLike = None, **params: Any) -> Self:
        """Search as the original, with all networks trained together.

        `n_jobs` is how many cores work on them; None is all. Where a joblib backend is
        chosen (`joblib.parallel_config`), that one is used, and where there is no
        network to train, all is as the original.
        """
        with fuse_by_default(self):
            super().fit(X, y, **params)  # type: ignore[misc]
        self.scorer_ = take_original(self.scorer_)
        return self

    def _get_scorers(self) -> tuple[Any, Any]:
        scorers, refit_metric = super()._get_scorers()  # type: ignore[misc]
        return bring_curves(scorers), refit_metric

    def _format_results(self, candidate_params: Any, n_splits: int, out: Any, more_results: Any = None) -> Any:
        """Make `cv_results_` as the original, and take the curves that scores bring."""
        self._curves = collect_scored_curves(out, n_splits)
        return super()._format_results(candidate_params, n_splits, out, more_results)  # type: ignore[misc]


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
