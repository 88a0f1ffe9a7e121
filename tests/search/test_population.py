"""Population-based training: the paper's own problem, schedules and their replay, who is replaced by whom, kills, and what is refused."""

import json
import shutil
import warnings

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_breast_cancer, make_regression
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, fused
from sknet_hp.search import PBTSearchCV
from sknet_hp.search.explore import explored, n_replaced, neighbours, perturbed, scaled
from sknet_hp.search.population import intervals
from sknet_hp.search.running.journal import Journal
from sknet_hp.search.spaces.space import Choice, Range, Space
from sknet_hp.skorch import NeuralNetClassifier

pytestmark = pytest.mark.timeout(120)

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:200].astype(np.float32), y[:200]
NET = NetClassifier(width=8, n_layers=1, max_epochs=6, batch_size=32, early_stopping=False, lr_schedule="cosine", random_state=0)
SPACE = {"lr": (1e-4, 1.0, "log-uniform"), "dropout": [0.0, 0.1, 0.3], "weight_decay": stats.loguniform(1e-5, 1e-1)}
ROWS = np.zeros((8, 1))


class Quadratic(RegressorMixin, BaseEstimator):
    """Figure 2 of the paper: climbs 1.2 - h0 θ0² - h1 θ1², is scored by 1.2 - θ0² - θ1²."""

    def __init__(self, h0=1.0, h1=1.0, lr=0.02, fails_above=np.inf, breaks=False, n_steps=40, warm_start=False):
        self.h0, self.h1, self.lr, self.fails_above, self.breaks = h0, h1, lr, fails_above, breaks
        self.n_steps, self.warm_start = n_steps, warm_start

    def fit(self, X, y=None):
        if not (self.warm_start and hasattr(self, "theta_")):
            self.theta_, self.done_, self.h_ = np.full(2, 0.9), 0, []
        if self.breaks and self.done_:
            raise RuntimeError("breaks while it goes on")
        if self.done_ >= 8 and self.h0 > self.fails_above:
            raise RuntimeError("h0 is too large")
        for _ in range(self.n_steps - self.done_):
            self.theta_ = self.theta_ + self.lr * -2 * np.array([self.h0, self.h1]) * self.theta_
            self.h_.append((self.h0, self.h1))
        self.done_ = self.n_steps
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def score(self, X, y=None):
        return 1.2 - float(self.theta_ @ self.theta_)


def toy(**parameters):
    own = {"resource": "n_steps", "interval": 4, "population_size": 8, "cv": 2, "random_state": 0}
    estimator = parameters.pop("estimator", Quadratic())
    space = parameters.pop("space", {"h0": (0.0, 1.0), "h1": (0.0, 1.0)})
    return PBTSearchCV(estimator, space, **own | parameters)


def small(**parameters):
    return PBTSearchCV(
        **{"estimator": NET, "param_distributions": SPACE, "population_size": 6, "interval": 2, "cv": 2, "random_state": 0} | parameters
    )


def plain(results):
    """cv_results_ without times."""
    return {name: np.asarray(column).tolist() for name, column in results.items() if "time" not in name}


def same_results(a, b):
    a, b = plain(a.cv_results_), plain(b.cv_results_)
    assert a.keys() == b.keys()
    assert all(str(a[name]) == str(b[name]) for name in a)  # NaN too


# ---- the paper's figure 2 ------------------------------------------------------------------------------------------


def test_the_papers_quadratic():
    """Two workers: a grid search of the two settings stays below 0.4, the population gets to 1.2."""
    corners = [{"h0": 1.0, "h1": 0.0}, {"h0": 0.0, "h1": 1.0}]
    long = Quadratic(n_steps=200)
    grid = [clone(long).set_params(**corner).fit(ROWS).score(ROWS) for corner in corners]
    assert max(grid) < 0.4
    for seed in range(5):
        search = toy(estimator=long, initial_candidates=corners, population_size=2, random_state=seed).fit(ROWS)
        assert search.best_score_ > 1.19
        assert search.best_estimator_.score(ROWS) > 1.19
        copies = search.cv_results_["parent"] >= 0
        assert copies.any()


# ---- schedules -----------------------------------------------------------------------------------------------------


