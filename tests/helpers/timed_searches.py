"""Searches that a time budget ends, and that train nothing."""

from sklearn.dummy import DummyClassifier


class Timed(DummyClassifier):
    """A search that was ended by its time."""

    def __init__(self, estimator=None, time_budget=None):
        super().__init__()
        self.estimator, self.time_budget = estimator, time_budget

    def fit(self, X, y):
        super().fit(X, y)
        self.best_estimator_, self.stopped_ = self, "time_budget"
        return self


class AlwaysTimed(Timed):
    """One that has a time whether it is said or not."""

    def __init__(self, estimator=None, time_budget=60.0):
        super().__init__(estimator, time_budget)
