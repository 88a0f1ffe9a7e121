"""What becomes of members of a cohort that stop, diverge or are cancelled."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sknet_hp.nets.init import draw_parameters
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import EncodedTable, Stopping
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.jobs import is_close_result, is_same_result, list_losses, make_job, make_table

# ---- stopping -------------------------------------------------------------------------------------------------------


def overfitting_job(**changes):
    """Few rows, and validation rows whose classes are noise: the validation loss soon
    rises.
    """
    table = make_table(60)
    y = table.y.copy()
    y[-30:] = np.random.default_rng(3).integers(0, 3, 30)
    return make_job(
        table=EncodedTable(table.X, y), n_valid=30, width=32, **({"rates": Rates(lr=2e-2), "max_epochs": 40} | changes)
    )


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_patience(patience):
    job = overfitting_job(stopping=Stopping(patience=patience))
    (result,) = train_cohort([job])
    valid = list_losses(result)[:, 2]
    assert result.state.finished == "patience"
    assert result.state.epoch == len(valid) < 40
    assert result.state.best_epoch == np.argmin(valid) + 1 == result.state.epoch - patience
    assert result.state.best_loss == valid.min()
    waits = np.diff(np.flatnonzero(valid == np.minimum.accumulate(valid)))
    assert (waits <= patience).all(), "it has missed an earlier occasion"


def test_best_weights_are_those_of_the_best_epoch():
    job = overfitting_job(stopping=Stopping(patience=3))
    (result,) = train_cohort([job])
    (shorter,) = train_cohort([replace(job, max_epochs=result.state.best_epoch)])
    assert np.array_equal(result.state.best_parameters, shorter.state.parameters)
    assert not np.array_equal(result.state.best_parameters, result.state.parameters)
    assert np.array_equal(result.get_weights(restore_best=True)[0], result.state.best_parameters)
    assert np.array_equal(result.get_weights(restore_best=False)[0], result.state.parameters)
    (whole,) = train_cohort([replace(job, max_epochs=result.state.epoch, stopping=Stopping(patience=None))])
    assert np.array_equal(whole.state.parameters, result.state.parameters)


def test_without_patience_all_epochs_are_trained():
    (result,) = train_cohort([overfitting_job(stopping=Stopping(patience=None), max_epochs=15)])
    assert result.state.epoch == 15
    assert result.state.finished == ""
    assert result.state.best_epoch == np.argmin(list_losses(result)[:, 2]) + 1


def test_min_delta():
    (result,) = train_cohort([overfitting_job(stopping=Stopping(patience=2, min_delta=10.0))])
    assert result.state.epoch == 3  # nothing improves by ten: the first epoch stays the best
    assert result.state.best_epoch == 1


def test_epochs_that_nothing_judges_are_not_waited_for():
    # Nothing improves: the first epoch stays the best.
    job = overfitting_job(stopping=Stopping(patience=3, min_delta=10.0), max_epochs=2)
    state = train_cohort([job])[0].state
    state = train_cohort([replace(job, validation=None, max_epochs=9, start=state)])[0].state
    state = train_cohort([replace(job, max_epochs=40, start=state)])[0].state
    assert (state.epoch, state.best_epoch, state.finished) == (11, 1, "patience")


def test_a_training_that_stopped_stays_stopped():
    job = overfitting_job(stopping=Stopping(patience=1))
    (result,) = train_cohort([job])
    (again,) = train_cohort([replace(job, max_epochs=100, start=result.state)])
    assert again.history == []
    assert again.state.epoch == result.state.epoch
    assert np.array_equal(again.state.parameters, result.state.parameters)
    assert np.array_equal(again.state.best_parameters, result.state.best_parameters)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("cut", [1, 3, 8])
def test_continuation(optimizer, cut):
    """A training in two parts is the training in one."""
    job = make_job(
        n_valid=30,
        normalization="batch",
        dropout=0.3,
        optimizer=optimizer,
        schedule=Schedule("cosine"),
        schedule_epochs=9,
        max_epochs=9,
        rates=Rates(lr=1e-2, momentum=0.9),
        stopping=Stopping(patience=4),
    )
    (whole,) = train_cohort([job])
    (first,) = train_cohort([replace(job, max_epochs=cut)])
    (second,) = train_cohort([replace(job, start=first.state)])
    assert is_same_result(replace(second, history=first.history + second.history), whole)


# ---- divergence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_divergence(optimizer, position):
    jobs = [
        make_job(seed=k, loss="mse", n_valid=20, optimizer=optimizer, max_epochs=4, activation="relu", dropout=0.2)
        for k in range(3)
    ]
    jobs[position] = replace(jobs[position], rates=Rates(lr=1e10))
    results = train_cohort(jobs)
    bad = results[position].state
    assert bad.finished == "diverged"
    assert np.isfinite(bad.parameters).all()
    assert np.isfinite(bad.slots).all()
    start = draw_parameters(jobs[0].graph, position)
    assert bad.epoch == 1
    assert np.array_equal(
        bad.parameters, np.concatenate([start[name].numpy().ravel() for name, _ in jobs[0].graph.parameters])
    )
    for k, (job, result) in enumerate(zip(jobs, results, strict=True)):
        assert is_close_result(result, train_cohort([job])[0])
        assert (result.state.finished == "diverged") == (k == position)


def test_each_keeps_the_weights_before_its_own_divergence():
    """Linear regressions at rates that blow up in different, also in neighbouring,
    epochs.
    """
    jobs = [
        make_job(n=64, loss="mse", n_layers=0, optimizer="sgd", max_epochs=60, seed=k, rates=Rates(lr=lr))
        for k, lr in enumerate([0.1, *np.linspace(3, 20, 9)])
    ]
    together = train_cohort(jobs)
    ends = sorted(r.state.epoch for r in together if r.state.finished == "diverged")
    assert len(ends) == 9
    assert 1 in np.diff(ends)  # neighbouring epochs are among them
    for job, result in zip(jobs, together, strict=True):
        alone = train_cohort([job])[0]
        assert alone.state.finished == result.state.finished
        if alone.state.finished:
            before = train_cohort([replace(job, max_epochs=alone.state.epoch - 1)])[0]
            assert np.array_equal(alone.state.parameters, before.state.parameters)
            assert np.array_equal(alone.state.slots, before.state.slots)
            assert not np.isfinite(result.history[-1].train_loss)
            assert np.isfinite(result.state.parameters).all()


# ---- cancelling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 5, 11])
def test_cancelled(after):
    calls = []

    def cancelled():
        calls.append(None)
        return len(calls) > after

    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    with pytest.raises(Cancelled):
        train_cohort([make_job(max_epochs=10), make_job(max_epochs=10, seed=1)], cancelled)
    assert len(calls) == after + 1  # asked before each step, and no step after
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled() == gradients


def test_cancelled_is_no_failed_fit():
    assert not issubclass(Cancelled, Exception)


def test_settings_of_the_caller(monkeypatch):
    """They have no part in the numbers, and are as before afterwards."""
    job = make_job(n_valid=20, dropout=0.2, normalization="batch")
    (expected,) = train_cohort([job])
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(99)
        state = torch.get_rng_state()
        np.random.seed(7)  # noqa: NPY002
        with np.errstate(all="raise"):
            (result,) = train_cohort([job])
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() == torch.float64
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.is_grad_enabled()
        tiny = torch.tensor([1e-38], dtype=torch.float32)
        assert (tiny * 0.01).item() != 0  # subnormal numbers are numbers again
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
    assert is_same_result(result, expected)
