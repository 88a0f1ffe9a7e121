import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from sknet_hp.training.rules.schedules import SCHEDULES, Schedule
from sknet_hp.training.rules.stopping import Plateau
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.jobs import is_close_result, make_job

VALUES = {
    "constant": {0: 1, 0.25: 1, 0.5: 1, 1: 1, 1.5: 1},
    "step": {0: 1, 0.33: 1, 1 / 3: 0.1, 0.5: 0.1, 2 / 3: 0.01},
    "exponential": {0: 1, 0.5: 0.1, 1: 0.01, 1.5: 0.01},
    "linear": {0: 1, 0.25: 0.75, 0.5: 0.5, 1: 0, 1.5: 0},
    "cosine": {0: 1, 1 / 3: 0.75, 0.5: 0.5, 2 / 3: 0.25, 1: 0, 1.5: 0},
    "cosine_restarts": {0: 1, 1 / 6: 0.5, 1 / 3: 1, 0.5: 0.5, 2 / 3: 1, 1: 0},
    "one_cycle": {0: 0.04, 0.15: 0.52, 0.3: 1, 0.65: 0.5, 1: 0, 1.5: 0},
    "cyclic": {0: 0, 1 / 6: 1, 1 / 3: 0, 0.5: 1, 1: 0},
    "plateau": {0: 1, 1: 1},
    "flat_cos": {0: 1, 0.49: 1, 0.75: 0.5, 1: 0},
    "coslog4": {0: 0, (2**0.5 - 1) / 15: 1, 1 / 15: 0, (2**1.5 - 1) / 15: 1, 3 / 15: 0, 1: 0},
}
SETTINGS = {"exponential": {"min_factor": 0.01}, "cosine_restarts": {"cycles": 3}, "cyclic": {"cycles": 3}}


def schedule(name, **settings):
    return Schedule(name, **(SETTINGS.get(name, {}) | settings))


@pytest.mark.parametrize("name", SCHEDULES)
def test_values(name):
    for t, value in VALUES[name].items():
        assert schedule(name).compute_factor(t) == pytest.approx(value, abs=1e-9), t


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("min_factor", [0.01, 0.3, 1.0])
def test_factors_stay_in_bounds(name, warmup, min_factor):
    factors = [schedule(name, min_factor=min_factor, warmup=warmup).compute_factor(t) for t in np.linspace(0, 2, 201)]
    low = 0 if warmup else min_factor
    assert low - 1e-12 <= min(factors) <= max(factors) <= 1 + 1e-12
    if not warmup:
        assert max(factors) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_comes_before_the_schedule(name):
    plain, warmed = schedule(name), schedule(name, warmup=0.2)
    for t in (0.2, 0.5, 1.0):
        assert warmed.compute_factor(t) == pytest.approx(plain.compute_factor((t - 0.2) / 0.8))
    assert warmed.compute_factor(0.0) == 0
    assert warmed.compute_factor(0.0, step=0.05) == pytest.approx(plain.compute_factor(0) / 4)
    assert warmed.compute_factor(0.1) == pytest.approx(plain.compute_factor(0) / 2)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_that_takes_all_the_time_rises_to_the_beginning(name):
    plain, warmed = schedule(name), schedule(name, warmup=1.0)
    for t in (0.0, 0.25, 0.5):
        assert warmed.compute_factor(t, step=0.25) == pytest.approx(plain.compute_factor(0) * (t + 0.25))
    assert warmed.compute_factor(1.0) == warmed.compute_factor(1.5) == plain.compute_factor(1.0)


# ---- torch's schedulers, where it has them -------------------------------------------------------------------------

