"""Spaces, however they are written; and that they are sampled as scikit-learn samples
them.
"""

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.model_selection import ParameterSampler
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from skopt.space import Categorical, Integer, Real

from sknet_hp import NetClassifier
from sknet_hp.search.spaces.dimensions import Choice, Range
from sknet_hp.search.spaces.reading import read_dimension
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import drop_known
from sknet_hp.skorch import NeuralNetClassifier

float_, integer, categorical = (
    optuna.distributions.FloatDistribution,
    optuna.distributions.IntDistribution,
    optuna.distributions.CategoricalDistribution,
)

CHOICES = {
    "list": ([1, 2, 3], [1, 2, 3]),
    "array": (np.array([0.5, 1.0]), [0.5, 1.0]),
    "array of strings": (np.array(["a", "b"]), ["a", "b"]),
    "range": (range(3), [0, 1, 2]),
    "series": (pd.Series([3, 4]), [3, 4]),
    "tuples": ([(64,), (64, 64)], [(64,), (64, 64)]),
    "kinds": ([None, True, "x", 1.5], [None, True, "x", 1.5]),
    "categorical of skopt": (Categorical(["a", None]), ["a", None]),
    "categorical of optuna": (categorical(["a", None, 2]), ["a", None, 2]),
    "steps of optuna": (integer(1, 7, step=3), [1, 4, 7]),
    "parts of optuna": (float_(0.0, 0.3, step=0.1), [0.0, 0.1, 0.2, 0.3]),
    "one float of optuna": (float_(0.1, 0.1), [0.1]),
    "one float of optuna, logarithmic": (float_(0.1, 0.1, log=True), [0.1]),
    "one step of optuna": (float_(0.1, 0.1, step=0.1), [0.1]),
    "one int of optuna": (integer(3, 3), [3]),
    "one int of optuna, logarithmic": (integer(3, 3, log=True), [3]),
    "uniform without a width": (stats.uniform(0.1, 0), [0.1]),
}

RANGES = {
    "tuple": ((0.5, 2.0), (0.5, 2.0, False, False)),
    "tuple, logarithmic": ((1e-4, 1e-1, "log-uniform"), (1e-4, 1e-1, True, False)),
    "tuple of whole numbers": ((1, 9), (1, 9, False, True)),
    "tuple of whole numbers, logarithmic": ((1, 100, "log-uniform"), (1, 100, True, True)),
    "mixed tuple": ((0, 0.5), (0, 0.5, False, False)),
    "numbers of NumPy": ((np.int64(1), np.int64(9)), (1, 9, False, True)),
    "uniform": (stats.uniform(1, 2), (1, 3, False, False)),
    "loguniform": (stats.loguniform(1e-3, 1), (1e-3, 1, True, False)),
    "real of skopt": (Real(1e-3, 1, prior="log-uniform"), (1e-3, 1, True, False)),
    "integer of skopt": (Integer(1, 9), (1, 9, False, True)),
    "integer of skopt, logarithmic": (Integer(1, 99, prior="log-uniform"), (1, 99, True, True)),
    "float of optuna": (float_(0.1, 1.0), (0.1, 1.0, False, False)),
    "float of optuna, logarithmic": (float_(1e-3, 1.0, log=True), (1e-3, 1.0, True, False)),
    "int of optuna": (integer(2, 5), (2, 5, False, True)),
    "int of optuna, logarithmic": (integer(1, 64, log=True), (1, 64, True, True)),
}


@pytest.mark.parametrize(("written", "values"), CHOICES.values(), ids=CHOICES)
def test_choices(written, values):
    read = read_dimension(written, "a")
    assert isinstance(read, Choice)
    assert read.values == values
    assert [type(value) for value in read.values] == [
        type(value) if not hasattr(value, "expected") else float for value in values
    ]
    drawn = [params["a"] for params in Space({"a": written}).sample(99, 0)]
    assert sorted(map(repr, drawn)) == sorted(map(repr, read.values)), "each once, and then there are no more"


@pytest.mark.parametrize(("written", "expected"), RANGES.values(), ids=RANGES)
def test_ranges(written, expected):
    read = read_dimension(written, "a")
    assert isinstance(read, Range)
    assert (read.low, read.high, read.log, read.integer) == pytest.approx(expected)
    low, high, log, whole = expected
    drawn = np.array([params["a"] for params in Space({"a": written}).sample(2000, 0)])
    assert drawn.min() >= low
    assert drawn.max() <= high
    assert drawn.dtype.kind == ("i" if whole else "f")
    middle = np.sqrt(low * high) if log else (low + high) / 2
    assert np.mean(drawn <= middle) == pytest.approx(0.5, abs=0.13 if whole else 0.04)
    assert type(read.rvs(np.random.RandomState(0))) is (int if whole else float)


