"""What is known when a search has ended, also before its time."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _warn_or_raise_about_fit_failures
from sklearn.utils.validation import check_is_fitted

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.base.results import list_columns, list_outcomes, rank_failed_last, silence_non_finite
from sknet_hp.search.curves import collect_curves
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.selection import RULES, find_best_index
from sknet_hp.search.views.readable import Readable


class Conclusion(Readable, BaseSearchCV):
    """The results of a search, and what they are asked for.

    Subclasses search.
    """

    def _conclude(self, run: Run) -> None:
        """Set the results, and which of them is the best, from the rows so far."""
        rows = run.rows
        failed = np.array([row.failed for row in rows])
        first_scores = rows[0].outcomes[0]["test_scores"]
        self._curves = collect_curves(rows)
        _warn_or_raise_about_fit_failures([outcome for row in rows for outcome in row.outcomes], self.error_score)
        params = [row.candidate.params | run.resource.make_params(row.n_resources) for row in rows]
        with silence_non_finite():
            self.cv_results_ = self._format_results(params, self.n_splits_, list_outcomes(rows), list_columns(rows))
        rank_failed_last(self.cv_results_, failed)
        self.multimetric_ = isinstance(first_scores, dict)
        if f"mean_test_{run.metric}" in self.cv_results_:
            self._metric = run.metric
        else:
            self._metric = next(iter(first_scores)) if self.multimetric_ else "score"
        self.n_candidates_ = len(run.list_latest())  # more may have been proposed when the search was stopped
        if self.multimetric_ and callable(self.scoring):
            self._check_refit_for_multimetric(first_scores)
        if self.refit or not self.multimetric_:
            self.best_index_ = find_best_index(self.cv_results_, self.refit, self._metric, failed)
            self.best_params_ = params[self.best_index_]
            if not callable(self.refit):
                self.best_score_ = self.cv_results_[f"mean_test_{self._metric}"][self.best_index_]

    def _check_refit_for_multimetric(self, scores: Any) -> None:
        """Check as scikit-learn does; rules that choose by one score take the first."""
        if not (isinstance(self.refit, str) and self.refit in RULES):
            super()._check_refit_for_multimetric(scores)

    def score(self, X: TableLike, y: ArrayLike = None, **params: Any) -> float:
        """Return the score of `best_estimator_`, of several that of the search.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
        **params : passed to the scorer.

        Returns
        -------
        float
        """
        by_name = copy(self)
        if self.refit and getattr(self, "multimetric_", False):
            by_name.refit = self._metric
        score: float = super(Conclusion, by_name).score(X, y, **params)
        return score

    @property
    def n_features_in_(self) -> int:
        """Columns seen in `fit`; only with `refit`."""
        check_is_fitted(self, "cv_results_")
        return super().n_features_in_
