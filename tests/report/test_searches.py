from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from sknet_hp.report.frames.learning_curves import frame_search
from sknet_hp.report.frames.parallel_coordinates import frame_candidates
from sknet_hp.report.frames.search_history import frame_history
from sknet_hp.report.parameters import list_settings
from sknet_hp.report.searches import find_scoring, name_resource, rank_candidates, read_rows
from sknet_hp.search import read_journal
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import make_curve_search, make_network_search

X, y = draw_table()


@pytest.fixture(scope="module")
def search():
    return make_curve_search(9).fit(X, y)


def test_rows_say_what_each_candidate_scored_with_how_much(search):
    rows = read_rows(search)
    assert rows["resource"].tolist() == search.cv_results_["n_resources"].tolist()
    assert rows.index[rows["best"]].tolist() == [search.best_index_]
    assert name_resource(search) == "epochs"


def test_who_had_more_of_the_resource_comes_first(search):
    ranks = rank_candidates(search)
    rows = read_rows(search)
    assert ranks[0] == rows.loc[search.best_index_, "candidate"]
    reached = rows.groupby("candidate")["resource"].max()
    assert (np.diff([reached[candidate] for candidate in ranks]) <= 0).all()
    assert sorted(ranks) == sorted(reached.index)


def test_of_several_scores_the_one_that_decides_is_taken():
    search = GridSearchCV(
        LogisticRegression(), {"C": [1.0]}, scoring=["accuracy", "neg_log_loss"], refit="neg_log_loss"
    )
    search.fit(X, y)
    assert find_scoring(search) == "neg_log_loss"
    np.testing.assert_array_equal(read_rows(search)["score"], search.cv_results_["mean_test_neg_log_loss"])


def test_candidates_of_scikit_learns_halving_are_followed_from_rung_to_rung():
    search = HalvingGridSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3, 4]},
        resource="min_samples_leaf",
        max_resources=8,
        min_resources=2,
        factor=2,
        cv=2,
    )
    rows = read_rows(search.fit(X, y))
    assert rows["candidate"].nunique() == 4
    assert len(rows) > 4
    assert rows.groupby("candidate")["resource"].is_monotonic_increasing.all()
    assert [set(params) for params in list_settings(search)] == [{"max_depth"}] * len(rows)


@pytest.mark.parametrize("frame", [frame_history, frame_candidates, frame_search])
def test_a_journal_gives_the_same_pictures_as_the_search(frame, tmp_path):
    search = make_network_search(journal=tmp_path, random_state=0).fit(*load_iris(return_X_y=True))
    expected, got = frame(search), frame(read_journal(tmp_path))
    for a, b in zip(expected, got, strict=True) if isinstance(expected, tuple) else [(expected, got)]:
        assert a.equals(b) if hasattr(a, "equals") else a == b


def test_failed_candidates_come_last():
    search = make_curve_search(9, factor=3)
    search.estimator.fails = (0,)
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    assert rank_candidates(search)[-1] == 0
    assert read_rows(search)["failed"].sum() == 1


def test_results_without_parameters_are_no_search():
    """Such as those of Optuna's OptunaSearchCV."""
    with pytest.raises(TypeError, match=r"cv_results_ has params.*SimpleNamespace has \['mean_test_score'\]"):
        read_rows(SimpleNamespace(cv_results_={"mean_test_score": [0.5]}, fit=None))
