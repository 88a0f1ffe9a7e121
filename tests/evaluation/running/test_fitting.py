import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from sknet_hp.evaluation import compare, nested_cross_validate, repeat_over_seeds
from sknet_hp.evaluation.running.data import Split, Task, read_data
from sknet_hp.evaluation.running.fitting import fit_and_score
from sknet_hp.evaluation.running.scorers import find_scorers
from tests.helpers.timed_searches import AlwaysTimed, Timed


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


def fit_once(estimator, scoring="accuracy", **more):
    rows = np.arange(20)
    data = read_data(rows[:, None], rows % 2, **more)
    scorers = find_scorers(estimator, scoring)
    return fit_and_score(0, Task("search", estimator, Split(0, 0, rows[:12], rows[12:])), data, scorers)[1]


class NothingFound(DummyClassifier):
    """A search none of whose candidates could be fitted."""

    best_estimator_ = None

    @property
    def best_params_(self):
        raise ValueError("no candidate was finished")


def test_a_search_that_found_nothing_has_failed():
    outcome = fit_once(NothingFound())
    assert "no candidate was finished" in outcome.error
    assert np.isnan(outcome.scores["accuracy"])


class WithoutProbabilities(DummyClassifier):
    def predict_proba(self, X):
        raise IndexError("one class only")


def test_scores_do_not_need_probabilities():
    with pytest.warns(UserWarning, match=r"predictions of WithoutProbabilities are incomplete \(IndexError: one class"):
        outcome = fit_once(WithoutProbabilities())
    assert outcome.error is None
    assert outcome.scores["accuracy"] == 0.5
    assert len(outcome.predictions) == 8


class OwnGroups(BaseEstimator):
    """A search that takes groups in `fit`, and knows no routing of metadata."""

    def __init__(self, estimator, cv=None):
        self.estimator, self.cv = estimator, cv

    def fit(self, X, y, groups=None):
        self.best_score_ = cross_val_score(self.estimator, X, y, groups=groups, cv=self.cv).mean()
        self.best_estimator_ = clone(self.estimator).fit(X, y)
        return self

    def predict(self, X):
        return self.best_estimator_.predict(X)


def test_a_search_may_take_groups_itself(recwarn):
    groups = np.arange(20) // 2
    search = OwnGroups(DummyRegressor(), cv=3)
    result = nested_cross_validate(search, groups[:, None], groups * 1.0, cv=3, scoring="r2", groups=groups)
    assert result.statuses == ["done"] * 3
    assert not recwarn.list


def return_two(estimator, X, y):
    return {"a": 0.25, "b": float(estimator.predict(X).mean())}


def test_a_function_may_return_several_metrics():
    X, y = np.arange(20)[:, None], np.arange(20) % 2
    result = nested_cross_validate(DummyClassifier(), X, y, cv=2, scoring=return_two)
    assert result.metrics == ["a", "b"]
    assert result.outer_scores["a"].tolist() == [0.25, 0.25]
    assert compare(DummyClassifier(), DummyClassifier(), X=X, y=y, scoring=return_two).metrics == ["a", "b"]
    tree = DecisionTreeClassifier()
    assert repeat_over_seeds(tree, X, y, n_seeds=2, cv=2, scoring=return_two).metrics == ["a", "b"]


def test_a_metric_must_be_a_number():
    with pytest.raises(TypeError, match="scoring: bad must return a number, or a dict of numbers by metric; got array"):
        fit_once(DummyClassifier(), bad)


def bad(estimator, X, y):
    return np.zeros(2)


def test_what_failed_everywhere_is_said_first():
    with pytest.raises(ValueError, match=r"^all 2 outer folds failed. The first one: ValueError: no candidate was fin"):
        nested_cross_validate(NothingFound(), np.arange(20)[:, None], np.arange(20) % 2, cv=2)
