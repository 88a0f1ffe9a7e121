"""All tasks of an evaluation, trained together."""

import time

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.evaluation.running.data import Split, Task, read_data
from sknet_hp.evaluation.running.run import run_tasks
from sknet_hp.evaluation.running.scorers import find_scorers
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import NET, SPACE

X, y = draw_table()
SPLITS = [Split(0, fold, train, test) for fold, (train, test) in enumerate(KFold(3).split(X))]
SEARCH = HalvingSearchCV(NET, SPACE, n_candidates="grid", cv=2, min_resources=3, random_state=0)


def run(estimator, scoring=None, splits=SPLITS, data=None, **more):
    tasks = [Task("it", estimator, split) for split in splits]
    return run_tasks(tasks, data or read_data(X, y), find_scorers(estimator, scoring), **more)


@pytest.mark.parametrize("estimator", [NET, SEARCH, make_pipeline(StandardScaler(), SEARCH), LogisticRegression()])
def test_scores_are_those_of_cross_validate(estimator):
    metrics = ["accuracy", "neg_log_loss"]
    expected = cross_validate(estimator, X, y, cv=[(split.train, split.test) for split in SPLITS], scoring=metrics)
    outcomes = run(estimator, metrics)
    for metric in metrics:
        assert [outcome.scores[metric] for outcome in outcomes] == expected[f"test_{metric}"].tolist()


def test_the_model_is_what_the_search_has_chosen():
    for outcome, split in zip(run(make_pipeline(StandardScaler(), SEARCH)), SPLITS, strict=True):
        assert outcome.model[-1].lr == outcome.params["lr"]
        assert np.array_equal(outcome.model.predict_proba(X[split.test]), outcome.probabilities)
        assert np.array_equal(outcome.classes[outcome.probabilities.argmax(axis=1)], outcome.predictions)


def test_a_fit_that_fails_takes_no_other_with_it():
    class Failing(DummyClassifier):
        def fit(self, X, y):
            if 0 not in X:
                raise RuntimeError("no zero")
            return super().fit(X, y)

    numbers = np.arange(len(y))[:, None]
    outcomes = run(Failing(), "accuracy", data=read_data(numbers, y))
    assert [outcome.error is None for outcome in outcomes] == [False, True, True]
    assert "no zero" in outcomes[0].error
    assert np.isnan(outcomes[0].scores["accuracy"])


def test_a_deadline_keeps_what_is_finished():
    class Slow(DummyClassifier):
        def fit(self, X, y):
            if y[0] == 1:
                time.sleep(0.5)
            return super().fit(X, y)

    late = np.r_[0, np.ones(len(y) - 1, dtype=int)]  # fast where the first row is trained on
    outcomes = run(Slow(), splits=SPLITS[1:] + SPLITS[:1], data=read_data(X, late), deadline=time.monotonic() + 0.2)
    assert [outcome is not None for outcome in outcomes][:2] == [True, True]
    assert run(Slow(), data=read_data(X, late), deadline=time.monotonic() - 1) == [None] * 3


def test_a_backend_that_was_chosen_stays():
    seen = []

    class Spy(type(NET)):
        def fit(self, X, y):
            seen.append(type(joblib.parallel.get_active_backend()[0]).__name__)
            return super().fit(X, y)

    spy = Spy(**NET.get_params())
    run(spy, splits=SPLITS[:1])
    with joblib.parallel_config("sequential"):
        run(spy, splits=SPLITS[:1])
    assert seen == ["FusedBackend", "SequentialBackend"]


def test_metrics_are_named():
    assert list(find_scorers(NET)) == list(find_scorers(SEARCH)) == ["accuracy"]
    assert list(find_scorers(clone(SEARCH).set_params(scoring="roc_auc"))) == ["roc_auc"]
    assert list(find_scorers(NET, {"a": "accuracy", "b": "f1"})) == ["a", "b"]


def test_a_metric_that_can_not_be_computed_is_said():
    def broken(estimator, X, y):
        raise RuntimeError("cannot")

    with pytest.warns(UserWarning, match="broken could not be computed .*cannot"):
        outcomes = run(LogisticRegression(), broken, splits=SPLITS[:1])
    assert np.isnan(outcomes[0].scores["broken"])


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_time_may_be_endless():
    assert None not in run(LogisticRegression(), deadline=float("inf"))
