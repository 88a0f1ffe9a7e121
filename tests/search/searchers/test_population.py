"""Population-based training: the paper's own problem, schedules and their replay, and
who is replaced by whom.
"""

import json
import shutil
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, fused
from sknet_hp.search import PBTSearchCV
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.proposals.exploring import count_replaced
from tests.helpers.populations import NET, ROWS, SPACE, Quadratic, X, make_small_search, make_toy_search, y

pytestmark = pytest.mark.timeout(120)


def plain(results):
    """cv_results_ without times."""
    return {name: np.asarray(column).tolist() for name, column in results.items() if "time" not in name}


def same_results(a, b):
    a, b = plain(a.cv_results_), plain(b.cv_results_)
    assert a.keys() == b.keys()
    assert all(str(a[name]) == str(b[name]) for name in a)  # NaN too


# ---- the paper's figure 2 -------------------------------------------------------------------------------------------


def test_the_papers_quadratic():
    """Two workers: a grid search of the two settings stays below 0.4, the population
    gets to 1.2.
    """
    corners = [{"h0": 1.0, "h1": 0.0}, {"h0": 0.0, "h1": 1.0}]
    long = Quadratic(n_steps=200)
    grid = [clone(long).set_params(**corner).fit(ROWS).score(ROWS) for corner in corners]
    assert max(grid) < 0.4
    for seed in range(5):
        search = make_toy_search(estimator=long, initial_candidates=corners, population_size=2, random_state=seed).fit(
            ROWS
        )
        assert search.best_score_ > 1.19
        assert search.best_estimator_.score(ROWS) > 1.19
        copies = search.cv_results_["parent"] >= 0
        assert copies.any()


# ---- schedules ------------------------------------------------------------------------------------------------------


def test_a_schedule_and_its_replay():
    """`best_estimator_` is what comes of setting the schedule's parameters by hand, bit
    for bit.
    """
    search = make_small_search(random_state=5).fit(X, y)
    assert [(begin, end) for begin, end, _ in search.schedule_] == [(0, 2), (2, 4), (4, 6)]
    assert len({str(params) for _, _, params in search.schedule_}) > 1, (
        "a constant schedule tests nothing: take another seed"
    )
    net = clone(NET).set_params(warm_start=True, schedule_epochs=6)
    for _, end, params in search.schedule_:
        net.set_params(max_epochs=end, **params).fit(X, y)
    assert np.array_equal(net.parameters_, search.best_estimator_.parameters_)
    assert np.array_equal(net.predict_proba(X), search.predict_proba(X))
    assert search.best_params_ == search.schedule_[-1][2] | {"max_epochs": 6}
    assert [row["epoch"] for row in search.best_estimator_.history_] == [1, 2, 3, 4, 5, 6]
    constant = clone(NET).set_params(**search.best_params_).fit(X, y)
    assert not np.array_equal(constant.parameters_, search.best_estimator_.parameters_)


def test_to_fit_the_best_once_more_begins_anew():
    search = make_small_search().fit(X, y)
    again = search.best_estimator_.fit(X, y)
    assert np.array_equal(again.parameters_, clone(NET).set_params(**search.best_params_).fit(X, y).parameters_)


def test_rows_and_lineage():
    search = make_toy_search().fit(ROWS)
    results = search.cv_results_
    assert len(results["params"]) == 8 * 10
    assert np.array_equal(results["member"], np.tile(np.arange(8), 10))
    assert np.array_equal(results["n_resources"], np.repeat(np.arange(4, 41, 4), 8))
    assert np.array_equal(results["iter"], np.repeat(np.arange(10), 8))
    assert [params["n_steps"] for params in results["params"]] == results["n_resources"].tolist()
    assert search.best_index_ == 72 + np.argmax(results["mean_test_score"][72:])
    parents = dict(zip(results["candidate"].tolist(), results["parent"].tolist(), strict=True))
    assert search.n_candidates_ == len(parents) == 8 + 9 * 2
    assert search.lineage_[-1] == results["candidate"][search.best_index_]
    assert parents[search.lineage_[0]] == -1
    assert [parents[number] for number in search.lineage_[1:]] == search.lineage_[:-1]
    # The networks of the search have been trained by these parameters, each step once.
    assert search.best_estimator_.h_ == [
        (params["h0"], params["h1"]) for _, _, params in search.schedule_ for _ in range(4)
    ]


def test_every_split_has_weights_of_its_own():
    """The mean score of the best is that of its schedule, played in each split by hand."""
    search = make_small_search(cv=3, random_state=5).fit(X, y)
    for split, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        net = clone(NET).set_params(warm_start=True, schedule_epochs=6)
        for _, end, params in search.schedule_:
            net.set_params(max_epochs=end, **params).fit(X[train], y[train])
        assert net.score(X[test], y[test]) == search.cv_results_[f"split{split}_test_score"][search.best_index_]