@pytest.mark.parametrize("written", [written for written, _ in RANGES.values()], ids=RANGES)
def test_coordinates(written):
    read = read_dimension(written, "a")
    values = range(read.low, read.high + 1) if read.integer else np.linspace(read.low, read.high, 9)
    for value in values:
        assert read.decode(read.encode(value)) == pytest.approx(value)
    assert read.decode(0) == pytest.approx(read.low)
    assert read.decode(1) == pytest.approx(read.high)
    coordinates = [read.encode(value) for value in values]
    assert coordinates == sorted(coordinates)


def test_whole_numbers_are_equally_likely():
    drawn = [params["a"] for params in Space({"a": (1, 4)}).sample(4000, 0)]
    assert np.bincount(drawn)[1:] == pytest.approx([1000] * 4, rel=0.12)


LIKE_SCIKIT_LEARN = {
    "lists": {"a": [1, 2, 3], "b": ["x", "y"], "c": [None, 0.5]},
    "SciPy": {
        "a": stats.loguniform(1e-4, 1),
        "b": stats.uniform(0, 2),
        "c": stats.randint(1, 9),
        "d": stats.norm(0, 1),
    },
    "both": {"a": [1, 2, 3], "b": stats.expon(scale=2)},
    "alternatives": [{"a": [1, 2], "b": stats.uniform(0, 1)}, {"a": [3], "c": stats.randint(0, 5)}],
    "alternatives of lists": [{"a": [1, 2], "b": [3, 4]}, {"c": [5, 6]}],
    "tuples and objects": {"a": [(1, 2), (3,)], "b": [StandardScaler(), MinMaxScaler()]},
}


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("distributions", LIKE_SCIKIT_LEARN.values(), ids=LIKE_SCIKIT_LEARN)
def test_sampled_as_scikit_learn_samples(distributions, seed):
    space = Space(distributions)
    n = 25 if space.size is None else min(25, space.size)
    assert space.sample(n, seed) == list(ParameterSampler(distributions, n, random_state=seed))


def test_no_number_of_numpy_comes_out():
    params = Space({"a": stats.randint(1, 9), "b": stats.norm(), "c": np.arange(3), "d": np.array(["u"])}).sample(1, 0)[
        0
    ]
    assert {name: type(value) for name, value in params.items()} == {"a": int, "b": float, "c": int, "d": str}


def test_size_and_names():
    space = Space([{"a": [1, 2], "b": [1, 2, 3]}, {"a": [1], "c": [5]}])
    assert (space.size, space.names) == (7, ["a", "b", "c"])
    assert Space({"a": (1, 2)}).size is None
    assert len(space.sample(100, 0)) == 7


def test_which_alternative_it_is():
    space = Space([{"a": [1, 2], "b": (0.0, 1.0)}, {"a": [3], "b": (0.0, 1.0)}, {"c": [1]}])
    assert [space.find_branch(params) for params in ({"a": 2, "b": 0.3}, {"a": 3, "b": 0.1}, {"c": 1})] == [0, 1, 2]


def test_index_of_a_choice():
    scaler = StandardScaler()
    choice = Choice([True, 1, 1.0, (1,), np.arange(3), scaler])
    assert [choice.index(value) for value in (True, 1, 1.0, (1,), scaler)] == [0, 1, 2, 3, 5]


def test_without():
    space = Space({"a": [1, 2, 3], "b": [None]})
    drawn = space.sample(3, 0)
    assert [params["a"] for params in drop_known(drawn, [{"a": 2, "b": None}, {"a": 3}])] == [
        params["a"] for params in drawn if params["a"] != 2
    ]


