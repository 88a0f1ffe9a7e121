"""What every searcher's results say."""

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from sknet_hp.search import GridSearchCV, RandomizedSearchCV
from sknet_hp.search.views.facts import (
    find_score_name,
    find_space,
    get_column,
    get_scores,
    list_candidates,
    list_rows_by_candidate,
)
from tests.helpers.small_searches import CV, NET, make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def stock():
    scoring = ["accuracy", "neg_log_loss"]
    return GridSearchCV(NET, {"lr": [0.01, 0.1]}, cv=CV, scoring=scoring, refit="neg_log_loss").fit(X, y)


def test_the_score_is_that_which_the_search_goes_by(stock):
    assert find_score_name(stock) == "neg_log_loss"
    assert get_scores(stock).mean(axis=1) == pytest.approx(stock.cv_results_["mean_test_neg_log_loss"])
    with pytest.raises(NotFittedError):
        find_score_name(make_network_search())


def test_candidates_of_stock_searches_are_numbered(stock):
    assert get_column(stock, "candidate").tolist() == [0, 1]
    assert list_candidates(stock) == {0: {"lr": 0.01}, 1: {"lr": 0.1}}
    assert find_space(stock).names == ["lr"]


def test_rows_of_a_candidate_stand_rung_by_rung():
    search = make_network_search(random_state=0).fit(X, y)
    for number, rows in list_rows_by_candidate(search).items():
        assert (search.cv_results_["candidate"][rows] == number).all()
        assert (np.diff(search.cv_results_["n_resources"][rows]) > 0).all()


def test_what_a_setting_of_ones_own_leaves_out_is_the_estimators():
    space = {"lr": [0.01, 0.1], "width": [4, 16]}
    search = make_network_search(space=space, n_candidates=2, initial_candidates=[{"lr": 0.5}], random_state=0)
    assert list_candidates(search.fit(X, y))[0] == {"lr": 0.5, "width": NET.width}


def test_tuples_of_scikit_learns_searches_are_choices():
    """Of ours they are bounds."""
    space = {"lr": uniform(0.01, 0.1), "alpha": (0.0, 1e-3)}
    stock = RandomizedSearchCV(NET, space, n_iter=3, cv=CV, random_state=0)
    [read], [own] = find_space(stock).branches, find_space(make_network_search(space=space)).branches
    assert read["alpha"].values == [0.0, 1e-3]
    assert (own["alpha"].low, own["alpha"].high) == (0.0, 1e-3)
    assert read["lr"].distribution is space["lr"]
