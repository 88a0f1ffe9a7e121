"""Successive halving: who goes on, that those who do go on go on from where they
stopped, and what a search makes of it.
"""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor, fused
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import CURVES, TRAINED, Curve, draw_table, list_results

pytestmark = pytest.mark.timeout(120)

X, y = draw_table()
CV = StratifiedKFold(2)
NET = NetClassifier(
    width=8,
    n_layers=1,
    max_epochs=9,
    batch_size=16,
    dropout=0.1,
    lr_schedule="cosine",
    early_stopping=False,
    random_state=0,
)
SPACE = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3], "dropout": [0.0, 0.2]}


def follow(n=27, estimator=None, cv=CV, **parameters):
    """A search over curves, in order of their numbers."""
    parameters = {"n_candidates": "grid", "cv": cv, "random_state": 0, "n_jobs": 1, "min_resources": 1} | parameters
    return HalvingSearchCV(estimator or Curve(max_epochs=27), {"index": list(range(n))}, **parameters)


def rungs_of(search):
    """[(candidates, resources)] of each rung, and who was there."""
    results = search.cv_results_
    rungs = [np.flatnonzero(results["iter"] == k) for k in range(max(results["iter"]) + 1)]
    return [(len(rows), *set(np.asarray(results["n_resources"])[rows].tolist())) for rows in rungs], [
        [results["params"][row]["index"] for row in rows] for rows in rungs
    ]


# ---- who goes on ---------------------------------------------------------------------------------------------------


def test_rungs_against_a_plain_loop():
    search = follow().fit(X, y)
    sizes, who = rungs_of(search)
    assert sizes == [(27, 1), (9, 3), (3, 9), (1, 27)]
    alive = list(range(27))
    for (n, epochs), there in zip(sizes, who, strict=True):
        alive = sorted(alive, key=lambda index: -CURVES[index, before - 1])[:n] if n < 27 else alive
        assert there == alive
        before = epochs
    assert search.best_params_ == {"index": alive[0], "max_epochs": 27}
    assert search.best_score_ == CURVES[alive[0], 26]
    assert search.n_candidates_ == 27
    assert (search.resource_, search.min_resources_, search.max_resources_, search.n_splits_) == (
        "max_epochs",
        1,
        27,
        2,
    )


def test_epochs_are_continued():
    search = follow(81, Curve(max_epochs=52), refit=False).fit(X, y)
    assert sum(end - start for _, start, end in TRAINED) == 402 * 2
    assert len(TRAINED) == 120 * 2
    reached = {}
    for index, start, end in TRAINED:
        reached.setdefault(index, []).append((start, end))
    assert reached[search.best_params_["index"]] == [
        (0, 1),
        (0, 1),
        (1, 5),
        (1, 5),
        (5, 17),
        (5, 17),
        (17, 52),
        (17, 52),
    ]


@pytest.mark.parametrize(
    ("n", "rungs"),
    [
        (1, [(1, 27)]),
        (2, [(2, 27)]),
        (5, [(5, 9), (1, 27)]),
        (20, [(20, 3), (6, 9), (2, 27)]),
        (100, [(100, 1), (33, 3), (11, 9), (3, 27)]),
    ],
)
def test_fewer_or_more_than_the_resources_are_for(n, rungs):
    """Few begin with more; of many several are left. The last rung always has all
    resources.
    """
    assert rungs_of(follow(n, refit=False).fit(X, y))[0] == rungs


def test_aggressive_elimination():
    search = follow(100, refit=False, aggressive_elimination=True).fit(X, y)
    assert rungs_of(search)[0] == [(100, 1), (11, 3), (3, 9), (1, 27)]
    assert rungs_of(follow(27, refit=False, aggressive_elimination=True).fit(X, y))[0] == [
        (27, 1),
        (9, 3),
        (3, 9),
        (1, 27),
    ]
    assert rungs_of(follow(5, refit=False, aggressive_elimination=True).fit(X, y))[0] == [(5, 9), (1, 27)]