def test_a_schedule_and_its_replay():
    """`best_estimator_` is what comes of setting the schedule's parameters by hand, bit for bit."""
    search = small(random_state=5).fit(X, y)
    assert [(begin, end) for begin, end, _ in search.schedule_] == [(0, 2), (2, 4), (4, 6)]
    assert len({str(params) for _, _, params in search.schedule_}) > 1, "a constant schedule tests nothing: take another seed"
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
    search = small().fit(X, y)
    again = search.best_estimator_.fit(X, y)
    assert np.array_equal(again.parameters_, clone(NET).set_params(**search.best_params_).fit(X, y).parameters_)


def test_rows_and_lineage():
    search = toy().fit(ROWS)
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
    assert search.best_estimator_.h_ == [(params["h0"], params["h1"]) for _, _, params in search.schedule_ for _ in range(4)]


def test_every_split_has_weights_of_its_own():
    """The mean score of the best is that of its schedule, played in each split by hand."""
    search = small(cv=3, random_state=5).fit(X, y)
    for split, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        net = clone(NET).set_params(warm_start=True, schedule_epochs=6)
        for _, end, params in search.schedule_:
            net.set_params(max_epochs=end, **params).fit(X[train], y[train])
        assert net.score(X[test], y[test]) == search.cv_results_[f"split{split}_test_score"][search.best_index_]


def test_all_of_an_interval_train_together(bundles):
    with fused(1, over="inline"):
        small(param_distributions={"lr": (1e-3, 1e-1, "log-uniform")}).fit(X, y)
    tried_out, of_all_members = 1 + 3, 3 * 12
    assert sum(bundles) == tried_out + of_all_members
    assert max(bundles) == 12


def test_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), NET)
    search = small(estimator=pipeline, param_distributions={f"netclassifier__{name}": value for name, value in SPACE.items()}).fit(X, y)
    by_hand = clone(pipeline).set_params(netclassifier__warm_start=True, netclassifier__schedule_epochs=6)
    for _, end, params in search.schedule_:
        by_hand.set_params(netclassifier__max_epochs=end, **params).fit(X, y)
    assert np.array_equal(by_hand.predict_proba(X), search.predict_proba(X))


def test_gradient_boosting():
    Xr, yr = make_regression(80, 4, noise=10, random_state=0)
    trees = GradientBoostingRegressor(n_estimators=20, subsample=0.7, random_state=0)
    space = {"learning_rate": (0.01, 1.0, "log-uniform"), "max_depth": (1, 5)}
    search = PBTSearchCV(trees, space, resource="n_estimators", interval=5, population_size=6, cv=2, random_state=0).fit(Xr, yr)
    by_hand = clone(trees).set_params(warm_start=True)
    for _, end, params in search.schedule_:
        by_hand.set_params(n_estimators=end, **params).fit(Xr, yr)
    assert np.array_equal(by_hand.predict(Xr), search.predict(Xr))


# ---- who is replaced -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "quantile", "expected"),
    [(16, 0.25, 4), (10, 0.25, 3), (5, 0.25, 2), (3, 0.25, 1), (3, 0.5, 1), (2, 0.25, 1), (1, 0.25, 0), (7, 0.5, 3), (100, 0.07, 7), (20, 0.2, 4)],
)
def test_quantiles(n, quantile, expected):
    assert n_replaced(n, quantile) == expected


def test_the_worst_copy_the_best():
    results = toy(population_size=10).fit(ROWS).cv_results_
    for before, after in zip(range(0, 90, 10), range(10, 100, 10), strict=True):
        order = np.argsort(-results["mean_test_score"][before : before + 10], kind="stable")
        candidates = results["candidate"][before : before + 10]
        replaced = np.flatnonzero(results["candidate"][after : after + 10] != candidates)
        assert set(replaced) == set(order[-3:])
        assert set(results["parent"][after + replaced]) <= set(candidates[order[:3]])


@pytest.mark.parametrize("error_score", [np.nan, 100.0])
def test_who_fails_is_replaced(error_score):
    """From step 8 on h0 above a half fails: more members than a quantile, and, if they were to be believed, with the best score."""
    search = toy(estimator=Quadratic(fails_above=0.5), error_score=error_score, population_size=12, refit=bool(np.isnan(error_score)))
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
    search = toy(estimator=Quadratic(fails_above=-1.0))
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(ROWS)
    assert search.cv_results_["n_resources"].max() == 12
    assert search.best_params_["n_steps"] == 8
    assert search.best_estimator_.done_ == 8
    assert [end for _, end, _ in search.schedule_] == [4, 8]


