import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from sknet_hp.evaluation.running.data import Split, Task, read_data
from sknet_hp.evaluation.running.fitting import fit_and_score
from sknet_hp.evaluation.running.scorers import find_scorers


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


@pytest.mark.parametrize(
    ("search", "is_cut", "stopped"),
    [(Timed(), False, "time_budget"), (AlwaysTimed(), False, None), (AlwaysTimed(), True, "time_budget")],
)
def test_ending_by_time_is_no_cut_of_what_always_has_a_time(search, is_cut, stopped):
    rows = np.arange(20)
    data = read_data(rows[:, None], rows % 2)
    task = Task("search", clone(search), Split(0, 0, rows[:10], rows[10:]), is_cut)
    _, outcome = fit_and_score(0, task, data, find_scorers(DummyClassifier(), "accuracy"))
    assert outcome.error is None
    assert outcome.stopped == stopped
