"""Averages of estimators, each of which is fitted to y as it was given.

scikit-learn's own averages give their classifiers class numbers in place of labels.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sknet_hp.estimators.types import ArrayLike, TableLike


class _Averaged:
    """A mixin that fits the members of scikit-learn's averages as they are."""

    estimators: list[tuple[str, Any]]
    weights: Any
    n_jobs: int | None

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: TableLike, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit each member as it would be fitted alone."""
        kept = [(name, each) for name, each in self.estimators if each != "drop"]
        self.estimators_ = self._fit_members(kept, X, y, fit_params)
        self._set_fitted([name for name, _ in kept])
        return self

    def fit_in_rounds(
        self, X: TableLike, y: ArrayLike, count_next: Callable[[int], int], fit_params: dict[str, Any]
    ) -> Self:
        """Fit members in their order, so many at a time as a function says.

        Members that are not fitted are left out of `estimators` and of `weights`.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        count_next : given how many are fitted, returns how many are fitted next; 0 ends
            it. There is always a first one.
        fit_params : of each member's `fit`.
        """
        self.estimators_ = []
        while (done := len(self.estimators_)) < len(self.estimators):
            n = count_next(done)
            if n < 1 and done:
                break
            self.estimators_ += self._fit_members(self.estimators[done : done + max(1, n)], X, y, fit_params)
        self.estimators = self.estimators[: len(self.estimators_)]
        self.weights = None if self.weights is None else self.weights[: len(self.estimators_)]
        self._set_fitted([name for name, _ in self.estimators])
        return self

    def _fit_members(
        self, named: list[tuple[str, Any]], X: TableLike, y: ArrayLike, fit_params: dict[str, Any]
    ) -> list[Any]:
        return list(
            Parallel(n_jobs=self.n_jobs)(delayed(_fit_estimator)(clone(each), X, y, fit_params) for _, each in named)
        )

    def _set_fitted(self, names: list[str]) -> None:
        """Take over what fitted members know."""
        self._names = names
        first = self.estimators_[0]
        for name in ("classes_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))

    @property
    def named_estimators_(self) -> Bunch:
        """The fitted members by name."""
        check_is_fitted(self)
        return Bunch(**dict(zip(self._names, self.estimators_, strict=True)))


class AveragedClassifier(_Averaged, VotingClassifier):
    """An average of the probabilities, or the votes, of classifiers."""

    def predict(self, X: TableLike) -> np.ndarray:
        """Return the class of the greatest mean probability, or of the most votes.

        It goes by votes if `voting` is "hard".
        """
        check_is_fitted(self)
        votes = [
            each.predict_proba(X) if self.voting == "soft" else np.equal.outer(each.predict(X), self.classes_)
            for each in self.estimators_
        ]
        labels: np.ndarray = self.classes_[np.average(votes, axis=0, weights=self._weights_not_none).argmax(axis=1)]
        return labels


class AveragedRegressor(_Averaged, VotingRegressor):
    """An average of the predictions of regressors, of one target or several."""

    def predict(self, X: TableLike) -> np.ndarray:
        """Return the weighted mean of the predictions."""
        check_is_fitted(self)
        mean: np.ndarray = np.average(
            [each.predict(X) for each in self.estimators_], axis=0, weights=self._weights_not_none
        )
        return mean

    def transform(self, X: TableLike) -> np.ndarray:
        """Return the predictions of each regressor, (n_rows, n_regressors).

        Of several targets they are (n_rows, n_regressors, n_targets).
        """
        check_is_fitted(self)
        return np.stack([each.predict(X) for each in self.estimators_], axis=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = all(
            get_tags(each).target_tags.multi_output for _, each in self.estimators if each != "drop"
        )
        return tags


def _fit_estimator(estimator: Any, X: TableLike, y: ArrayLike, fit_params: dict[str, Any]) -> Any:
    return estimator.fit(X, y, **fit_params)
