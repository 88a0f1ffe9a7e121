"""What a compiled training does beside its steps: schedules, averages, stopping,
divergence, being cancelled, going on.
"""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from sknet_hp.training.cancellation import Cancellation, Cancelled
from sknet_hp.training.job import Stopping
from sknet_hp.training.rules.averaging import Averaging, compute_ema_share
from sknet_hp.training.rules.schedules import SCHEDULES, Schedule
from sknet_hp.training.state import Rates, Reaction
from tests.helpers.jobs import is_same_result, list_losses, make_job, make_table
from tests.helpers.torch_loops import (
    compute_loss,
    draw_order,
    flatten_parameters,
    make_module,
    train_compiled,
    train_in_torch,
)

EPOCHS = 12  # of five steps


def job_with(n=70, **changes):
    return make_job(
        n=n, **{"optimizer": "adam", "rates": Rates(lr=1e-2), "batch_size": 15, "max_epochs": EPOCHS} | changes
    )


def adam(module, rates):
    return torch.optim.Adam(module.parameters(), lr=rates.lr, weight_decay=rates.weight_decay)


def agree(found, module):
    np.testing.assert_allclose(found, flatten_parameters(module), rtol=1e-4, atol=1e-4)


# ---- rates that change ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warmup", [0.0, 0.3])
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "plateau"])
def test_schedules(name, warmup):
    """Of the learning rate in each step, over a horizon that is longer than the
    training.
    """
    schedule = Schedule(name, min_factor=0.05, warmup=warmup, cycles=2)
    job = job_with(schedule=schedule, schedule_epochs=15)
    module = make_module(job)
    optimizer = adam(module, job.rates)

    def set_rate(epoch, step):
        optimizer.param_groups[0]["lr"] = 1e-2 * schedule.compute_factor((epoch + step / 5) / 15, 1 / 75)

    train_in_torch(job, module, optimizer, before_step=set_rate)
    agree(train_compiled(job).state.parameters, module)


def test_schedule_of_weight_decay():
    schedule = Schedule("cosine", warmup=0.2)
    job = job_with(decay_schedule=schedule, rates=Rates(lr=1e-2, weight_decay=0.5))
    module = make_module(job)
    optimizer = adam(module, job.rates)

    def set_decay(epoch, step):
        optimizer.param_groups[0]["weight_decay"] = 0.5 * schedule.compute_factor((epoch + step / 5) / EPOCHS, 1 / 60)

    train_in_torch(job, module, optimizer, before_step=set_decay)
    agree(train_compiled(job).state.parameters, module)


def validation_loss(job, module):
    with torch.no_grad():
        return float(compute_loss(job, module, job.validation.index))


def test_plateau_as_torch():
    job = job_with(
        n_valid=30,
        rates=Rates(lr=0.3),
        max_epochs=25,
        schedule=Schedule("plateau", patience=1, gamma=0.3, min_factor=0.01),
    )
    module = make_module(job)
    optimizer = adam(module, job.rates)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=1, min_lr=0.003)
    drops = []

    def fall(epoch):
        before = optimizer.param_groups[0]["lr"]
        torchs.step(validation_loss(job, module))
        if optimizer.param_groups[0]["lr"] < before:
            drops.append(epoch + 1)

    train_in_torch(job, module, optimizer, after_epoch=fall)
    result = train_compiled(job)
    assert len(drops) > 2
    assert result.state.plateau.drops[: len(drops)] == tuple(drops)
    assert result.state.plateau.factor * 0.3 == pytest.approx(optimizer.param_groups[0]["lr"])
    np.testing.assert_allclose(result.state.parameters, flatten_parameters(module), rtol=1e-3, atol=1e-3)


def test_plateau_where_nothing_is_held_out():
    """It falls after the epochs that the schedule names."""
    job = job_with(schedule=Schedule("plateau", gamma=0.5, drops=(3, 7)))
    module = make_module(job)
    optimizer = adam(module, job.rates)

    def set_rate(epoch, step):
        optimizer.param_groups[0]["lr"] = 1e-2 * 0.5 ** sum(epoch >= drop for drop in (3, 7))

    train_in_torch(job, module, optimizer, before_step=set_rate)
    result = train_compiled(job)
    agree(result.state.parameters, module)
    assert result.state.plateau.factor == 0.25