def test_how_many_are_trained(bundles):
    with fused(1):
        make_small_search(param_distributions={"lr": (1e-3, 1e-1, "log-uniform")}).fit(X, y)
    tried_out, of_all_members = 1 + 3, 3 * 12
    assert sum(bundles) == tried_out + of_all_members


def test_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), NET)
    search = make_small_search(
        estimator=pipeline, param_distributions={f"netclassifier__{name}": value for name, value in SPACE.items()}
    ).fit(X, y)
    by_hand = clone(pipeline).set_params(netclassifier__warm_start=True, netclassifier__schedule_epochs=6)
    for _, end, params in search.schedule_:
        by_hand.set_params(netclassifier__max_epochs=end, **params).fit(X, y)
    assert np.array_equal(by_hand.predict_proba(X), search.predict_proba(X))


def test_gradient_boosting():
    Xr, yr = make_regression(80, 4, noise=10, random_state=0)
    trees = GradientBoostingRegressor(n_estimators=20, subsample=0.7, random_state=0)
    space = {"learning_rate": (0.01, 1.0, "log-uniform"), "max_depth": (1, 5)}
    search = PBTSearchCV(
        trees, space, resource="n_estimators", interval=5, population_size=6, cv=2, random_state=0
    ).fit(Xr, yr)
    by_hand = clone(trees).set_params(warm_start=True)
    for _, end, params in search.schedule_:
        by_hand.set_params(n_estimators=end, **params).fit(Xr, yr)
    assert np.array_equal(by_hand.predict(Xr), search.predict(Xr))


# ---- who is replaced ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "quantile", "expected"),
    [
        (16, 0.25, 4),
        (10, 0.25, 3),
        (5, 0.25, 2),
        (3, 0.25, 1),
        (3, 0.5, 1),
        (2, 0.25, 1),
        (1, 0.25, 0),
        (7, 0.5, 3),
        (100, 0.07, 7),
        (20, 0.2, 4),
    ],
)
def test_quantiles(n, quantile, expected):
    assert count_replaced(n, quantile) == expected


def test_the_worst_copy_the_best():
    results = make_toy_search(population_size=10).fit(ROWS).cv_results_
    for before, after in zip(range(0, 90, 10), range(10, 100, 10), strict=True):
        order = np.argsort(-results["mean_test_score"][before : before + 10], kind="stable")
        candidates = results["candidate"][before : before + 10]
        replaced = np.flatnonzero(results["candidate"][after : after + 10] != candidates)
        assert set(replaced) == set(order[-3:])
        assert set(results["parent"][after + replaced]) <= set(candidates[order[:3]])


@pytest.mark.parametrize("error_score", [np.nan, 100.0])
def test_who_fails_is_replaced(error_score):
    """From step 8 on h0 above a half fails: more members than a quantile, and, if they
    were to be believed, with the best score.
    """
    search = make_toy_search(
        estimator=Quadratic(fails_above=0.5),
        error_score=error_score,
        population_size=12,
        refit=bool(np.isnan(error_score)),
    )
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(ROWS)
    results = search.cv_results_
    failed = (results["param_h0"] > 0.5) & (results["n_resources"] > 8)
    assert failed[24:36].sum() > 3
    for row in np.flatnonzero(failed):
        number, now = results["candidate"][row], slice(row // 12 * 12, row // 12 * 12 + 12)
        after = slice(now.stop, now.stop + 12)
        assert number not in results["candidate"][after]
        born = ~np.isin(results["candidate"][after], results["candidate"][now])
        assert number not in results["parent"][after][born]
    if np.isnan(error_score):
        assert np.isfinite(search.best_score_)
        assert search.best_params_["h0"] <= 0.5


def test_all_fail_on_the_way():
    """The search ends, with the best of those that did not."""
    search = make_toy_search(estimator=Quadratic(fails_above=-1.0))
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(ROWS)
    assert search.cv_results_["n_resources"].max() == 12
    assert search.best_params_["n_steps"] == 8
    assert search.best_estimator_.done_ == 8
    assert [end for _, end, _ in search.schedule_] == [4, 8]


# ---- one search, one result -----------------------------------------------------------------------------------------


def test_the_same_seed_the_same_search():
    a, b, other = (make_small_search(random_state=seed).fit(X, y) for seed in (3, 3, 4))
    same_results(a, b)
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))
    assert a.schedule_ != other.schedule_


def test_a_population_of_one():
    search = make_small_search(population_size=1).fit(X, y)
    assert len(search.cv_results_["params"]) == 3
    assert len(search.lineage_) == 1


def test_without_refit():
    search = make_small_search(refit=False).fit(X, y)
    assert len(search.schedule_) == 3
    assert not hasattr(search, "best_estimator_")


def test_time_is_up():
    search = make_small_search(time_budget=1e-6).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert [end for _, end, _ in search.schedule_] == [2]
    assert search.best_estimator_.n_iter_ == 2