EPOCHS = 24
scheduler = torch.optim.lr_scheduler
TORCH = {
    "step": lambda o: scheduler.StepLR(o, step_size=EPOCHS // 3, gamma=0.1),
    "exponential": lambda o: scheduler.ExponentialLR(o, gamma=0.01 ** (1 / EPOCHS)),
    "linear": lambda o: scheduler.LinearLR(o, 1.0, 0.0, total_iters=EPOCHS),
    "cosine": lambda o: scheduler.CosineAnnealingLR(o, EPOCHS),
    "cosine_restarts": lambda o: scheduler.CosineAnnealingWarmRestarts(o, EPOCHS // 3),
    "one_cycle": lambda o: scheduler.OneCycleLR(
        o, 1.0, EPOCHS + 1, pct_start=(0.3 * EPOCHS + 1) / (EPOCHS + 1), final_div_factor=1e12
    ),
    "cyclic": lambda o: scheduler.CyclicLR(o, 0.0, 1.0, step_size_up=EPOCHS // 6, cycle_momentum=False),
}


@pytest.mark.filterwarnings("ignore:To get the last learning rate")
@pytest.mark.parametrize("name", TORCH)
def test_equal_to_torch(name):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    theirs = TORCH[name](optimizer)
    expected = []
    for _ in range(EPOCHS):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    ours = [schedule(name).compute_factor(epoch / EPOCHS) for epoch in range(EPOCHS)]
    np.testing.assert_allclose(ours, expected, atol=1e-7)


def test_restarts_with_longer_and_longer_cycles():
    """As torch's with T_0 = 2 and T_mult = 2: cycles of 2, 4 and 8 epochs."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = scheduler.CosineAnnealingWarmRestarts(optimizer, 2, T_mult=2)
    ours = Schedule("cosine_restarts", cycles=3, cycle_mult=2)
    for epoch in range(14):
        assert ours.compute_factor(epoch / 14) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()


# ---- in training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"plateau"}))
def test_a_schedule_bends_training_as_it_says(name):
    """Plain gradient descent with one step an epoch: the change of weights in epoch e
    is lr · factor · gradient.
    """
    horizon = 4
    job = make_job(
        n=20,
        optimizer="sgd",
        schedule=schedule(name, warmup=0.1),
        schedule_epochs=horizon,
        max_epochs=1,
        rates=Rates(lr=1e-2),
        batch_size=20,
    )
    states = [train_cohort([job])[0].state]
    for epoch in range(2, 6):
        states.append(train_cohort([replace(job, max_epochs=epoch, start=states[-1])])[0].state)
    for before, after in pairwise(states):
        gradient = after.slots[0]  # without momentum, the buffer is the last gradient
        expected = -1e-2 * job.schedule.compute_factor(before.epoch / horizon, 1 / horizon) * gradient
        np.testing.assert_allclose(after.parameters - before.parameters, expected, atol=2e-7)


def test_settings_may_differ_within_a_cohort():
    schedules = [
        Schedule("cosine", warmup=0.3),
        Schedule("step", gamma=0.5, step_size=0.2),
        Schedule("cosine_restarts", cycles=2, cycle_mult=2.0),
        Schedule("plateau", gamma=0.5, patience=1),
        Schedule("plateau", gamma=0.1, patience=0),
        Schedule("exponential", min_factor=0.1),
    ]
    jobs = [make_job(n_valid=30, schedule=s, max_epochs=6, schedule_epochs=8, rates=Rates(lr=5e-2)) for s in schedules]
    assert len({job.key for job in jobs}) == 1
    for job, together in zip(jobs, train_cohort(jobs), strict=True):
        (alone,) = train_cohort([job])
        assert is_close_result(alone, together)


def test_plateau_equals_torch():
    """The learning rates that torch's ReduceLROnPlateau would have set after each of
    these losses.
    """
    job = make_job(
        n_valid=30,
        schedule=Schedule("plateau", gamma=0.5, patience=1, min_factor=0.1),
        max_epochs=30,
        rates=Rates(lr=0.3),
        width=32,
    )
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, min_lr=0.1)
    state, factors = None, []
    for epoch in range(1, 31):
        (result,) = train_cohort([replace(job, max_epochs=epoch, start=state)])
        state = result.state
        optimizer.step()
        theirs.step(result.history[-1].valid_loss)
        factors.append(optimizer.param_groups[0]["lr"])
        assert state.plateau.factor == pytest.approx(factors[-1])
    assert min(factors) == 0.1
    assert math.isfinite(state.plateau.best)
    (whole,) = train_cohort([job])  # in one go
    assert np.array_equal(whole.state.parameters, state.parameters)


@pytest.mark.parametrize("best", [1.0, 0.0, -1.0])
def test_plateau_of_losses_of_any_sign(best):
    """A loss of counts may be negative; a little worse than the best is never better."""
    plateau, settings = Plateau(), Schedule("plateau", gamma=0.5, patience=1)
    for epoch, loss in enumerate([best, best + 5e-5, best, best, best], 1):
        plateau = plateau.compute_next(epoch, loss, settings)
    assert plateau.best == best
    assert plateau.drops == (3, 5)
    assert plateau.compute_next(6, best - 1e-3, settings).best == best - 1e-3


def test_plateau_begins_after_the_warm_up():
    """Losses that are slow to fall because the learning rate has not risen yet are no
    reason to lower it.
    """
    job = make_job(
        n_valid=30, schedule=Schedule("plateau", gamma=0.5, patience=0, warmup=0.5), max_epochs=12, rates=Rates(lr=1e-9)
    )
    factors, state = [], None
    for epoch in range(1, 13):
        state = train_cohort([replace(job, max_epochs=epoch, schedule_epochs=12, start=state)])[0].state
        factors.append(state.plateau.factor)
    assert factors[:7] == [1.0] * 7  # six epochs of warm-up, and one to compare with
    assert factors[7:] == [0.5**k for k in range(1, 6)]


def test_another_schedule_knows_nothing_of_the_plateau():
    job = make_job(
        n_valid=30, schedule=Schedule("plateau", patience=0), max_epochs=4, rates=Rates(lr=1e-9), optimizer="sgd"
    )
    fallen = train_cohort([job])[0].state
    assert fallen.plateau.factor < 1
    going_on = replace(job, schedule=Schedule("constant"), rates=Rates(lr=0.1), max_epochs=6)
    with_it, without = (
        train_cohort([replace(going_on, start=start)])[0].state
        for start in (fallen, replace(fallen, plateau=Plateau()))
    )
    assert np.array_equal(with_it.parameters, without.parameters)