# ---- averages ------------------------------------------------------------------------------------------------------


def test_moving_average():
    job = job_with(averaging=Averaging("ema", decay=0.9))
    module = make_module(job)
    average, count = flatten_parameters(module), 0

    def follow(epoch, step):
        nonlocal average, count
        average = average + compute_ema_share(0.9, count) * (flatten_parameters(module) - average)
        count += 1

    train_in_torch(job, module, adam(module, job.rates), after_step=follow)
    result = train_compiled(job)
    assert result.state.average.count == count
    np.testing.assert_allclose(result.state.average.parameters, average, rtol=1e-4, atol=1e-4)
    agree(result.state.parameters, module)


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
def test_even_average_of_epochs(start):
    job = job_with(averaging=Averaging("swa", start=start))
    module, ends = make_module(job), []
    train_in_torch(
        job, module, adam(module, job.rates), after_epoch=lambda epoch: ends.append(flatten_parameters(module))
    )
    counted = ends[int(start * EPOCHS) :]
    result = train_compiled(job)
    assert result.state.average.count == len(counted)
    np.testing.assert_allclose(result.state.average.parameters, np.mean(counted or ends[-1:], 0), rtol=1e-4, atol=1e-4)


# ---- endings -------------------------------------------------------------------------------------------------------


def stopping_job(**changes):
    return job_with(n_valid=40, rates=Rates(lr=0.05), max_epochs=60, stopping=Stopping(patience=3), **changes)


@pytest.mark.parametrize("averaging", ["none", "ema"])
@pytest.mark.parametrize("min_delta", [0.0, 0.02])
def test_patience(averaging, min_delta):
    """The best epoch and the end follow from the validation losses; its weights are
    what it ended with.
    """
    job = stopping_job(averaging=Averaging(averaging, decay=0.9))
    job = replace(job, stopping=Stopping(3, min_delta))
    result = train_compiled(job)
    best, waited = (np.inf, 0), 0
    for record in result.history:
        if record.valid_loss < best[0] - min_delta or not best[1]:
            best, waited = (record.valid_loss, record.epoch), 0
        else:
            waited += 1
    state = result.state
    assert (state.best_loss, state.best_epoch, state.waited) == (*best, waited)
    assert (state.finished, waited) == ("patience", 3)
    assert len(result.history) == state.epoch < 60
    until = train_compiled(replace(job, max_epochs=state.best_epoch)).state
    shown = until if averaging == "none" else until.average
    assert np.array_equal(state.best_parameters, shown.parameters)


def test_validation_losses():
    """Means over the rows that are held out, by weight, and the share of those that are
    right.
    """
    weight = np.random.default_rng(0).random(110).astype(np.float32)
    job = job_with(n=70, n_valid=40, table=make_table(110, weight=weight), max_epochs=1)
    result, module = train_compiled(job), make_module(job)
    train_in_torch(job, module, adam(module, job.rates))
    assert result.history[0].valid_loss == pytest.approx(validation_loss(job, module), rel=1e-4)
    right = (
        module(torch.tensor(job.train.table.X.floats[-40:], dtype=torch.float64)).argmax(1).numpy()
        == job.train.table.y[-40:]
    )
    assert result.history[0].valid_acc == pytest.approx(np.average(right, weights=weight[-40:]), rel=1e-5)


@pytest.mark.parametrize("averaging", ["none", "ema", "swa"])
@pytest.mark.parametrize("n_valid", [0, 30])
def test_divergence(averaging, n_valid):
    """It ends; what was before the epoch in which it happened is kept, and the epoch is
    reported.
    """
    job = job_with(
        n_valid=n_valid,
        loss="mse",
        optimizer="sgd",
        rates=Rates(lr=8.0),
        max_epochs=50,
        averaging=Averaging(averaging, start=0.0),
        activation="relu",
    )
    result = train_compiled(job)
    assert result.state.finished == "diverged"
    diverged = len(result.history)
    assert 1 <= diverged == result.state.epoch < 50
    before = train_compiled(replace(job, max_epochs=diverged - 1)) if diverged > 1 else None
    assert np.isfinite(result.state.parameters).all()
    if before is not None:
        assert np.array_equal(result.state.parameters, before.state.parameters)
        assert result.state.average is None or np.array_equal(
            result.state.average.parameters, before.state.average.parameters
        )


