"""How parameters change in population-based training, and which can not."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.search import PBTSearchCV
from sknet_hp.search.proposals.exploring import explore, list_neighbours, perturb, scale
from sknet_hp.search.searchers.population import list_intervals
from sknet_hp.search.spaces.dimensions import Choice, Range
from sknet_hp.search.spaces.space import Space
from sknet_hp.skorch import NeuralNetClassifier
from tests.helpers.populations import NET, ROWS, Quadratic, X, make_small_search, make_toy_search, y

pytestmark = pytest.mark.timeout(120)

# ---- how parameters change ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dimension", "value", "factor", "expected"),
    [
        (Range.from_bounds(1e-3, 1.0, log=True), 0.5, 1.2, 0.6),
        (Range.from_bounds(1e-3, 1.0, log=True), 0.9, 1.2, 1.0),
        (Range.from_bounds(0.5, 1.0), 0.6, 0.8, 0.5),
        (Range.from_bounds(1, 100, integer=True), 10, 1.2, 12),
        (Range.from_bounds(1, 100, integer=True), 7, 1.2, 8),
        (Range.from_bounds(1, 100, integer=True), 2, 1.2, 3),
        (Range.from_bounds(1, 100, integer=True), 2, 0.8, 1),
        (Range.from_bounds(1, 100, integer=True), 1, 0.8, 1),
        (Range.from_bounds(1, 100, integer=True), 90, 1.2, 100),
        (Range.from_bounds(0, 5, integer=True), 0, 1.2, 0),
        (Range(stats.norm(), integer=False), -10.0, 1.2, -12.0),
        (Range(stats.randint(3, 9), integer=True), 8, 1.2, 8),
        (Range(stats.expon(), integer=False), 50.0, 1.2, 60.0),
    ],
)
def test_scaling_and_clipping(dimension, value, factor, expected):
    moved = scale(dimension, value, factor)
    assert moved == pytest.approx(expected, rel=1e-15)
    assert type(moved) is type(expected)


def test_neighbours():
    sizes = [(8,), (16,), (32, 32)]
    choice = Choice(sizes)
    assert [list_neighbours(choice, size) for size in sizes] == [[(16,)], [(8,), (32, 32)], [(16,)]]
    assert list_neighbours(Choice(["only"]), "only") == []
    assert list_neighbours(choice, (7,)) == []
    rng = np.random.RandomState(0)
    assert {perturb(choice, (16,), (1.2, 0.8), rng) for _ in range(50)} == {(8,), (32, 32)}
    assert {perturb(choice, (7,), (1.2, 0.8), rng) for _ in range(50)} == set(sizes), "from elsewhere it is drawn anew"


def test_explored():
    space = Space({"lr": (1e-4, 1.0, "log-uniform"), "kind": ["a", "b", "c", "d"]})
    given = {"lr": 0.01, "kind": "a", "other": object()}

    def many(probability):
        how = {"resample_probability": probability, "factors": (1.2, 0.8), "random_state": np.random.RandomState(0)}
        return [explore(given, space.branches[0], **how) for _ in range(400)]

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
    [
        (100, "auto", list(range(10, 101, 10))),
        (9, "auto", list(range(1, 10))),
        (10, 4, [4, 8, 10]),
        (8, 4, [4, 8]),
        (3, 3, [3]),
        (1, "auto", [1]),
    ],
)
def test_intervals(most, interval, expected):
    assert list_intervals(most, interval) == expected


# ---- what can not change --------------------------------------------------------------------------------------------


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
        make_small_search(param_distributions={"lr": [0.01, 0.1], name: values}).fit(X, y)
    assert sum(bundles) <= 8, "before anything is trained for long"


@pytest.mark.parametrize(
    "name",
    ["lr", "dropout", "input_dropout", "weight_decay", "beta1", "grad_clip_norm", "batch_size", "label_smoothing"],
)
def test_numbers_may_change(name):
    values = {"batch_size": [16, 32], "lr": [1e-3, 1e-2]}.get(
        name, [0.0, 0.1] if name != "grad_clip_norm" else [0.1, 1.0]
    )
    search = make_small_search(
        param_distributions={name: values}, initial_candidates=[{name: value} for value in values * 3]
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert {params[name] for params in search.cv_results_["params"]} == set(values)


@pytest.mark.parametrize("pipeline", [False, True])
def test_modules_of_skorch_are_refused(pipeline):
    """skorch itself would make them anew, without a word."""
    net = NeuralNetClassifier(
        torch.nn.Linear,
        criterion=torch.nn.CrossEntropyLoss,
        module__in_features=30,
        max_epochs=6,
        verbose=0,
        random_state=0,
    )
    estimator, prefix = (make_pipeline(StandardScaler(), net), "neuralnetclassifier__") if pipeline else (net, "")
    space = {f"{prefix}lr": [0.01, 0.1], f"{prefix}module__out_features": [2, 3]}
    with pytest.raises(
        ValueError,
        match=r"module__out_features' can not change while training goes on(?s:.*)skorch makes the module anew",
    ):
        PBTSearchCV(estimator, space, population_size=4, cv=2, random_state=0).fit(X, y)
    alternatives = [{f"{prefix}lr": [0.01, 0.1], f"{prefix}module__out_features": [n]} for n in (2, 3)]
    assert PBTSearchCV(estimator, alternatives, population_size=4, cv=2, random_state=0).fit(X, y).best_score_ > 0


def test_shapes_may_stand_in_a_list_of_dicts():
    space = [{"width": [8], "lr": (1e-3, 1e-1, "log-uniform")}, {"width": [16], "lr": (1e-3, 1e-1, "log-uniform")}]
    search = make_small_search(param_distributions=space, population_size=8).fit(X, y)
    results = search.cv_results_
    widths = dict(zip(results["candidate"], results["param_width"], strict=True))
    assert set(widths.values()) == {8, 16}
    assert all(
        widths[child] == widths[parent]
        for child, parent in zip(results["candidate"], results["parent"], strict=True)
        if parent >= 0
    )
    assert np.isfinite(results["mean_test_score"]).all()


def test_the_step_that_is_trained_can_not_change():
    pipeline = make_pipeline(StandardScaler(), NET)
    space = {"netclassifier": [NET, clone(NET).set_params(lr=0.1)]}
    with pytest.raises(ValueError, match="'netclassifier' can not change while training goes on"):
        make_small_search(estimator=pipeline, param_distributions=space).fit(X, y)


@pytest.mark.parametrize("name", ["module__in_features", "module"])
def test_modules_of_skorch_can_not_change(name):
    """It would start again with other weights, without an error."""
    net = NeuralNetClassifier(
        torch.nn.Linear, module__in_features=30, module__out_features=2, criterion=torch.nn.CrossEntropyLoss, verbose=0
    )
    pipeline = make_pipeline(StandardScaler(), net.set_params(max_epochs=6, random_state=0))
    values = {"module": [torch.nn.Linear, torch.nn.Identity], "module__in_features": [30, 31]}[name]
    with pytest.raises(
        ValueError,
        match=f"'neuralnetclassifier__{name}' can not change while training goes on(?s:.*)skorch makes the module anew",
    ):
        make_small_search(estimator=pipeline, param_distributions={f"neuralnetclassifier__{name}": values}).fit(X, y)


def test_a_value_that_is_wrong_anyway_is_no_refusal():
    """It fails where it is drawn, and is replaced."""
    space = {"lr": (1e-3, 1e-1, "log-uniform"), "lr_schedule": ["constant", "cosine", "plateau"]}
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search = make_small_search(param_distributions=space, population_size=8).fit(X, y)
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
        make_small_search(**parameters).fit(X, y)


def test_an_estimator_that_can_not_be_trained_on():
    with pytest.raises(ValueError, match=r"can not be trained on: RuntimeError: breaks(.|\n)*n_samples"):
        make_toy_search(estimator=Quadratic(breaks=True)).fit(ROWS)