# ---- how parameters change -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dimension", "value", "factor", "expected"),
    [
        (Range.between(1e-3, 1.0, log=True), 0.5, 1.2, 0.6),
        (Range.between(1e-3, 1.0, log=True), 0.9, 1.2, 1.0),
        (Range.between(0.5, 1.0), 0.6, 0.8, 0.5),
        (Range.between(1, 100, integer=True), 10, 1.2, 12),
        (Range.between(1, 100, integer=True), 7, 1.2, 8),
        (Range.between(1, 100, integer=True), 2, 1.2, 3),
        (Range.between(1, 100, integer=True), 2, 0.8, 1),
        (Range.between(1, 100, integer=True), 1, 0.8, 1),
        (Range.between(1, 100, integer=True), 90, 1.2, 100),
        (Range.between(0, 5, integer=True), 0, 1.2, 0),
        (Range(stats.norm(), integer=False), -10.0, 1.2, -12.0),
        (Range(stats.randint(3, 9), integer=True), 8, 1.2, 8),
        (Range(stats.expon(), integer=False), 50.0, 1.2, 60.0),
    ],
)
def test_scaling_and_clipping(dimension, value, factor, expected):
    moved = scaled(dimension, value, factor)
    assert moved == pytest.approx(expected, rel=1e-15)
    assert type(moved) is type(expected)


def test_neighbours():
    sizes = [(8,), (16,), (32, 32)]
    choice = Choice(sizes)
    assert [neighbours(choice, size) for size in sizes] == [[(16,)], [(8,), (32, 32)], [(16,)]]
    assert neighbours(Choice(["only"]), "only") == []
    assert neighbours(choice, (7,)) == []
    rng = np.random.RandomState(0)
    assert {perturbed(choice, (16,), (1.2, 0.8), rng) for _ in range(50)} == {(8,), (32, 32)}
    assert {perturbed(choice, (7,), (1.2, 0.8), rng) for _ in range(50)} == set(sizes), "from elsewhere it is drawn anew"


def test_explored():
    space = Space({"lr": (1e-4, 1.0, "log-uniform"), "kind": ["a", "b", "c", "d"]})
    given = {"lr": 0.01, "kind": "a", "other": object()}

    def many(probability):
        how = {"resample_probability": probability, "factors": (1.2, 0.8), "random_state": np.random.RandomState(0)}
        return [explored(given, space.branches[0], **how) for _ in range(400)]

    never, always, sometimes = map(many, (0.0, 1.0, 0.25))
    assert {params["lr"] for params in never} == {0.01 * 1.2, 0.01 * 0.8}
    assert {params["kind"] for params in never} == {"b"}
    assert len({params["lr"] for params in always}) == 400
    assert {params["kind"] for params in always} == {"a", "b", "c", "d"}
    assert 60 < sum(params["lr"] not in (0.01 * 1.2, 0.01 * 0.8) for params in sometimes) < 140
    assert all(params["other"] is given["other"] for params in never)
    assert given["lr"] == 0.01


@pytest.mark.parametrize(
    ("most", "interval", "expected"),
    [(100, "auto", list(range(10, 101, 10))), (9, "auto", list(range(1, 10))), (10, 4, [4, 8, 10]), (8, 4, [4, 8]), (3, 3, [3]), (1, "auto", [1])],
)
def test_intervals(most, interval, expected):
    assert intervals(most, interval) == expected


# ---- what can not change -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("width", (8, 32)),
        ("hidden_layer_sizes", [(8,), (8, 8)]),
        ("n_layers", [1, 2]),
        ("optimizer", ["adamw", "sgd"]),
        ("normalization", ["none", "batch"]),
        ("n_members", [1, 2]),
        ("init", ["torch", "he_normal", "ntk"]),
    ],
)
def test_shapes_and_optimizers_are_refused(name, values, bundles):
    with pytest.raises(ValueError, match=rf"'{name}' can not change while training goes on(.|\n)*HalvingSearchCV"):
        small(param_distributions={"lr": [0.01, 0.1], name: values}).fit(X, y)
    assert sum(bundles) <= 8, "before anything is trained for long"


