"""What a process has set must not show in the numbers, and is as it was afterwards."""

import threading

import numpy as np
import pytest
import torch

from sknet_hp import NetClassifier
from sknet_hp.training.environment import use_deterministic_cuda
from sknet_hp.training.stacked.cohort import train_cohort
from tests.helpers.jobs import is_same_result, make_job


@pytest.fixture
def elsewhere():
    """Tensors that do not say their device go where nothing can be computed."""
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


def test_another_default_device(elsewhere):
    changes = {"n_valid": 30, "dropout": 0.2, "input_noise": 0.1}
    (result,) = train_cohort([make_job(**changes)])
    torch.set_default_device(None)
    (expected,) = train_cohort([make_job(**changes)])
    assert is_same_result(result, expected)


@pytest.mark.parametrize("init", ["auto", "ntk"])
def test_an_estimator_under_another_default_device(elsewhere, init):
    X = np.random.default_rng(0).normal(size=(80, 4))
    y = (X[:, 0] > 0).astype(int)
    net = NetClassifier(max_epochs=3, width=8, init=init, mixup_alpha=0.2, random_state=0)
    under = net.fit(X, y).predict_proba(X)
    torch.set_default_device(None)
    assert np.array_equal(net.fit(X, y).predict_proba(X), under)


def test_flags_of_the_process_stay_until_the_last_has_ended():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with use_deterministic_cuda():
            entered.set()
            assert leave.wait(20)

    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic
    thread = threading.Thread(target=other)
    with use_deterministic_cuda():
        thread.start()
        assert entered.wait(20)
    assert torch.are_deterministic_algorithms_enabled(), "the other one still needs it"
    leave.set()
    thread.join()
    assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic) == before
