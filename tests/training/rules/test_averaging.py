"""Averaged weights: against torch's, and through everything that may happen to a
training.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.training.job import Stopping
from sknet_hp.training.rules.averaging import KINDS, Average, Averages, Averaging, compute_ema_share
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.jobs import is_close_result, is_same_result, make_job

AVERAGED = KINDS[1:]


def walk(steps, seed=0):
    """The weights of a training, (steps, 28), parameters and buffers."""
    return np.random.default_rng(seed).standard_normal((steps, 28)).cumsum(0).astype(np.float32)


def averages_of(each):
    return Averages(each, torch.zeros(len(each), 28), np.zeros(len(each), int))


def torchs(multi_avg_fn, weights, avg_fn=None):
    """What torch's averaged model holds after these weights."""
    module = nn.Module()
    module.weight = nn.Parameter(torch.zeros(20))
    module.register_buffer("statistics", torch.zeros(8))
    averaged = AveragedModel(module, avg_fn=avg_fn, multi_avg_fn=multi_avg_fn, use_buffers=True)
    for now in weights:
        module.weight.data, module.statistics = torch.from_numpy(now).split([20, 8])
        averaged.update_parameters(module)
    return np.concatenate([averaged.module.weight.detach().numpy(), averaged.module.statistics.numpy()])


