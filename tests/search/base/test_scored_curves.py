"""Searches of scikit-learn's have learning curves, and nothing else is changed."""

import numpy as np
import pytest
from sklearn import config_context, model_selection
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.neural_network import MLPClassifier

from sknet_hp import NetClassifier
from sknet_hp.search import BayesSearchCV, GridSearchCV, RandomizedSearchCV
from tests.helpers.curves import draw_table, list_results

X, y = draw_table()
NET = NetClassifier(width=8, n_layers=1, max_epochs=3, random_state=0)
GRID = {"lr": [1e-3, 1e-2]}


def give_two(estimator, X, y):
    accuracy = estimator.score(X, y)
    return {"accuracy": accuracy, "error": accuracy - 1}


SCORINGS = {
    "default": {},
    "name": {"scoring": "neg_log_loss"},
    "function": {"scoring": lambda estimator, X, y: np.float32(estimator.score(X, y))},
    "several": {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
    "function of several": {"scoring": give_two, "refit": "error"},
    "with train scores": {"scoring": make_scorer(accuracy_score), "return_train_score": True},
}


@pytest.mark.parametrize("settings", SCORINGS.values(), ids=SCORINGS)
def test_results_are_those_of_the_original(settings):
    ours = GridSearchCV(NET, GRID, cv=2, **settings).fit(X, y)
    theirs = model_selection.GridSearchCV(NET, GRID, cv=2, **settings).fit(X, y)
    assert list_results(ours) == list_results(theirs)
    assert repr(ours.scorer_) == repr(theirs.scorer_)
    assert ours.score(X, y) == theirs.score(X, y)
    assert {type(score) for score in ours.cv_results_["params"][0].values()} == {float}
    assert ours.curves_.epoch.tolist() == [1, 2, 3] * 4
    assert ours.curves_.candidate.tolist() == [0] * 6 + [1] * 6


def test_curves_come_from_other_processes():
    net = MLPClassifier(max_iter=300, tol=0.1, hidden_layer_sizes=4, random_state=0)
    search = RandomizedSearchCV(net, {"alpha": [1e-4, 1e-2]}, n_iter=2, cv=2, n_jobs=2, refit=False).fit(X, y)
    assert set(search.curves_.candidate) == {0, 1}
    assert search.curves_.train_loss.gt(0).all()


def test_batches_come_after_each_other():
    search = BayesSearchCV(NET, {"lr": (1e-3, 1e-1, "log-uniform")}, n_iter=3, n_points=2, cv=2, random_state=0)
    assert search.fit(X, y).curves_.candidate.unique().tolist() == [0, 1, 2]


def test_weights_reach_the_scorer():
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        net = LogisticRegression().set_fit_request(sample_weight=True)
        ours, theirs = (
            Search(net, {"C": [0.1, 1.0]}, scoring=scorer, cv=2).fit(X, y, sample_weight=np.arange(len(y)))
            for Search in (GridSearchCV, model_selection.GridSearchCV)
        )
        assert list_results(ours) == list_results(theirs)
    assert ours.curves_.empty


def test_what_is_no_score_is_refused_as_by_the_original():
    with pytest.raises(ValueError, match="scoring must return a number"):
        GridSearchCV(NET, GRID, cv=2, scoring=lambda estimator, X, y: "good").fit(X, y)