BAD = {
    "unknown": ({"lrr": [1]}, "'lrr' is not a parameter of the estimator; did you mean 'lr'"),
    "unknown, as others call it": (
        {"learning_rate": [1]},
        "'learning_rate' is not a parameter of the estimator; did you mean 'lr'",
    ),
    "unknown, as it is called elsewhere": (
        {"epochs": [1]},
        "'epochs' is not a parameter of the estimator; did you mean 'max_epochs'",
    ),
    "sizes that look like a range": (
        {"hidden_layer_sizes": (8, 16)},
        r"its choices are tuples, write a list: \[\(8, 16\)\]",
    ),
    "unknown in the second": (
        [{"lr": [1]}, {"dropuot": [1]}],
        "'dropuot' is not a parameter .* did you mean 'dropout'",
    ),
    "of nothing that takes arguments": ({"module__width": [1]}, "'module__width' is not a parameter"),
    "no dict": ([1], "must be a dict or a list of dicts"),
    "nothing": ({}, "param_distributions is empty"),
    "no alternatives": ([], "list of dicts that are not empty"),
    "empty alternatives": ([{}, {}], "param_distributions is empty"),
    "no values": ({"lr": []}, "the space of 'lr' is empty: give at least one value"),
    "a string": ({"lr": "abc"}, "the space of 'lr' is 'abc'; give a list of choices"),
    "a number": ({"lr": 3}, "the space of 'lr' is 3; give a list"),
    "a matrix": ({"lr": np.ones((2, 2))}, "give a list of choices"),
    "a set": ({"lr": {1, 2}}, "give a list of choices"),
    "a dict": ({"lr": {"a": 1}}, "give a list of choices"),
    "choices as a tuple": ({"activation": ("relu", "silu")}, "choices are a list"),
    "booleans as a tuple": ({"early_stopping": (False, True)}, "choices are a list"),
    "three numbers": ({"lr": (1, 2, 3)}, "choices are a list"),
    "upside down": ({"lr": (2, 1)}, "its lower bound must be below"),
    "a logarithm of zero": ({"lr": (0, 1, "log-uniform")}, "and above 0"),
}


@pytest.mark.parametrize(("written", "message"), BAD.values(), ids=BAD)
def test_bad_spaces(written, message):
    with pytest.raises(ValueError, match=message):
        Space(written, NetClassifier())


def test_parameters_of_a_part_that_is_searched_itself():
    """The part that stands there now need not have them."""
    pipeline = make_pipeline(StandardScaler(), "passthrough")
    space = {"passthrough": [Ridge()], "passthrough__alpha": [0.1, 1.0]}
    assert Space(space, pipeline).size == 2
    with pytest.raises(ValueError, match="'passthrough__alpha' is not a parameter"):
        Space({"passthrough__alpha": [1.0]}, pipeline)


def test_names_that_an_estimator_takes_without_having_them():
    """As skorch's nets take those of their modules and optimizers."""
    pipeline = make_pipeline(StandardScaler(), NeuralNetClassifier(torch.nn.Linear))
    space = {"neuralnetclassifier__module__bias": [True, False], "neuralnetclassifier__optimizer__momentum": [0.0, 0.9]}
    assert Space(space, pipeline).size == 4
    with pytest.raises(
        ValueError,
        match="'neuralnetclassifier__lrr' is not a parameter of the estimator; did you mean 'neuralnetclassifier__lr'",
    ):
        Space({"neuralnetclassifier__lrr": [1.0]}, pipeline)


def test_a_name_without_its_step():
    with pytest.raises(ValueError, match="'alpha' is not a parameter of the estimator; did you mean 'ridge__alpha'"):
        Space({"alpha": [1.0]}, make_pipeline(StandardScaler(), Ridge()))


def test_a_part_of_a_net_without_its_step():
    pipeline = make_pipeline(StandardScaler(), NeuralNetClassifier(torch.nn.Linear))
    with pytest.raises(
        ValueError,
        match="'module__bias' is not a parameter of the estimator; did you mean 'neuralnetclassifier__module__bias'",
    ):
        Space({"module__bias": [True, False]}, pipeline)


def test_misspelt_parts_of_a_net():
    net = NeuralNetClassifier(torch.nn.Linear)
    for estimator, prefix in [(net, ""), (make_pipeline(StandardScaler(), net), "neuralnetclassifier__")]:
        # skorch takes it until it is fitted.
        with pytest.raises(ValueError, match="modul__out_features' is not a parameter"):
            Space({f"{prefix}modul__out_features": [2]}, estimator)


def test_a_name_like_no_other():
    with pytest.raises(ValueError, match=r"it has \['alpha', 'copy_X'"):
        Space({"zzzzzzzzz": [1]}, Ridge())


def test_the_branch_of_parameters():
    """Those that no branch has are of the one that is most like them: of the first they
    were, whatever it says.
    """
    space = Space([{"a": [1], "lr": (0.1, 1.0)}, {"b": [1], "lr": (0.1, 1.0)}, {"b": [2], "lr": (0.1, 1.0)}])
    given = [{"a": 1, "lr": 0.5}, {"b": 2, "lr": 0.5}, {"b": 3, "lr": 0.5}, {"b": 1, "lr": 0.5, "width": 8}, {"c": 1}]
    assert [space.find_branch(params) for params in given] == [0, 2, 1, 1, 0]