def test_more_rungs_than_epochs():
    assert rungs_of(follow(64, Curve(max_epochs=3), factor=2, refit=False).fit(X, y))[0] == [(64, 1), (32, 3)]
    assert rungs_of(follow(8, Curve(max_epochs=1), refit=False).fit(X, y))[0] == [(8, 1)]


def test_candidates_auto_and_drawn():
    search = HalvingSearchCV(Curve(max_epochs=27), {"index": list(range(500))}, cv=CV, random_state=3).fit(X, y)
    assert rungs_of(search)[0] == [(27, 1), (9, 3), (3, 9), (1, 27)]
    assert len({params["index"] for params in search.cv_results_["params"]}) == 27
    again = clone(search).fit(X, y)
    assert list_results(again) == list_results(search)
    other = clone(search).set_params(random_state=4).fit(X, y)
    assert list_results(other) != list_results(search)


def test_fractional_factor():
    assert rungs_of(follow(16, Curve(max_epochs=25), factor=2.5, refit=False, n_candidates="auto").fit(X, y))[0] == [
        (16, 1),
        (6, 4),
        (2, 10),
        (1, 25),
    ]


def test_initial_candidates():
    search = follow(
        30, Curve(index=17, max_epochs=27), n_candidates=9, initial_candidates=["current", {"index": 4}]
    ).fit(X, y)
    first = rungs_of(search)[1][0]
    assert first[:2] == [17, 4]
    assert len(first) == len(set(first)) == 9
    search = follow(5, Curve(index=3), initial_candidates="current").fit(X, y)
    assert sorted(rungs_of(search)[1][0]) == [0, 1, 2, 3, 4], "one that is tried first is not tried again"
    with pytest.raises(ValueError, match="'idnex' is not a parameter of the estimator; did you mean 'index'"):
        follow(initial_candidates=[{"idnex": 3}]).fit(X, y)
    with pytest.raises(ValueError, match="dicts of parameters or 'current', got 7"):
        follow(initial_candidates=[7]).fit(X, y)
    with pytest.raises(ValueError, match="'max_epochs' is also searched"):
        follow(initial_candidates=[{"index": 3, "max_epochs": 7}]).fit(X, y)


def test_grid_of_a_distribution():
    with pytest.raises(ValueError, match="n_candidates='grid' needs a list of choices"):
        HalvingSearchCV(Curve(), {"option": (0.0, 1.0)}, n_candidates="grid").fit(X, y)


# ---- networks ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def networks():
    return HalvingSearchCV(NET, SPACE, n_candidates=9, cv=CV, min_resources=1, random_state=0, refit="ensemble").fit(
        X, y
    )


def test_a_survivor_is_a_network_trained_in_one_go(networks):
    results = networks.cv_results_
    rows = np.flatnonzero(np.asarray(results["n_resources"]) == 9)
    assert len(rows)
    for row in rows:
        for k, (train, test) in enumerate(CV.split(X, y)):
            alone = clone(NET).set_params(**results["params"][row]).fit(X[train], y[train])
            assert alone.n_iter_ == 9
            assert results[f"split{k}_test_score"][row] == alone.score(X[test], y[test])


class Spy(NetClassifier):
    """Notes what its own counter says before and after each fit."""

    seen = []  # noqa: RUF012

    def fit(self, X, y, **more):
        before = getattr(self, "n_iter_", 0)
        super().fit(X, y, **more)
        Spy.seen.append(
            (self.lr, before, self.n_iter_, None if not hasattr(self, "parameters_") else self.parameters_.tobytes())
        )
        return self


def test_continuation_by_the_networks_own_counters():
    Spy.seen.clear()
    spy = Spy(**NET.get_params())
    search = HalvingSearchCV(
        spy,
        {"lr": np.geomspace(1e-3, 0.3, 9)},
        n_candidates="grid",
        initial_candidates=None,
        cv=CV,
        min_resources=1,
        refit=False,
    )
    with joblib.parallel_config("sequential"):
        search.fit(X, y)
    assert sum(after - before for _, before, after, _ in Spy.seen) == 2 * (9 * 1 + 3 * 2 + 1 * 6)
    best = [entry for entry in Spy.seen if entry[0] == search.best_params_["lr"]]
    assert [entry[1:3] for entry in best] == [(0, 1), (0, 1), (1, 3), (1, 3), (3, 9), (3, 9)]
    for (train, _), entry in zip(CV.split(X, y), best[-2:], strict=True):
        alone = clone(NET).set_params(**search.best_params_).fit(X[train], y[train])
        assert alone.parameters_.tobytes() == entry[3], "bit for bit"


