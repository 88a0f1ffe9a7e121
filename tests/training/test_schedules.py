from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sknet_hp.training.cohort import train
from sknet_hp.training.job import Rates
from sknet_hp.training.schedules import SCHEDULES

VALUES = {
    "constant": {0: 1, 0.25: 1, 0.5: 1, 1: 1, 1.5: 1},
    "linear": {0: 1, 0.25: 0.75, 0.5: 0.5, 1: 0, 1.5: 0},
    "cosine": {0: 1, 1 / 3: 0.75, 0.5: 0.5, 2 / 3: 0.25, 1: 0, 1.5: 0},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values(name):
    for t, value in VALUES[name].items():
        assert SCHEDULES[name](t) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_start_at_one_and_never_rise(name):
    factors = [SCHEDULES[name](t) for t in np.linspace(0, 2, 201)]
    assert factors[0] == 1
    assert (np.diff(factors) <= 0).all()
    assert min(factors) >= 0


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_bends_training_as_it_says(name, make_job, same_result):
    """Plain gradient descent with one step an epoch: the change of weights in epoch e is lr · factor · gradient."""
    horizon = 4
    job = make_job(n=20, optimizer="sgd", schedule=name, schedule_epochs=horizon, max_epochs=1, rates=Rates(lr=1e-2), batch_size=20)
    states = [train([job])[0].state]
    for epoch in range(2, 6):
        states.append(train([replace(job, max_epochs=epoch, start=states[-1])])[0].state)
    for before, after in pairwise(states):
        gradient = after.slots[0]  # without momentum, the buffer is the last gradient
        expected = -1e-2 * SCHEDULES[name](before.epoch / horizon) * gradient
        np.testing.assert_allclose(after.parameters - before.parameters, expected, atol=2e-7)
