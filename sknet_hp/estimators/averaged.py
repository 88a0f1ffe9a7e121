"""Estimators that average others, each of which is given exactly what the average is:
scikit-learn's own give them labels as numbers.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted


class _Averaged:
    """Fits the members, in place of `VotingClassifier` and `VotingRegressor`."""

    estimators: list[tuple[str, Any]]
    n_jobs: int | None

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit each member as it would be fitted alone."""
        kept = [(name, each) for name, each in self.estimators if each != "drop"]
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fitted)(clone(each), X, y, fit_params) for _, each in kept
        )
        self._names = [name for name, _ in kept]
        first = self.estimators_[0]
        for name in ("classes_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        return self

    @property
    def named_estimators_(self) -> Bunch:
        """The fitted members by name."""
        check_is_fitted(self)
        return Bunch(**dict(zip(self._names, self.estimators_, strict=True)))


class AveragedClassifier(_Averaged, VotingClassifier):
    """Averages the probabilities of classifiers, which learn from the labels as they
    are.
    """

    def predict(self, X: Any) -> np.ndarray:
        """The class of the greatest mean probability, or of the most votes if `voting`
        is "hard".
        """
        check_is_fitted(self)
        votes = [
            each.predict_proba(X) if self.voting == "soft" else np.equal.outer(each.predict(X), self.classes_)
            for each in self.estimators_
        ]
        labels: np.ndarray = self.classes_[np.average(votes, axis=0, weights=self._weights_not_none).argmax(axis=1)]
        return labels


class AveragedRegressor(_Averaged, VotingRegressor):
    """Averages the predictions of regressors, of one target or several."""

    def predict(self, X: Any) -> np.ndarray:
        """The weighted mean."""
        check_is_fitted(self)
        mean: np.ndarray = np.average(
            [each.predict(X) for each in self.estimators_], axis=0, weights=self._weights_not_none
        )
        return mean

    def transform(self, X: Any) -> np.ndarray:
        """The predictions of each, of shape (n_rows, n_regressors); of several targets
        (n_rows, n_regressors, n_targets).
        """
        check_is_fitted(self)
        return np.stack([each.predict(X) for each in self.estimators_], axis=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = all(
            get_tags(each).target_tags.multi_output for _, each in self.estimators if each != "drop"
        )
        return tags


def _fitted(estimator: Any, X: Any, y: Any, fit_params: dict[str, Any]) -> Any:
    return estimator.fit(X, y, **fit_params)
