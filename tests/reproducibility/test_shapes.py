"""Networks of odd shapes, drawn at random: each has the same bits on any number of
cores.
"""

import numpy as np
import pytest

from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.compiled import training
from sknet_hp.training.prediction import predict
from sknet_hp.training.run import train_all, train_here
from tests.helpers.drawn_jobs import ACTIVATIONS, N_CONFIGURATIONS, NORMALIZATIONS, OPTIMIZERS, WIDTHS, draw_jobs


def bits(result):
    s = result.state
    averages = [] if s.average is None else [s.average.parameters, s.average.buffers, s.average.count]
    arrays = [s.parameters, s.buffers, s.slots, s.best_parameters, s.best_buffers, s.best_loss, *averages]
    numbers = [
        s.epoch,
        s.step,
        s.best_epoch,
        *(x for r in result.history for x in (r.train_loss, r.valid_loss, r.valid_acc)),
    ]
    return [np.array(np.nan if a is None else a, dtype=np.float64) for a in [*arrays, *numbers]], s.finished


def assert_same(a, b):
    (xs, finished), (ys, other) = bits(a), bits(b)
    assert finished == other
    assert len(xs) == len(ys)
    for x, y in zip(xs, ys, strict=True):
        assert np.array_equal(x, y, equal_nan=True)


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.slow] * (seed % 2)) for seed in range(N_CONFIGURATIONS)]
)
def test_on_so_many_cores(seed, monkeypatch):
    """Each shared out over cores, however small it is; and several beside each other."""
    monkeypatch.setattr(training, "is_worth_sharing", lambda job: True)
    jobs = draw_jobs(seed)
    alone = [train_here(job, Cancellation()) for job in jobs]
    assert any(np.abs(result.state.slots).max() > 0 for result in alone)
    for cores in (2, 3):
        for k in (0, 1):
            assert_same(train_here(jobs[k], Cancellation(), lambda cores=cores: cores), alone[k])
    for result, expected in zip(train_all(jobs, Cancellation(), lambda: 2), alone, strict=True):
        assert_same(result, expected)


@pytest.mark.parametrize("seed", range(0, N_CONFIGURATIONS, 4))
def test_predictions_on_so_many_cores(seed):
    job = draw_jobs(seed)[0]
    state = train_here(job, Cancellation()).state
    inputs = Inputs.from_wide(np.tile(job.train.table.X.widen(), (30, 1)), job.graph.n_codes)

    def predicted(cores):
        return predict(
            job.graph,
            state.parameters,
            state.buffers,
            job.layer_rates,
            inputs,
            job.loss,
            job.n_outputs,
            job.precision,
            cores,
        )

    expected = predicted(1)
    for cores in (2, 5):
        assert np.array_equal(predicted(cores), expected)


def test_every_choice_is_drawn():
    assert max(len(WIDTHS), len(ACTIVATIONS), len(NORMALIZATIONS), len(OPTIMIZERS)) <= N_CONFIGURATIONS