def test_a_network_that_has_stopped_stays_stopped_and_keeps_its_score():
    Spy.seen.clear()
    # Nothing is ever such an improvement.
    spy = Spy(**NET.get_params()).set_params(early_stopping=True, patience=1, max_epochs=27, min_delta=10.0)
    search = HalvingSearchCV(
        spy, {"lr": [1e-3, 1e-2, 0.1]}, n_candidates="grid", factor=2, cv=CV, min_resources=7, refit=False
    )
    with joblib.parallel_config("sequential"):
        search.fit(X, y)
    results = search.cv_results_
    assert [int(n) for n in np.unique(results["n_resources"])] == [13, 27]
    assert {after for _, _, after, _ in Spy.seen} == {2}, "all stop after two epochs, whatever they are given"
    survivor = np.flatnonzero(np.asarray(results["candidate"]) == results["candidate"][-1])
    assert len(survivor) == 2
    assert len({results["mean_test_score"][row] for row in survivor}) == 1
    weights = [entry[3] for entry in Spy.seen if entry[0] == search.best_params_["lr"]]
    assert weights[:2] == weights[2:], "no step more"


@pytest.mark.parametrize(
    "how", ["sequential", "fused", pytest.param("loky", marks=pytest.mark.slow), "threading", "fused(1)"]
)
def test_the_same_bits_everywhere(how, networks):
    search = clone(networks)
    if how == "fused":
        with fused():
            search.fit(X, y)
    elif how == "fused(1)":
        with fused(1):
            search.fit(X, y)
    else:
        with joblib.parallel_config(how, n_jobs=1 if how == "sequential" else 2):
            search.fit(X, y)
    assert list_results(search) == list_results(networks)
    assert search.ensemble_ == networks.ensemble_
    assert np.array_equal(search.predict_proba(X), networks.predict_proba(X))


def test_fused_by_default(bundles):
    HalvingSearchCV(
        NET,
        {"lr": np.geomspace(1e-3, 0.1, 27)},
        n_candidates="grid",
        initial_candidates=None,
        cv=CV,
        refit=False,
        min_resources=1,
    ).fit(X, y)
    assert sum(bundles) == 54 + 18 + 6


def test_nested():
    search = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2, 0.1]}, cv=CV, min_resources=1, n_candidates="grid")
    scores = cross_validate(search, X, y, cv=3, return_estimator=True)
    assert np.isfinite(scores["test_score"]).all()
    with fused(1):
        again = cross_validate(search, X, y, cv=3)
    assert np.array_equal(scores["test_score"], again["test_score"])


def test_trees_go_on():
    trees = GradientBoostingClassifier(n_estimators=9, random_state=0)
    search = HalvingSearchCV(
        trees, {"max_depth": [1, 2, 3]}, resource="n_estimators", min_resources=1, n_candidates="grid", cv=CV
    ).fit(X, y)
    assert search.best_params_["n_estimators"] == 9
    scores = [
        clone(trees).set_params(**search.best_params_).fit(X[train], y[train]).score(X[test], y[test])
        for train, test in CV.split(X, y)
    ]
    assert search.best_score_ == np.mean(scores)


# ---- rows ----------------------------------------------------------------------------------------------------------


class Rows(LogisticRegression):
    seen = []  # noqa: RUF012

    def fit(self, X, y, **more):
        Rows.seen.append((self.C, {row.tobytes() for row in np.asarray(X)}))
        return super().fit(X, y, **more)


