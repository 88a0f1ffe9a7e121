"""The two ways to train, on networks drawn at random: stacks by torch, each network
alone in compiled loops. What is random in a step differs.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.job import EncodedTable
from sknet_hp.training.prediction import predict
from sknet_hp.training.run import train_here
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.drawn_jobs import N_CONFIGURATIONS, draw_jobs
from tests.helpers.jobs import make_job, make_table
from tests.helpers.torch_optimizers import MOVES_BY_SIGNS


def without_chance(job):
    """A job without dropout and noise, which the two draw otherwise; and without what
    makes much of rounding.
    """
    kinds = [node.kind for node in job.graph.nodes for _ in range(node.n_rates)]
    rates = tuple(0.0 if kind == "dropout" else rate for kind, rate in zip(kinds, job.layer_rates, strict=True))
    optimizer = "sgd" if job.optimizer in MOVES_BY_SIGNS else job.optimizer
    return replace(
        job,
        layer_rates=rates,
        input_noise=0.0,
        optimizer=optimizer,
        precision="float32",
        rates=replace(job.rates, eps=1e-2),
    )


@pytest.mark.parametrize("seed", range(N_CONFIGURATIONS))
def test_stacks_and_compiled_loops_agree(seed):
    jobs = [without_chance(job) for job in draw_jobs(seed)]
    for job, result in zip(jobs, train_cohort(jobs), strict=True):
        expected = train_here(job, Cancellation())
        assert result.state.finished == expected.state.finished
        rows = [[[r.train_loss, r.valid_loss, r.valid_acc] for r in each.history] for each in (result, expected)]
        np.testing.assert_allclose(*(np.array(each, float) for each in rows), rtol=1e-3, atol=1e-3)
        for name in ("parameters", "buffers"):
            np.testing.assert_allclose(getattr(result.state, name), getattr(expected.state, name), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("changes", [{}, {"mixup_alpha": 0.4}, {"input_noise": 0.1}])
def test_validation_reads_weights_as_training_writes_them(changes):
    """Of a narrow map of a table with categories, which training sees as wide rows."""
    own = make_table(120)
    hot = np.random.default_rng(0).integers(5, 9, (120, 1)).astype(np.int32)
    job = make_job(
        table=EncodedTable(Inputs(own.X.floats, 9, hot=hot), own.y),
        n_valid=40,
        n_layers=0,
        rates=Rates(lr=3e-2),
        **changes,
    )
    result = train_here(job, Cancellation())
    state, rows = result.state, job.validation.index
    inputs = Inputs.from_wide(job.train.table.X.widen(rows))
    outputs = torch.from_numpy(predict(job.graph, state.parameters, state.buffers, (), inputs, job.loss, 3))
    expected = torch.nn.functional.cross_entropy(outputs, torch.from_numpy(own.y[rows]))
    assert result.history[-1].valid_loss == pytest.approx(expected.item(), rel=1e-5)