@pytest.mark.parametrize("name", ["lr", "dropout", "input_dropout", "weight_decay", "beta1", "grad_clip_norm", "batch_size", "label_smoothing"])
def test_numbers_may_change(name):
    values = {"batch_size": [16, 32], "lr": [1e-3, 1e-2]}.get(name, [0.0, 0.1] if name != "grad_clip_norm" else [0.1, 1.0])
    search = small(param_distributions={name: values}, initial_candidates=[{name: value} for value in values * 3]).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert {params[name] for params in search.cv_results_["params"]} == set(values)


@pytest.mark.parametrize("pipeline", [False, True])
def test_modules_of_skorch_are_refused(pipeline):
    """skorch itself would make them anew, without a word."""
    net = NeuralNetClassifier(torch.nn.Linear, criterion=torch.nn.CrossEntropyLoss, module__in_features=30, max_epochs=6, verbose=0, random_state=0)
    estimator, prefix = (make_pipeline(StandardScaler(), net), "neuralnetclassifier__") if pipeline else (net, "")
    space = {f"{prefix}lr": [0.01, 0.1], f"{prefix}module__out_features": [2, 3]}
    with pytest.raises(ValueError, match="module__out_features' can not change while training goes on: skorch makes the module anew"):
        PBTSearchCV(estimator, space, population_size=4, cv=2, random_state=0).fit(X, y)
    alternatives = [{f"{prefix}lr": [0.01, 0.1], f"{prefix}module__out_features": [n]} for n in (2, 3)]
    assert PBTSearchCV(estimator, alternatives, population_size=4, cv=2, random_state=0).fit(X, y).best_score_ > 0


def test_shapes_may_stand_in_a_list_of_dicts():
    space = [{"width": [8], "lr": (1e-3, 1e-1, "log-uniform")}, {"width": [16], "lr": (1e-3, 1e-1, "log-uniform")}]
    search = small(param_distributions=space, population_size=8).fit(X, y)
    results = search.cv_results_
    widths = dict(zip(results["candidate"], results["param_width"], strict=True))
    assert set(widths.values()) == {8, 16}
    assert all(widths[child] == widths[parent] for child, parent in zip(results["candidate"], results["parent"], strict=True) if parent >= 0)
    assert np.isfinite(results["mean_test_score"]).all()


def test_the_step_that_is_trained_can_not_change():
    pipeline = make_pipeline(StandardScaler(), NET)
    space = {"netclassifier": [NET, clone(NET).set_params(lr=0.1)]}
    with pytest.raises(ValueError, match="'netclassifier' can not change while training goes on"):
        small(estimator=pipeline, param_distributions=space).fit(X, y)


@pytest.mark.parametrize("name", ["module__in_features", "module"])
def test_modules_of_skorch_can_not_change(name):
    """It would begin anew with other weights, without an error."""
    net = NeuralNetClassifier(torch.nn.Linear, module__in_features=30, module__out_features=2, criterion=torch.nn.CrossEntropyLoss, verbose=0)
    pipeline = make_pipeline(StandardScaler(), net.set_params(max_epochs=6, random_state=0))
    values = {"module": [torch.nn.Linear, torch.nn.Identity], "module__in_features": [30, 31]}[name]
    with pytest.raises(ValueError, match=f"'neuralnetclassifier__{name}' can not change while training goes on: skorch makes the module anew"):
        small(estimator=pipeline, param_distributions={f"neuralnetclassifier__{name}": values}).fit(X, y)


def test_a_value_that_is_wrong_anyway_is_no_refusal():
    """It fails where it is drawn, and is replaced."""
    space = {"lr": (1e-3, 1e-1, "log-uniform"), "lr_schedule": ["constant", "cosine", "plateau"]}
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search = small(param_distributions=space, population_size=8).fit(X, y)
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"resource": "n_samples"}, "resource='n_samples'"),
        ({"refit": "ensemble"}, "refit='ensemble'"),
        ({"interval": 7}, "interval=7 is greater than max_resources=6"),
        ({"interval": 0}, "interval"),
        ({"quantile": 0.6}, "quantile"),
        ({"quantile": 0}, "quantile"),
        ({"resample_probability": 1.5}, "resample_probability"),
        ({"population_size": 0}, "population_size"),
        ({"perturbation_factors": (1.2, -1)}, "perturbation_factors"),
        ({"perturbation_factors": ()}, "perturbation_factors"),
        ({"resource": "lr"}, "resource='lr'"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        small(**parameters).fit(X, y)


def test_an_estimator_that_can_not_be_trained_on():
    with pytest.raises(ValueError, match=r"can not be trained on: RuntimeError: breaks(.|\n)*n_samples"):
        toy(estimator=Quadratic(breaks=True)).fit(ROWS)


# ---- one search, one result ----------------------------------------------------------------------------------------


def test_the_same_seed_the_same_search():
    a, b, other = (small(random_state=seed).fit(X, y) for seed in (3, 3, 4))
    same_results(a, b)
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))
    assert a.schedule_ != other.schedule_


