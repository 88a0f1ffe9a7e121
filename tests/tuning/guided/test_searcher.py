"""The whole procedure on small tables."""

import pickle
from copy import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.tuning import GuidedSearchCV
from sknet_hp.tuning.guided.stages import STAGES
from tests.helpers.curves import draw_table
from tests.helpers.playing import assert_same_results

X, y = draw_table(120)
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, random_state=0)
CV = StratifiedKFold(2)


def make_search(estimator=NET, **params):
    return GuidedSearchCV(estimator, **{"time_budget": None, "cv": CV, "random_state": 0, "n_jobs": 1} | params)


@pytest.fixture(scope="module")
def searched():
    return make_search(scoring="neg_log_loss").fit(X, y)


def test_it_predicts(searched):
    assert searched.score(X, y) > -np.log(2)
    assert searched.predict_proba(X).shape == (120, 2)
    assert set(searched.predict(X)) == {0, 1}
    assert searched.classes_.tolist() == [0, 1]
    assert searched.n_splits_ == 2
    assert searched.n_features_in_ == 4
    assert pickle.loads(pickle.dumps(searched)).predict(X).tolist() == searched.predict(X).tolist()


def test_all_stages_are_told(searched):
    names = [report.stage for report in searched.stages_]
    assert names == ["prototype", *(stage.name for stage in STAGES), "seeds and ensemble"]
    assert list(searched.stages_.table["stage"]) == names
    for name in names:
        assert name[:1].upper() + name[1:] in searched.summary()
    assert "<table>" in searched.stages_._repr_html_()
    assert repr(searched.stages_).startswith("Stages(prototype")


def test_all_stages_are_in_one_table(searched):
    results = searched.cv_results_
    assert list(dict.fromkeys(results["stage"])) == [
        stage.name for stage in STAGES if stage.name in set(results["stage"])
    ]
    assert results["params"][0] == {"max_epochs": 1}, "the estimator as it is comes first"
    assert {"split0_test_score", "split1_test_score", "mean_test_score", "candidate", "n_resources"} <= set(results)


def test_the_best_is_what_the_stages_decided_for(searched):
    row = searched.best_index_
    assert searched.cv_results_["params"][row] == searched.best_params_
    assert searched.cv_results_["mean_test_score"][row] == searched.best_score_
    assert searched.cv_results_["n_resources"][row] == 9
    assert np.isnan(searched.stages_[0].score), "the prototype's is of one split, so it is no step of a climb"
    scores = [report.score for report in searched.stages_[1:-1]]
    assert scores == sorted(scores), "a change is taken only if it is better"
    assert scores[-1] == searched.best_score_


def test_the_ensemble_has_seeds(searched):
    assert sum(member["seeds"] for member in searched.ensemble_) == len(searched.best_estimator_.estimators) == 8
    assert sum(member["weight"] for member in searched.ensemble_) == pytest.approx(1)
    seeds = {each.random_state for _, each in searched.best_estimator_.estimators}
    assert seeds == set(range(max(member["seeds"] for member in searched.ensemble_)))


def test_the_same_search_has_the_same_bits(searched):
    again = make_search(scoring="neg_log_loss", n_jobs=2).fit(X, y)
    assert_same_results(again, searched)
    assert np.array_equal(again.predict_proba(X), searched.predict_proba(X))
    told, before = (each.stages_.table.drop(columns="seconds").iloc[1:] for each in (again, searched))
    assert told.equals(before), "the prototype tells how long it took"


def test_one_network():
    search = make_search(refit=True).fit(X, y)
    alone = clone(NET).set_params(**search.best_params_).fit(X, y)
    assert np.array_equal(search.predict_proba(X), alone.predict_proba(X))


def test_the_simplest_within_one_standard_error():
    search = make_search(refit="one_standard_error", scoring="neg_log_loss").fit(X, y)
    results = search.cv_results_
    best = np.nanmax(results["mean_test_score"][results["n_resources"] == 9])
    row = np.flatnonzero(results["mean_test_score"] == best)[0]
    error = results["std_test_score"][row]  # of two splits
    near = [k for k in np.flatnonzero(results["n_resources"] == 9) if results["mean_test_score"][k] >= best - error]
    sizes = results["mean_n_parameters"]
    assert sizes[search.best_index_] == min(sizes[k] for k in near)


def test_where_others_were_better_by_noise_the_summary_says_so(searched):
    search = copy(searched)
    row = np.flatnonzero((searched.cv_results_["candidate"] == 0) & (searched.cv_results_["n_resources"] == 9))[0]
    search.best_index_, search.best_params_ = row, searched.cv_results_["params"][row]
    assert "no other candidate was better by more than noise." in search.summary()


def test_a_scorer_of_ones_own():
    search = make_search(scoring=lambda net, X, y: float(np.mean(net.predict(X) == y))).fit(X, y)
    [member] = search.ensemble_
    assert member["params"] | search.best_params_ == member["params"]
    assert member["seeds"] == len(search.best_estimator_.estimators_) == 8
    assert search.stages_[-1].tried == ["an average over seeds"]
    assert search.stages_[-1].found == "", "nothing was compared"


def test_no_refit():
    search = make_search(refit=False).fit(X, y)
    assert search.best_params_["max_epochs"] == 9
    assert not hasattr(search, "best_estimator_")
    assert search.stages_[-1].stage == STAGES[-1].name


def test_pipelines_and_numbers():
    pipe = make_pipeline(
        StandardScaler(), NetRegressor(width=8, n_layers=1, max_epochs=9, batch_size=16, random_state=0)
    )
    search = make_search(pipe, cv=2).fit(X, X[:, 0])
    assert all(name.startswith("netregressor__") for name in search.best_params_)
    assert search.score(X, X[:, 0]) > 0.3


def test_inside_of_cross_validation():
    scores = cross_validate(make_search(time_budget=5), X, y, cv=2)["test_score"]
    assert np.isfinite(scores).all()


def test_a_table_that_no_network_can_be_fitted_on_is_told_at_once():
    table = X.copy()
    table[:, 0] = np.where(np.arange(len(X)) % 2, np.inf, table[:, 0])
    first = (np.arange(0, 120, 4), np.arange(1, 120, 4))  # the prototype learns, but can not be scored
    cv = [first, (np.arange(1, 120, 2), np.arange(0, 120, 2))]
    with (
        pytest.warns(UserWarning, match="Scoring failed"),
        pytest.raises(ValueError, match=r"could not be fitted: .* infinity"),
    ):
        make_search(cv=cv, checks=False).fit(table, y)


def test_cells_of_a_wrong_type_are_an_error_of_types():
    table = X.astype(object)
    table[0, 0] = {"no": "number"}
    first = (np.arange(1, 120, 4), np.arange(0, 120, 4))  # the prototype learns, but can not be scored
    cv = [first, (np.arange(0, 120, 2), np.arange(1, 120, 2))]
    with (
        pytest.warns(UserWarning, match="Scoring failed"),
        pytest.raises(TypeError, match="could not be fitted: TypeError: Column 0 has a cell that is not a category"),
    ):
        make_search(cv=cv, checks=False).fit(table, y)


def test_an_estimator_without_a_network_of_ours_is_refused():
    with pytest.raises(ValueError, match="got LogisticRegression; for other estimators"):
        make_search(LogisticRegression()).fit(X, y)
