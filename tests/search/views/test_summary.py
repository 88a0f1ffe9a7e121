"""Searches in sentences."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from sknet_hp import NetRegressor
from sknet_hp.findings import Finding, Findings
from sknet_hp.search import PBTSearchCV, RandomizedSearchCV
from sknet_hp.search.views.summary import count_states, find_untuned, write_ensemble
from tests.helpers.small_searches import CV, NET, make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def halving():
    return make_network_search(initial_candidates="current", random_state=0).fit(X, y)


def read(search):
    """The summary as one line."""
    return " ".join(search.summary().split())


def test_it_says_how_good_how_sure_and_against_what(halving):
    text = read(halving)
    scores = [halving.cv_results_[f"split{k}_test_score"][halving.best_index_] for k in range(2)]
    assert f"Best score: {np.mean(scores):.4f} (accuracy, mean of 2 splits" in text
    assert f"standard deviation of {np.std(scores, ddof=1):.4f}" in text
    assert "The untuned estimator" in text
    assert "nested_cross_validate(search, X, y) measures it" in text


def test_it_says_what_was_chosen_beside_what_was(halving):
    assert f"lr {halving.best_params_['lr']:.3g} (was 0.002)" in read(halving)


def test_it_counts_who_came_how_far(halving):
    counts = count_states(halving)
    reached = halving.cv_results_["n_resources"] == 9
    assert counts["finished"] == reached.sum()
    assert counts["dropped"] == halving.n_candidates_ - reached.sum() > 0
    assert f"{counts['finished']} trained to the end (9 epochs), {counts['dropped']} dropped on the way" in read(
        halving
    )


def test_who_wins_with_their_own_settings_has_gained_nothing():
    search = make_network_search(space={"lr": [NET.lr]}, n_candidates=1, initial_candidates="current", random_state=0)
    text = read(search.fit(X, y))
    assert find_untuned(search) == 0
    assert "no other candidate was better" in text
    assert "unchanged: lr" in text


def test_errors_have_no_minus_sign():
    X, y = load_diabetes(return_X_y=True)
    net = NetRegressor(width=8, n_layers=1, max_epochs=3, random_state=0)
    scoring = "neg_root_mean_squared_error"
    search = RandomizedSearchCV(net, {"lr": [1e-3, 0.1]}, n_iter=2, cv=2, scoring=scoring, random_state=0).fit(X, y)
    assert f"Best error: {-search.best_score_:.4g} (root mean squared error" in read(search)
    assert "was not tried, so it is unknown how much tuning gained" in read(search)


def test_findings_and_what_stopped_it_are_told(halving, monkeypatch):
    finding = Finding("bad_luck", "warning", "It rained.", {}, "Take an umbrella.", {"lr": 0.1})
    monkeypatch.setattr(halving, "findings_", Findings([finding]))
    monkeypatch.setattr(halving, "stopped_", "time_budget")
    text = read(halving)
    assert "warning: bad_luck: It rained. Take an umbrella." in text
    assert "finding.apply(search)" in text
    assert "time_budget was used up" in text
    monkeypatch.setattr(halving, "stages_", (), raising=False)  # those of guided tuning share their time out
    assert "time_budget was used up" not in read(halving)
    assert "all of its time_budget" in read(halving)


def test_schedules_and_ensembles_are_named():
    search = PBTSearchCV(NET, {"lr": (1e-3, 0.1)}, population_size=2, interval=3, cv=CV, random_state=0).fit(X, y)
    assert "schedule_ has all of it" in read(search)
    ensemble = make_network_search(refit="ensemble", random_state=0).fit(X, y)
    assert ("The final model averages" in read(ensemble)) == (len(ensemble.ensemble_) > 1)


def test_without_a_best_it_says_how_to_get_one():
    scoring = ["accuracy", "neg_log_loss"]
    search = make_network_search(scoring=scoring, refit=False, random_state=0).fit(X, y)
    assert "refit names no score" in read(search)


def test_all_lines_are_narrow(halving):
    assert max(map(len, halving.summary().splitlines())) <= 88


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([], ""),
        ([{"candidate": 3, "seeds": 8}], ""),
        ([{"candidate": 1, "seeds": 8}], "8 networks of another candidate, whose average predicts better"),
        ([{"candidate": 1}, {"candidate": 2}], "averages 2 other candidates, whose average predicts better"),
        (
            [{"candidate": 1, "seeds": 3}, {"candidate": 3, "seeds": 2}],
            "5 networks of 2 candidates, including this one",
        ),
    ],
)
def test_what_the_final_model_averages(members, told):
    results = {"candidate": np.array([1, 3]), "params": [{}, {}]}
    search = SimpleNamespace(ensemble_=members, best_index_=1, cv_results_=results)
    text = write_ensemble(search)
    assert told in text
    assert bool(text) == bool(told)
