"""Hyperband: the paper's brackets, trained side by side."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, fused
from sknet_hp.search import HyperbandSearchCV
from sknet_hp.search.arithmetic.brackets import plan_hyperband
from tests.helpers.curves import CURVES, TRAINED, Curve, draw_table, list_results

X, y = draw_table()
CV = KFold(2)


def follow(R=27, n=1200, **parameters):
    parameters = {"min_resources": 1, "cv": CV, "random_state": 0, "n_jobs": 1} | parameters
    return HyperbandSearchCV(Curve(max_epochs=R), {"index": list(range(n))}, **parameters)


@pytest.mark.parametrize(("R", "models", "epochs"), [(9, 17, 69), (27, 49, 357), (81, 143, 1581)])
def test_models_and_epochs_of_the_paper(R, models, epochs):
    search = follow(R).fit(X, y)
    assert search.n_candidates_ == models
    trained = TRAINED[:-1]  # the last is the refit
    assert sum(end - start for _, start, end in trained) == epochs * 2
    assert len({index for index, _, _ in trained}) == models


@pytest.mark.parametrize(("R", "factor"), [(81, 3), (52, 3), (100, 4), (64, 2)])
def test_brackets_against_a_plain_loop(R, factor):
    search = follow(R, factor=factor, refit=False).fit(X, y)
    results = {
        name: np.asarray(search.cv_results_[name])
        for name in ("bracket", "iter", "n_resources", "candidate", "mean_test_score")
    }
    index = np.array([params["index"] for params in search.cv_results_["params"]])
    for s, rungs in enumerate(plan_hyperband(R, 1, factor)):
        alive = None
        for k, (n, resources) in enumerate(rungs):
            rows = np.flatnonzero((results["bracket"] == s) & (results["iter"] == k))
            assert len(rows) == n
            assert set(results["n_resources"][rows]) == {resources}
            if alive is not None:
                assert index[rows].tolist() == sorted(alive, key=lambda i: -CURVES[i, before - 1])[:n]
            alive, before = index[rows].tolist(), resources
    final = results["n_resources"] == R
    assert search.best_score_ == results["mean_test_score"][final].max()
    assert search.best_params_["max_epochs"] == R


def test_brackets_differ_in_their_candidates(bundles):
    net = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
    space = {"lr": np.geomspace(1e-3, 0.3, 40)}
    search = HyperbandSearchCV(net, space, min_resources=1, cv=CV, random_state=0, refit=False)
    with fused(1):
        search.fit(X, y)
    first = [
        params["lr"]
        for params, k in zip(search.cv_results_["params"], search.cv_results_["iter"], strict=True)
        if k == 0
    ]
    assert len(first) == len(set(first)) == 17
    assert sum(bundles) == 2 * 9 + 2 * (3 + 5) + 2 * (1 + 1 + 3), "what goes on to 1, 3 and 9 epochs"


def test_from_resource_to_resource_and_the_longest_first():
    follow(27, refit=False).fit(X, y)
    ends = [end for _, _, end in TRAINED]
    assert ends == sorted(ends)
    for resource in (1, 3, 9, 27):
        lengths = [end - start for _, start, end in TRAINED if end == resource]
        assert lengths == sorted(lengths, reverse=True)
    assert lengths == [27] * 2 * 4 + [18] * 2 * (2 + 1 + 1)


def test_fewer_settings_than_candidates():
    """The first bracket takes what there is."""
    search = follow(27, n=20).fit(X, y)
    assert search.n_candidates_ == 20
    assert set(search.cv_results_["bracket"]) == {0}
    assert search.best_params_["max_epochs"] == 27
    search = follow(9, n=12).fit(X, y)
    assert search.n_candidates_ == 12
    assert set(search.cv_results_["bracket"]) == {0, 1}


def test_initial_candidates_come_first():
    search = follow(9, n=40, initial_candidates=[{"index": 5}, "current"]).fit(X, y)
    first = [
        params["index"]
        for params, k in zip(search.cv_results_["params"], search.cv_results_["iter"], strict=True)
        if k == 0
    ]
    assert first[:2] == [5, 0]
    assert len(first) == len(set(first)) == 17


def test_defaults_do_something_sensible():
    net = NetClassifier(width=8, n_layers=1, max_epochs=27, early_stopping=False)
    search = HyperbandSearchCV(net, {"lr": (1e-3, 0.3, "log-uniform")}, random_state=0, cv=2).fit(X, y)
    assert search.best_params_["max_epochs"] == 27
    assert search.min_resources_ == 1
    assert search.score(X, y) > 0.7


def test_rows_as_the_resource():
    pipeline = make_pipeline(StandardScaler(), SGDClassifier(random_state=0))
    space = {"sgdclassifier__alpha": (1e-6, 1e-1, "log-uniform")}
    search = HyperbandSearchCV(pipeline, space, resource="n_samples", cv=CV, random_state=0).fit(X, y)
    assert (search.min_resources_, search.max_resources_) == (8, 30)
    assert set(search.cv_results_["n_resources"]) == {10, 30}
    again = clone(search).fit(X, y)
    assert list_results(again) == list_results(search)


@pytest.mark.parametrize("seed", [0, np.random.RandomState(3)])
def test_seeds(seed):
    import copy

    a, b = (follow(9, random_state=copy.deepcopy(seed)).fit(X, y) for _ in range(2))
    assert list_results(a) == list_results(b)
