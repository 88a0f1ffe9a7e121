"""Numbers do not depend on company: one grid of networks, trained in every way there
is, with `==` on every number.
"""

import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from torch import nn

import sknet_hp
from sknet_hp.skorch import NeuralNetClassifier
from sknet_hp.system import processors
from sknet_hp.training.compiled import training
from tests.reproducibility import networks
from tests.reproducibility.networks import (
    KINDS,
    NETWORKS,
    VARIATIONS,
    bits,
    data,
    digest,
    fit,
    network,
    with_parameters,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of those that diverge


@contextmanager
def torch_threads(n):
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train_all(estimators=NETWORKS):
    """Fit copies of all, in the joblib backend that is set."""
    fitted = joblib.Parallel()(joblib.delayed(fit)(clone(estimator)) for estimator in estimators.values())
    return dict(zip(estimators, fitted, strict=True))


def assert_same_bits(fitted, expected):
    assert set(fitted) <= set(expected)
    for name, estimator in fitted.items():
        for what, numbers in bits(estimator).items():
            assert np.array_equal(numbers, expected[name][what], equal_nan=True), f"{what} of {name}"


@pytest.fixture(scope="module")
def serial():
    """Every network trained by itself, outside of any backend."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: bits(fit(clone(estimator))) for name, estimator in NETWORKS.items()}


def test_the_grid_is_worth_training(serial):
    """Networks differ from each other, some stop early, and those that are to diverge
    do.
    """
    first = {numbers["outputs"].tobytes() for numbers in serial.values()}
    assert len(first) >= len(serial) - 1
    assert any(serial["early stopping", k]["epochs"][0] < 8 for k in range(len(VARIATIONS)))
    for name in NETWORKS:
        assert np.isfinite(serial[name]["history"]).all() == (name[1] != "diverging"), name


@pytest.mark.parametrize("n_jobs", [1, 5])
def test_fused(serial, n_jobs):
    with sknet_hp.fused(n_jobs=n_jobs):
        assert_same_bits(train_all(), serial)


@pytest.mark.parametrize("cores", [2, 3, pytest.param(7, marks=pytest.mark.slow)])
def test_on_so_many_cores(serial, cores, monkeypatch):
    """Each network shared out over cores, however small it is, and however many cores
    there are.
    """
    monkeypatch.setattr(training, "is_worth_sharing", lambda job: True)
    monkeypatch.setattr(processors, "count_cores", lambda: cores)
    with torch_threads(cores):
        assert_same_bits(
            {name: fit(clone(estimator)) for name, estimator in NETWORKS.items() if name[1] in (0, 1)}, serial
        )


def test_without_a_session(serial):
    with joblib.parallel_config(backend="fused", n_jobs=2):
        assert_same_bits(train_all(), serial)


@pytest.mark.parametrize("fused", [False, True])
def test_with_two_torch_threads(serial, fused):
    with torch_threads(2), sknet_hp.fused(n_jobs=2) if fused else nullcontext():
        assert_same_bits(train_all(), serial)


def test_in_a_process_with_two_threads(serial):
    variables = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    script = subprocess.run(
        [sys.executable, networks.__file__],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert script.stdout == "".join(f"{name} {digest(numbers)}\n" for name, numbers in serial.items())


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_in_other_backends(serial, backend):
    with torch_threads(2), joblib.parallel_config(backend, n_jobs=2):
        assert_same_bits(train_all(), serial)
        assert torch.get_num_threads() == 2


def test_beside_threads_that_compute_in_float64(serial):
    """torch's default dtype is the whole process's: no network of ours may lean on it
    while another thread may set it.
    """
    some = {name: estimator for name, estimator in NETWORKS.items() if name[1] in (0, 1) and name[0] != "own module"}
    torch.set_default_dtype(torch.float64)
    try:
        with joblib.parallel_config("threading", n_jobs=4):
            assert_same_bits(train_all(some), serial)
        assert torch.get_default_dtype() == torch.float64
        with sknet_hp.fused(n_jobs=1):
            assert_same_bits(train_all(some), serial)
    finally:
        torch.set_default_dtype(torch.float32)


class Perceptron(nn.Module):
    def __init__(self, width=16, dropout=0.2):
        super().__init__()
        self.first, self.norm, self.last, self.dropout = (
            nn.Linear(6, width),
            nn.BatchNorm1d(width),
            nn.Linear(width, 3),
            nn.Dropout(dropout),
        )

    def forward(self, x):
        x = self.dropout(torch.relu(self.norm(self.first(x))))
        return self.last(x + torch.tanh(x))


class Convolution(nn.Module):
    def __init__(self, width=4, dropout=0.2):
        super().__init__()
        self.first, self.last, self.dropout = nn.Conv1d(1, width, 3), nn.Linear(4 * width, 3), nn.Dropout(dropout)

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.first(x.unsqueeze(1))).flatten(1)))


@pytest.mark.parametrize("module", [Perceptron, Convolution])
@pytest.mark.filterwarnings("ignore:.*train through torch:UserWarning")
def test_skorch_nets_with_modules_of_the_users(module):
    X, y, _, _ = data(NETWORKS["plain", 0])
    net = NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        max_epochs=3,
        batch_size=32,
        random_state=3,
        verbose=0,
    )

    def searched():
        search = GridSearchCV(
            net, {"lr": [1e-3, 1e-2], "module__dropout": [0.1, 0.3]}, cv=3, scoring="neg_log_loss", error_score="raise"
        ).fit(X.astype(np.float32), y)
        weights = np.concatenate([p.detach().numpy().ravel() for p in search.best_estimator_.module_.parameters()])
        return scores(search.cv_results_), weights, search.best_estimator_.history[:, "valid_loss"]

    expected = searched()
    for threads in (1, 2):
        with torch_threads(threads), sknet_hp.fused(n_jobs=2):
            found = searched()
        for name, values in expected[0].items():
            assert np.array_equal(found[0][name], values), (threads, name)
        assert np.array_equal(found[1], expected[1])
        assert found[2] == expected[2]


def test_predictions_do_not_depend_on_threads():
    """Also those of many rows, over which torch would share them out."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((9001, 20))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    for parameters in (
        {"width": 128},
        {"width": 100, "normalization": "batch", "activation": "gelu"},
        {"width": 33, "normalization": "layer"},
    ):
        net = sknet_hp.NetRegressor(**parameters, max_epochs=1, batch_size=256, random_state=0).fit(X[:1000], y[:1000])
        with torch_threads(1):
            one = net.predict(X)
        with torch_threads(2):
            two = net.predict(X)
        assert np.array_equal(one, two), parameters


