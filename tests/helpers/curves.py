"""An estimator whose score after e epochs stands in a table, so that searches can be
followed without training; and what else the tests share.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

CURVES = np.random.default_rng(0).random((1200, 300)).cumsum(axis=1)
"""(settings, epochs): the score of a setting after so many epochs. The best at the end
is seldom the best at first.
"""

TRAINED = []
"""(index, from, to) of each fit, in order."""


class Curve(ClassifierMixin, BaseEstimator):
    """Counts its epochs; `fails` is an index, or several, whose fit raises; `nan` those
    whose score is NaN.
    """

    def __init__(self, index=0, max_epochs=9, warm_start=False, fails=(), nan=(), option=None):
        self.index = index
        self.max_epochs = max_epochs
        self.warm_start = warm_start
        self.fails = fails
        self.nan = nan
        self.option = option

    def fit(self, X, y, sample_weight=None):
        if self.index in self.fails:
            raise RuntimeError(f"setting {self.index} can not be trained")
        self.classes_ = np.unique(y)
        start = getattr(self, "n_iter_", 0) if self.warm_start else 0
        self.n_iter_ = max(start, self.max_epochs)
        self.weighted_ = None if sample_weight is None else float(np.sum(sample_weight))
        TRAINED.append((self.index, start, self.n_iter_))
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))

    def score(self, X, y, sample_weight=None):
        return np.nan if self.index in self.nan else float(CURVES[self.index, self.n_iter_ - 1])


def draw_table(n=60, seed=0):
    """A small table of two classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    return X, (X[:, 0] + 0.5 * rng.normal(size=n) > 0).astype(int)


def list_results(search):
    """All of `cv_results_` that is no time, comparable."""
    return {
        name: repr(np.asarray(column).tolist()) for name, column in search.cv_results_.items() if "time" not in name
    }