def test_rows_as_the_resource():
    Rows.seen.clear()
    search = HalvingSearchCV(
        Rows(),
        {"C": [0.01, 0.1, 1.0, 10.0]},
        resource="n_samples",
        factor=2,
        min_resources=7,
        cv=CV,
        n_candidates="grid",
    )
    with joblib.parallel_config("sequential"):
        search.set_params(random_state=0).fit(X, y)
    assert sorted(set(search.cv_results_["n_resources"])) == [7, 15, 30]
    assert "param_max_epochs" not in search.cv_results_
    best = [rows for C, rows in Rows.seen if search.best_params_["C"] == C]
    assert [len(rows) for rows in best] == [7, 7, 15, 15, 30, 30, 60]
    assert best[0] < best[2] < best[4], "the rows of a smaller number are among those of a larger"


# ---- weights, groups -----------------------------------------------------------------------------------------------


def test_sample_weight():
    weight = np.linspace(0.1, 3, 60)
    search = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2, 0.1]}, cv=CV, min_resources=1, n_candidates="grid").fit(
        X, y, sample_weight=weight
    )
    scores = []
    for train, test in CV.split(X, y):
        alone = clone(NET).set_params(**search.best_params_).fit(X[train], y[train], sample_weight=weight[train])
        scores.append(alone.score(X[test], y[test], sample_weight=weight[test]))
    assert search.best_score_ == np.mean(scores)
    piped = make_pipeline(StandardScaler(), NET)
    shared = HalvingSearchCV(piped, {"netclassifier__lr": [1e-3, 1e-2]}, cv=CV, min_resources=1, n_candidates="grid")
    other = clone(shared).set_params(
        param_distributions={"netclassifier__lr": [1e-3, 1e-2], "standardscaler__copy": [True]}
    )
    shared.fit(X, y, netclassifier__sample_weight=weight)
    other.fit(X, y, netclassifier__sample_weight=weight)
    assert shared.cv_results_["mean_test_score"].tolist() == other.cv_results_["mean_test_score"].tolist()
    assert np.array_equal(shared.predict_proba(X), other.predict_proba(X))
    assert not np.array_equal(shared.predict_proba(X), clone(shared).fit(X, y).predict_proba(X))


def test_groups():
    groups = np.arange(60) % 5
    search = follow(9, cv=GroupKFold(5)).fit(X, y, groups=groups)
    assert search.n_splits_ == 5
    with pytest.raises(ValueError, match="groups"):
        follow(9, cv=GroupKFold(5)).fit(X, y)


def test_regression():
    target = X[:, 0] * 2 + X[:, 1]
    net = NetRegressor(width=8, n_layers=1, max_epochs=9, early_stopping=False, random_state=0)
    search = HalvingSearchCV(net, {"lr": [1e-3, 1e-2, 0.1]}, cv=KFold(2), refit="ensemble", n_candidates="grid").fit(
        X, target
    )
    assert search.predict(X).shape == (60,)


# ---- rows as the resource, and splits ------------------------------------------------------------------------------


def test_no_class_is_missing_from_the_first_rows():
    """Where a rung lacked a class of a split, all its candidates failed alike, and who
    went on was left to chance.
    """
    rare = np.r_[np.zeros(70, int), np.ones(10, int), np.full(10, 2)]
    inputs = np.random.default_rng(0).normal(size=(90, 3)) + rare[:, None]
    space, cv = {"C": (1e-3, 10.0, "log-uniform")}, StratifiedKFold(3)
    search = HalvingSearchCV(
        LogisticRegression(),
        space,
        resource="n_samples",
        min_resources=6,
        cv=cv,
        scoring="neg_log_loss",
        random_state=0,
    )
    for target in (rare, np.array(["a", "b", "c"])[rare], pd.Series(rare, index=np.arange(90) * 2)):
        search.fit(inputs, target)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_splits_may_be_masks():
    train = np.arange(60) % 3 > 0
    for resource in ("max_epochs", "n_samples"):
        search = HalvingSearchCV(NET, SPACE, n_candidates=4, resource=resource, random_state=0, refit=False)
        masks = clone(search).set_params(cv=[(train, ~train)]).fit(X, y)
        numbers = search.set_params(cv=[(np.flatnonzero(train), np.flatnonzero(~train))]).fit(X, y)
        assert masks.max_resources_ == numbers.max_resources_
        assert list_results(masks) == list_results(numbers)
