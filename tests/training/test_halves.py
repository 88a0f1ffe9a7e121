"""The two ways to train, on networks drawn at random: stacks by torch, each network alone in compiled loops. What is random in a step differs."""

from dataclasses import replace

import numpy as np
import pytest
from shapes import N_CONFIGURATIONS, configuration

from sknet_hp.training.calling_off import CallOff
from sknet_hp.training.cohort import train
from sknet_hp.training.run import train_here


def without_chance(job):
    """A job without dropout and noise, which the two draw otherwise; and without what makes much of rounding."""
    kinds = [node.kind for node in job.graph.nodes for _ in range(node.n_rates)]
    rates = tuple(0.0 if kind == "dropout" else rate for kind, rate in zip(kinds, job.layer_rates, strict=True))
    optimizer = "sgd" if job.optimizer == "lion" else job.optimizer  # which makes a whole step of a sign
    return replace(job, layer_rates=rates, input_noise=0.0, optimizer=optimizer, precision="float32", rates=replace(job.rates, eps=1e-2))


@pytest.mark.parametrize("seed", range(N_CONFIGURATIONS))
def test_stacks_and_compiled_loops_agree(seed):
    jobs = [without_chance(job) for job in configuration(seed)]
    for job, result in zip(jobs, train(jobs), strict=True):
        expected = train_here(job, CallOff())
        assert result.state.finished == expected.state.finished
        rows = [[[r.train_loss, r.valid_loss, r.valid_acc] for r in each.history] for each in (result, expected)]
        np.testing.assert_allclose(*(np.array(each, float) for each in rows), rtol=1e-3, atol=1e-3)
        for name in ("parameters", "buffers"):
            np.testing.assert_allclose(getattr(result.state, name), getattr(expected.state, name), rtol=1e-2, atol=1e-3)