@pytest.mark.parametrize("cores", [1, 2])
def test_called_off_within_half_a_second(cores, monkeypatch):
    """Of the processor's time, as others may keep it: of a training that would take
    minutes.
    """
    from sknet_hp.training.compiled import training

    monkeypatch.setattr(training, "is_worth_sharing", lambda job: True)
    cancellation, outcome = Cancellation(), []
    job = make_job(n=20_000, n_features=50, width=64, batch_size=256, max_epochs=10_000)

    def work():
        try:
            train_compiled(job, cores, cancellation)
        except Cancelled:
            outcome.append("cancelled")

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    begin = time.process_time()
    cancellation.set()
    thread.join(60)
    assert outcome == ["cancelled"]
    assert time.process_time() - begin < 0.5 * cores


# ---- going on, looking on ------------------------------------------------------------------------------------------

FULL = {
    "schedule": Schedule("cosine", warmup=0.2),
    "decay_schedule": Schedule("linear"),
    "dropout_schedule": Schedule("linear"),
    "averaging": Averaging("ema", decay=0.9),
    "rates": Rates(lr=1e-2, weight_decay=1e-2, clip=0.5),
    "stopping": Stopping(patience=20),
    "dropout": 0.2,
    "normalization": "batch",
}


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "radam", "lion", "nesterov", "adagrad"])
def test_going_on_is_training_on(optimizer):
    """4 + 5 + 3 epochs are 12, bit for bit."""
    job = job_with(n_valid=30, **FULL | {"optimizer": optimizer, "schedule_epochs": EPOCHS})
    whole, state = train_compiled(job), None
    for until in (4, 9, EPOCHS):
        part = train_compiled(replace(job, start=state, max_epochs=until))
        state = part.state
    assert is_same_result(replace(part, history=whole.history), whole)
    assert list_losses(part).tolist() == list_losses(whole)[9:].tolist()


class Looking:
    """Sees each epoch, and changes nothing."""

    def __init__(self):
        self.epochs = []

    def on_epoch_begin(self):
        return Reaction()

    def on_epoch_end(self, record, state):
        self.epochs.append((record.epoch, state.epoch, state.step))
        return Reaction()


def test_looking_on_changes_nothing():
    observer = Looking()
    job = job_with(n_valid=30, **FULL)
    assert is_same_result(train_compiled(replace(job, observer=observer)), train_compiled(job))
    assert observer.epochs == [(epoch, epoch, 5 * epoch) for epoch in range(1, EPOCHS + 1)]


def test_orders_of_rows():
    """Each epoch has every row once, in an order of its own, which follows from the
    seed.
    """
    job = job_with(n=70)
    drawn = [draw_order(job, epoch) for epoch in range(3)]
    assert all(np.array_equal(np.sort(rows), np.arange(70)) for rows in drawn)
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], draw_order(replace(job, seed=1), 0))
    assert np.array_equal(draw_order(replace(job, shuffle=False), 0), np.arange(70))
    first = np.array([draw_order(job, epoch)[0] for epoch in range(4000)])
    counts = np.bincount(first, minlength=70)
    chi_squared = ((counts - 4000 / 70) ** 2 / (4000 / 70)).sum()
    assert chi_squared < 130  # with 69 degrees of freedom: one in a hundred thousand


@pytest.mark.parametrize("cores", [2, 3, 5])
@pytest.mark.parametrize("changes", [{}, {"input_noise": 0.1, "mixup_alpha": 0.4}], ids=["plain", "augmented"])
def test_cores_do_not_show(monkeypatch, cores, changes):
    from sknet_hp.training.compiled import training

    monkeypatch.setattr(training, "is_worth_sharing", lambda job: True)
    job = job_with(n=150, n_valid=70, **FULL | {"batch_size": 75, "max_epochs": 3, "width": 40} | changes)
    assert is_same_result(train_compiled(job, cores), train_compiled(job))
