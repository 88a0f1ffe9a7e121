"""What was finished, step by step."""

import numpy as np
from sklearn.datasets import load_iris

from sknet_hp.search import GridSearchCV, PBTSearchCV
from sknet_hp.search.views.history import list_best_scores
from tests.helpers.small_searches import CV, NET, make_network_search

X, y = load_iris(return_X_y=True)


def test_there_is_a_row_for_each_rung_of_a_candidate():
    search = make_network_search(random_state=0).fit(X, y)
    history, results = search.history_frame(), search.cv_results_
    for name in ("candidate", "bracket", "iter", "n_resources"):
        assert history[name].tolist() == results[name].tolist()
    assert history["mean_score"].tolist() == results["mean_test_score"].tolist()
    assert np.allclose(history["std_score"], results["std_test_score"])
    assert history["param_lr"].tolist() == list(results["param_lr"])
    assert history["best_score"].iloc[-1] == search.best_score_
    last = history.groupby("candidate")["iter"].transform("max")
    assert history["went_on"].tolist() == (history["iter"] < last).tolist()
    assert history["went_on"].any()
    assert (history["parent"] == -1).all()


def test_the_best_is_of_those_with_the_most_resources():
    means, reached = np.array([0.9, np.nan, 0.5, 0.6, 0.95]), np.array([1, 3, 3, 3, 1])
    assert list_best_scores(means, reached).tolist() == [0.9, 0.9, 0.5, 0.6, 0.6]


def test_copies_have_parents():
    search = PBTSearchCV(NET, {"lr": (1e-3, 0.1)}, population_size=4, interval=3, cv=CV, random_state=0).fit(X, y)
    history = search.history_frame()
    assert history["parent"].tolist() == search.cv_results_["parent"].tolist()
    assert history["member"].tolist() == search.cv_results_["member"].tolist()


def test_stock_searches_have_a_row_for_each_candidate():
    history = GridSearchCV(NET, {"lr": [0.01, 0.1]}, cv=CV).fit(X, y).history_frame()
    assert history["candidate"].tolist() == [0, 1]
    assert not history["went_on"].any()