def ours(averages, weights, epoch=10):
    """The average of these weights."""
    for begin in range(0, len(weights), epoch):
        averages.begin_epoch(epoch)
        for i in range(epoch):
            now = torch.from_numpy(weights[None, begin + i])
            averages.add_step(i, now)
        averages.end_epoch(np.array([begin // epoch + 1]), epoch, np.array([5]), now)
    return averages.weights[0].numpy()


def test_a_decay_below_the_warm_up_is_torchs_moving_average():
    averages = averages_of([Averaging("ema", decay=0.15)])
    np.testing.assert_allclose(
        ours(averages, walk(50)), torchs(get_ema_multi_avg_fn(0.15), walk(50)), rtol=1e-5, atol=1e-6
    )
    assert averages.counts == [50]


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_moving_average_with_its_warm_up(decay):
    def warmed(average, now, count):
        d = min(decay, (1 + int(count)) / (10 + int(count)))
        return d * average + (1 - d) * now

    average = ours(averages_of([Averaging("ema", decay=decay)]), walk(50))
    np.testing.assert_allclose(average, torchs(None, walk(50), avg_fn=warmed), rtol=1e-5, atol=1e-5)


def test_warm_up():
    shares = np.array([compute_ema_share(0.999, count) for count in (0, 1, 2, 8_989, 8_990, 10**6)])
    np.testing.assert_allclose(shares[:3], [1, 9 / 11, 9 / 12])
    np.testing.assert_allclose(shares[3:], [9 / 8_999, 1e-3, 1e-3])


@pytest.mark.parametrize(("start", "first"), [(0.0, 0), (0.5, 2), (0.75, 3), (0.8, 4)])
def test_even_average_is_torchs(start, first):
    """Of five epochs; those count that end after the start."""
    averages = averages_of([Averaging("swa", start=start)])
    average = ours(averages, walk(50))
    np.testing.assert_allclose(average, torchs(get_swa_multi_avg_fn(), walk(50)[9::10][first:]), rtol=1e-5, atol=1e-6)
    assert averages.counts == [5 - first]


def test_a_share_of_epochs_that_floats_do_not_have():
    """29 of 100 epochs are not after .29 of them, which times 100 is a rounding below
    29.
    """
    averages = averages_of([Averaging("swa", start=0.29)])
    for epoch, count in ((29, 0), (30, 1)):
        averages.end_epoch(np.array([epoch]), 1, np.array([100]), averages.weights)
        assert averages.counts.tolist() == [count]


def test_until_it_starts_the_average_is_what_trains():
    averages = averages_of([Averaging("swa", start=0.99)])
    assert np.array_equal(ours(averages, walk(50)[:40]), walk(50)[39])
    assert averages.counts == [0]


# ---- in a training -------------------------------------------------------------------------------------------------


def averaged_job(kind, **changes):
    settings = {
        "n_valid": 30,
        "normalization": "batch",
        "max_epochs": 6,
        "schedule_epochs": 6,
        "rates": Rates(lr=1e-2),
    } | changes
    return make_job(averaging=Averaging(kind, decay=0.9, start=0.4), **settings)


@pytest.mark.parametrize("kind", AVERAGED)
def test_training_goes_on_from_the_raw_weights(kind):
    (raw,), (averaged,) = train_cohort([averaged_job("none")]), train_cohort([averaged_job(kind)])
    assert np.array_equal(raw.state.parameters, averaged.state.parameters)
    assert [r.train_loss for r in raw.history] == [r.train_loss for r in averaged.history]
    assert raw.history[-1].valid_loss != averaged.history[-1].valid_loss
    assert raw.state.average is None
    assert np.array_equal(averaged.get_weights(restore_best=False)[0], averaged.state.average.parameters)
    assert not np.array_equal(averaged.state.average.parameters, averaged.state.parameters)
    assert not np.array_equal(averaged.state.average.buffers, averaged.state.buffers)


@pytest.mark.parametrize("kind", AVERAGED)
def test_validation_is_of_the_average(kind):
    job = averaged_job(kind)
    (result,) = train_cohort([job])
    parameters, buffers = result.get_weights(restore_best=False)
    module = MLP(5, 3, n_layers=1, width=8, activation="tanh", normalization="batch").eval()
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    for order, vector in ((job.graph.parameters, parameters), (job.graph.buffers, buffers)):
        parts = torch.from_numpy(vector).split([int(np.prod(shape)) for _, shape in order])
        for (name, shape), part in zip(order, parts, strict=True):
            tensors[name].data.copy_(part.view(shape))
    X, y = torch.from_numpy(job.train.table.X.floats[-30:]), torch.from_numpy(job.train.table.y[-30:])
    loss = nn.functional.cross_entropy(module(X), y)
    assert result.history[-1].valid_loss == pytest.approx(loss.item(), rel=1e-5)


@pytest.mark.parametrize("kind", AVERAGED)
def test_the_best_epoch_is_the_best_of_the_averages(kind):
    job = averaged_job(
        kind, max_epochs=25, schedule_epochs=25, width=32, rates=Rates(lr=5e-2), stopping=Stopping(patience=12)
    )
    (result,) = train_cohort([job])
    valid = [r.valid_loss for r in result.history]
    assert result.state.best_epoch == int(np.argmin(valid)) + 1 < len(valid)
    (shorter,) = train_cohort([replace(job, max_epochs=result.state.best_epoch)])
    assert np.array_equal(result.get_weights(restore_best=True)[0], shorter.get_weights(restore_best=False)[0])


@pytest.mark.parametrize("kind", AVERAGED)
@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_training_in_two_parts(kind, cut):
    job = averaged_job(kind, dropout=0.2)
    (whole,) = train_cohort([job])
    (first,) = train_cohort([replace(job, max_epochs=cut)])
    (second,) = train_cohort([replace(job, start=first.state)])
    assert is_same_result(replace(second, history=first.history + second.history), whole)


def test_another_kind_begins_anew():
    (first,) = train_cohort([averaged_job("ema", max_epochs=3)])
    (second,) = train_cohort([averaged_job("swa", start=first.state)])
    assert second.state.average.count == 3  # epochs 4 to 6
    (plain,) = train_cohort([averaged_job("none", start=first.state)])
    assert plain.state.average is None
    assert np.array_equal(plain.state.parameters, second.state.parameters)


@pytest.mark.parametrize("kind", AVERAGED)
@pytest.mark.parametrize("height", [2, 5, 32])
def test_company(kind, height):
    """Members of different decays and starts, of which some have trained before, some
    stop and one diverges.
    """
    jobs = []
    for k in range(height):
        job = averaged_job(kind, seed=k, dropout=0.1, max_epochs=4 + k % 3, rates=Rates(lr=[1e-2, 1e-3, 5e-2][k % 3]))
        job = replace(
            job,
            averaging=Averaging(kind, [0.9, 0.5, 0.999][k % 3], [0.0, 0.5, 0.4][k % 3]),
            stopping=Stopping(patience=[None, 2][k % 2]),
        )
        jobs.append(replace(job, start=train_cohort([replace(job, max_epochs=2)])[0].state) if k % 5 == 1 else job)
    jobs[-1] = replace(jobs[-1], rates=Rates(lr=1e30), start=None)
    together = train_cohort(jobs)
    assert together[-1].state.finished == "diverged"
    for job, result in zip(jobs, together, strict=True):
        assert is_close_result(result, train_cohort([job])[0])


@pytest.mark.parametrize("kind", AVERAGED)
def test_divergence_leaves_the_average_before_it(kind):
    job = averaged_job(
        kind, loss="mse", normalization="none", n_layers=0, optimizer="sgd", max_epochs=60, schedule_epochs=60
    )
    job = replace(job, rates=Rates(lr=8.0), averaging=Averaging(kind, 0.9, 0.0))
    (result,) = train_cohort([job])
    assert result.state.finished == "diverged"
    assert result.state.epoch > 2
    (before,) = train_cohort([replace(job, max_epochs=result.state.epoch - 1)])
    assert np.array_equal(result.state.average.parameters, before.state.average.parameters)
    assert result.state.average.count == before.state.average.count > 0
    assert np.isfinite(result.get_weights(restore_best=False)[0]).all()


def test_members_without_averages_train_by_themselves():
    assert len({averaged_job(kind).key for kind in KINDS}) == 3
    one, other = (replace(averaged_job("ema"), averaging=Averaging("ema", decay=decay)) for decay in (0.9, 0.99))
    assert one.key == other.key
    assert Averaging().kind == "none"
    assert isinstance(train_cohort([one])[0].state.average, Average)


def test_epochs_that_do_not_count_after_some_that_did_leave_the_average():
    """A longer training, gone on from a shorter one, begins to average later."""
    averages, weights = averages_of([Averaging("swa", start=0.5)]), walk(4)
    for epoch, horizon in enumerate([2, 2, 100, 100], 1):
        averages.end_epoch(np.array([epoch]), 1, np.array([horizon]), torch.from_numpy(weights[None, epoch - 1]))
    assert averages.counts.tolist() == [1]
    assert np.array_equal(averages.weights[0], weights[1])