def test_a_population_of_one():
    search = small(population_size=1).fit(X, y)
    assert len(search.cv_results_["params"]) == 3
    assert len(search.lineage_) == 1


def test_without_refit():
    search = small(refit=False).fit(X, y)
    assert len(search.schedule_) == 3
    assert not hasattr(search, "best_estimator_")


def test_time_is_up():
    search = small(time_budget=1e-6).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert [end for _, end, _ in search.schedule_] == [2]
    assert search.best_estimator_.n_iter_ == 2


# ---- kills ---------------------------------------------------------------------------------------------------------


def cut(journal, n_lines, half=0):
    """What a kill after so many records leaves of them, the next one half written."""
    records = journal / "records"
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(lines[:n_lines]) + b"".join(lines[n_lines : n_lines + 1])[:half])


@pytest.mark.parametrize("states", ["kept", "lost"])
@pytest.mark.parametrize("kind", ["net", "pipeline", "toy"])
def test_cut_journals(tmp_path, kind, states):
    """Whatever is left of the records, and whether or not networks are still there, the search ends as if nothing had happened."""
    made = {
        "net": lambda path: small(journal=path),
        "toy": lambda path: toy(journal=path, interval=8),
        "pipeline": lambda path: small(
            estimator=make_pipeline(StandardScaler(), NET), param_distributions={f"netclassifier__{k}": v for k, v in SPACE.items()}, journal=path
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


@pytest.mark.parametrize(("stop", "seed"), [*((stop, 0) for stop in (1, 12, 13, 17, 24, 29, 36)), (15, 1), (18, 1), (22, 1)])
def test_killed_after_a_record(tmp_path, monkeypatch, bundles, stop, seed):
    """With the states of that moment, what has been recorded is not trained again, and nothing else from its beginning.

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
        whole = small(journal=tmp_path / "now", random_state=seed).fit(X, y)
    bundles.clear()
    again = small(journal=tmp_path / "then", random_state=seed, refit=False).fit(X, y)
    same_results(again, whole)
    assert sum(bundles) == 36 - stop


def test_the_journal_holds_no_more_than_it_needs(tmp_path):
    small(journal=tmp_path / "j").fit(X, y)
    records = [json.loads(line.split(b" ", 1)[1]) for line in (tmp_path / "j" / "records").read_bytes().splitlines()]
    last = {record["candidate"] for record in records if record["n_resources"] == 6}
    assert {int(path.name.split("-")[0]) for path in (tmp_path / "j" / "states").iterdir()} <= last


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(param_distributions={"lr": (1e-3, 1e-2, "log-uniform")}).fit(X, y)


def test_one_that_fails_early_does_not_end_the_search():
    """What fails in its second interval was taken for what can not be trained on."""

    class Breaking(NetClassifier):
        def fit(self, X, y):
            if self.max_epochs > 1 and self.lr > 0.05:
                raise RuntimeError("diverged")
            return super().fit(X, y)

    net = Breaking(width=4, n_layers=1, max_epochs=3, early_stopping=False, random_state=0)
    for values in ([0.01, 0.02], [0.01, 0.02, 0.1]):
        search = PBTSearchCV(net, {"lr": values}, initial_candidates=[{"lr": 0.1}], population_size=3, interval=1, cv=2, random_state=0)
        with pytest.warns(FitFailedWarning):
            search.fit(X, y)
        assert search.best_params_["lr"] < 0.05


def test_fitted_again_without_saying_which_score_counts():
    """The best row of the fit before was looked up in the new one."""
    search = small(scoring=["accuracy", "neg_log_loss"], refit="accuracy").fit(X, y)
    assert search.best_index_ > 3
    fresh = clone(search).set_params(refit=False, population_size=2, max_resources=2, interval=1).fit(X, y)
    search.set_params(refit=False, population_size=2, max_resources=2, interval=1).fit(X, y)
    assert search.cv_results_["params"] == fresh.cv_results_["params"]
    assert not hasattr(fresh, "schedule_")
