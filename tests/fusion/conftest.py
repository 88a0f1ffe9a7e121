import threading

import numpy as np
import pytest

import sknet_hp.fusion.engine
from sknet_hp import NetClassifier
from tests.helpers.scripts import wait_until

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32)
y = (X[:, 0] + 0.3 * rng.normal(size=60) > 0).astype(int)


def make_net(seed=0, **parameters):
    return NetClassifier(
        **{"width": 8, "n_layers": 1, "max_epochs": 2, "early_stopping": False, "random_state": seed} | parameters
    )


def fit_net(seed=0, **parameters):
    """The weights of a network, quickly trained."""
    return make_net(seed, **parameters).fit(X, y).parameters_


@pytest.fixture
def data():
    return X, y


@pytest.fixture
def net():
    return make_net


@pytest.fixture
def fit():
    return fit_net


@pytest.fixture(scope="session")
def alone():
    """Weights as they are without any backend, by seed."""
    return [fit_net(seed) for seed in range(64)]


@pytest.fixture
def new_engine(monkeypatch):
    """An engine of this test's own."""
    engine = sknet_hp.fusion.engine.Engine()
    monkeypatch.setattr(sknet_hp.fusion.engine, "_ENGINE", engine)
    return engine


def task_threads():
    return [
        t
        for t in threading.enumerate()
        if t.name.startswith(("sknet_hp-task", "sknet_hp-training", "sknet_hp-engine", "sknet_hp-cluster"))
    ]


@pytest.fixture(autouse=True)
def no_thread_left():
    """Every test here ends with no thread of the engine's."""
    yield
    assert wait_until(lambda: not task_threads()), task_threads()