# ---- continuation --------------------------------------------------------------------------------------------------


def continued(estimator, *epochs):
    X, y, _, _ = data(estimator)
    for n in epochs:
        with_epochs = {f"{estimator.steps[-1][0]}__max_epochs" if hasattr(estimator, "steps") else "max_epochs": n}
        estimator.set_params(**with_epochs).fit(X, y)
    return estimator


CONTINUED = {
    (kind, k): with_parameters(
        KINDS[kind], variation | {"warm_start": True, "schedule_epochs": 9, "lr_schedule": "cosine", "dropout": 0.2}
    )
    for kind in [
        "dropout",
        "batch normalisation",
        "layer normalisation",
        "early stopping",
        "not restored",
        "smaller than a batch",
        "moving average",
        "even average",
        "pipeline",
        "sgd",
        "lion",
    ]
    for k, variation in enumerate(VARIATIONS)
}


@pytest.mark.parametrize("cut", [3, 8])
def test_three_epochs_and_six_are_nine(cut):
    """Serially, and beside each other."""
    whole = {name: bits(continued(clone(estimator), 9)) for name, estimator in CONTINUED.items()}
    assert any(numbers["epochs"][0] < 9 for numbers in whole.values())  # some stop early
    assert_same_bits({name: continued(clone(estimator), cut, 9) for name, estimator in CONTINUED.items()}, whole)
    with sknet_hp.fused(n_jobs=1):
        fitted = joblib.Parallel()(
            joblib.delayed(continued)(clone(estimator), cut, 9) for estimator in CONTINUED.values()
        )
    assert_same_bits(dict(zip(CONTINUED, fitted, strict=True)), whole)


# ---- scikit-learn's own searches -----------------------------------------------------------------------------------


def scores(results):
    return {name: values for name, values in results.items() if "score" in name and "time" not in name}


@pytest.mark.parametrize("kind", ["batch normalisation", "early stopping, regression", "pipeline"])
def test_grid_search(kind):
    estimator = with_parameters(KINDS[kind], {"random_state": 3})
    X, y, _, _ = data(estimator)
    prefix = f"{estimator.steps[-1][0]}__" if hasattr(estimator, "steps") else ""
    grid = {prefix + "lr": [1e-3, 1e-2], prefix + "width": [8, 16]}

    def search():
        return GridSearchCV(
            clone(estimator), grid, cv=KFold(4, shuffle=True, random_state=0), return_train_score=True
        ).fit(X, y)

    expected = search()
    with sknet_hp.fused(n_jobs=2):
        found = search()
    assert found.best_params_ == expected.best_params_
    for name, values in scores(expected.cv_results_).items():
        assert np.array_equal(found.cv_results_[name], values), name
    assert np.array_equal(network(found.best_estimator_).parameters_, network(expected.best_estimator_).parameters_)


def test_nested_cross_validation():
    estimator = with_parameters(KINDS["dropout"], {"random_state": 3})
    X, y, _, _ = data(estimator)

    def nested():
        return scores(
            cross_validate(
                GridSearchCV(clone(estimator), {"lr": [1e-3, 1e-2]}, cv=3), X, y, cv=3, return_train_score=True
            )
        )

    expected = nested()
    with sknet_hp.fused(n_jobs=2):
        found = nested()
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name


def test_a_numpy_integer_is_an_integer(serial):
    net = with_parameters(KINDS["plain"], {"random_state": np.int64(0)})
    assert_same_bits({("plain", 0): fit(net)}, serial)


def test_global_generators_have_no_part_in_it(serial):
    np.random.seed(11)  # noqa: NPY002
    torch.manual_seed(12)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    assert_same_bits({("batch normalisation", 0): fit(clone(NETWORKS["batch normalisation", 0]))}, serial)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
