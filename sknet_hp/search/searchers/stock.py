"""scikit-learn's own searches, fused by default, with learning curves."""

import time
from typing import Any, ClassVar, Self

from sklearn import model_selection

from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.findings.finding import Findings
from sknet_hp.findings.positive import require_labels
from sknet_hp.search.base.fusing import fuse_by_default
from sknet_hp.search.base.scored_curves import bring_curves, collect_scored_curves, take_original
from sknet_hp.search.base.telling import find_in_results
from sknet_hp.search.running.selection import name_scorers
from sknet_hp.search.views.readable import Readable


class FusedSearch(Readable, NameHints):
    """Makes the `fit` of the search it is mixed into train its networks together."""

    n_jobs: Any
    verbose: Any
    refit: Any
    scoring: Any
    scorer_: Any
    multimetric_: bool
    cv_results_: dict[str, Any]
    _errors: list[str | None]

    _space_name: ClassVar[str] = "param_distributions"
    """The parameter that has the space."""

    def fit(self, X: TableLike, y: ArrayLike = None, **params: Any) -> Self:
        """Search as the original, with all networks trained together.

        `n_jobs` is how many cores work on them; None is all. Where a joblib backend is
        chosen (`joblib.parallel_config`), that one is used, and where there is no
        network to train, all is as the original.
        """
        start = time.monotonic()
        scorers, _ = super()._get_scorers()  # type: ignore[misc]
        require_labels(name_scorers(scorers, self.scoring), y)
        with fuse_by_default(self):
            super().fit(X, y, **params)  # type: ignore[misc]
        self.search_time_ = time.monotonic() - start - getattr(self, "refit_time_", 0.0)
        self.scorer_ = take_original(self.scorer_)
        self.findings_ = self._find()
        if self.verbose and self.findings_:
            print(*self.findings_, sep="\n")
        return self

    def _find(self) -> Findings:
        """Return what the results say; nothing, where no score is named."""
        metric = self.refit if self.multimetric_ else "score"
        if not isinstance(metric, str):
            return Findings()
        return find_in_results(self, self.cv_results_, metric, self._errors, self._curves, self._space_name)

    def _get_scorers(self) -> tuple[Any, Any]:
        scorers, refit_metric = super()._get_scorers()  # type: ignore[misc]
        return bring_curves(scorers), refit_metric

    def _format_results(self, candidate_params: Any, n_splits: int, out: Any, more_results: Any = None) -> Any:
        """Make `cv_results_` as the original, and keep the curves."""
        self._curves = collect_scored_curves(out, n_splits)
        errors = [outcome["fit_error"] for outcome in out]
        self._errors = [
            next(filter(None, errors[begin : begin + n_splits]), None) for begin in range(0, len(errors), n_splits)
        ]
        return super()._format_results(candidate_params, n_splits, out, more_results)  # type: ignore[misc]


class GridSearchCV(FusedSearch, model_selection.GridSearchCV):
    """`sklearn.model_selection.GridSearchCV`, fused by default.

    Parameters, attributes and results are the same as in the original, bit for bit.
    Only `n_jobs` differs: it is the number of cores that train networks (None means
    all); for other estimators it is as in the original. In addition there are
    `curves_`, `findings_`, `search_time_`, `summary()` and `history_frame()`, as in our
    other searches.
    """

    _space_name = "param_grid"


class RandomizedSearchCV(FusedSearch, model_selection.RandomizedSearchCV):
    """`sklearn.model_selection.RandomizedSearchCV`, fused by default.

    Parameters, attributes and results are the same as in the original, bit for bit.
    Only `n_jobs` differs: it is the number of cores that train networks (None means
    all); for other estimators it is as in the original. In addition there are
    `curves_`, `findings_`, `search_time_`, `summary()` and `history_frame()`, as in our
    other searches.
    """