# ---- kills ----------------------------------------------------------------------------------------------------------


def cut(journal, n_lines, half=0):
    """What a kill after so many records leaves of them, the next one half written."""
    records = journal / "records"
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(lines[:n_lines]) + b"".join(lines[n_lines : n_lines + 1])[:half])


@pytest.mark.parametrize("states", ["kept", "lost"])
@pytest.mark.parametrize("kind", ["net", "pipeline", "toy"])
def test_cut_journals(tmp_path, kind, states):
    """Whatever is left of the records, and whether or not networks are still there, the
    search ends as if nothing had happened.
    """
    made = {
        "net": lambda path: make_small_search(journal=path),
        "toy": lambda path: make_toy_search(journal=path, interval=8),
        "pipeline": lambda path: make_small_search(
            estimator=make_pipeline(StandardScaler(), NET),
            param_distributions={f"netclassifier__{k}": v for k, v in SPACE.items()},
            journal=path,
        ),
    }[kind]
    data = (ROWS, None) if kind == "toy" else (X, y)
    whole = made(None).fit(*data)
    first = made(tmp_path / "first").fit(*data)
    same_results(first, whole)
    n = len((tmp_path / "first" / "records").read_bytes().splitlines())
    assert n == (80 if kind == "toy" else 36)
    for at in sorted({0, 1, 11, 12, 13, 20, 24, 30, n - 1, n}):
        path = tmp_path / str(at)
        shutil.copytree(tmp_path / "first", path)
        cut(path, at, half=40)
        if states == "lost":
            shutil.rmtree(path / "states")
        again = made(path).fit(*data)
        same_results(again, whole)
        assert again.schedule_ == whole.schedule_
        assert np.array_equal(again.predict(data[0]), whole.predict(data[0]))
        if kind != "toy":
            assert np.array_equal(again.predict_proba(X), whole.predict_proba(X))


@pytest.mark.parametrize(
    ("stop", "seed"), [*((stop, 0) for stop in (1, 12, 13, 17, 24, 29, 36)), (15, 1), (18, 1), (22, 1)]
)
def test_killed_after_a_record(tmp_path, monkeypatch, bundles, stop, seed):
    """With the states of that moment, what has been recorded is not trained again, and
    nothing else from its beginning.

    With the second seed a copy that is recorded before its parent is copied again.
    """
    written = []

    def record(journal, *args, original=Journal.record, **kwargs):
        original(journal, *args, **kwargs)
        written.append(args)
        if len(written) == stop:
            shutil.copytree(journal.path, tmp_path / "then")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", record)
        whole = make_small_search(journal=tmp_path / "now", random_state=seed).fit(X, y)
    bundles.clear()
    again = make_small_search(journal=tmp_path / "then", random_state=seed, refit=False).fit(X, y)
    same_results(again, whole)
    assert sum(bundles) == 36 - stop


def test_the_journal_holds_no_more_than_it_needs(tmp_path):
    make_small_search(journal=tmp_path / "j").fit(X, y)
    records = [json.loads(line.split(b" ", 1)[1]) for line in (tmp_path / "j" / "records").read_bytes().splitlines()]
    last = {record["candidate"] for record in records if record["n_resources"] == 6}
    assert {int(path.name.split("-")[0]) for path in (tmp_path / "j" / "states").iterdir()} <= last


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_small_search(param_distributions={"lr": (1e-3, 1e-2, "log-uniform")}).fit(X, y)


def test_one_that_fails_early_does_not_end_the_search():
    """What fails in its second interval was taken for what can not be trained on."""

    class Breaking(NetClassifier):
        def fit(self, X, y):
            if self.max_epochs > 1 and self.lr > 0.05:
                raise RuntimeError("diverged")
            return super().fit(X, y)

    net = Breaking(width=4, n_layers=1, max_epochs=3, early_stopping=False, random_state=0)
    for values in ([0.01, 0.02], [0.01, 0.02, 0.1]):
        search = PBTSearchCV(
            net, {"lr": values}, initial_candidates=[{"lr": 0.1}], population_size=3, interval=1, cv=2, random_state=0
        )
        with pytest.warns(FitFailedWarning):
            search.fit(X, y)
        assert search.best_params_["lr"] < 0.05


def test_fitted_again_without_saying_which_score_counts():
    """The best row of the fit before was looked up in the new one."""
    search = make_small_search(scoring=["accuracy", "neg_log_loss"], refit="accuracy").fit(X, y)
    assert search.best_index_ > 3
    fresh = clone(search).set_params(refit=False, population_size=2, max_resources=2, interval=1).fit(X, y)
    search.set_params(refit=False, population_size=2, max_resources=2, interval=1).fit(X, y)
    assert search.cv_results_["params"] == fresh.cv_results_["params"]
    assert not hasattr(fresh, "schedule_")
