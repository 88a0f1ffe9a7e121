"""Cohorts against a plain torch loop, and in company."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.init import draw_parameters
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.job import EncodedTable, Stopping
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.stacked.cohort import Cohort, train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.cohorts import flatten_parameters, train_plainly
from tests.helpers.jobs import is_close_result, list_losses, make_job, make_table


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("n", [120, 20, 33])
def test_cohort_of_one_is_a_plain_torch_loop(loss, normalization, n):
    # Batch normalisation takes away what a bias before it adds: its gradient is rounding, which a small eps
    # would blow up.
    eps = 1e-3 if normalization == "batch" else 1e-7
    job = make_job(
        n=n,
        n_valid=40,
        loss=loss,
        n_layers=2,
        normalization=normalization,
        activation="gelu",
        rates=Rates(lr=3e-3, weight_decay=0.05, beta1=0.8, beta2=0.95, eps=eps),
        label_smoothing=0.1 if loss == "cross_entropy" else 0.0,
    )
    if n == 33 and normalization == "batch":
        pytest.skip("the last batch has one row, of which torch's batch normalisation will not hear")
    (result,) = train_cohort([job])
    module = MLP(5, 3, n_layers=2, width=8, activation="gelu", dropout=0.0, normalization=normalization)
    module.load_state_dict(draw_parameters(job.graph, job.seed), strict=False)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=0.05, betas=(0.8, 0.95), eps=eps)
    means = train_plainly(module, job, optimizer, 3)
    names = [name for name, _ in job.graph.parameters]
    np.testing.assert_allclose(result.state.parameters, flatten_parameters(module, names), rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose([r.train_loss for r in result.history], means, rtol=1e-4)
    with torch.no_grad():
        X, y = torch.from_numpy(job.train.table.X.floats[-40:]), torch.from_numpy(job.train.table.y[-40:])
        outputs = module.eval()(X)
        valid = F.mse_loss(outputs, y) if loss == "mse" else F.cross_entropy(outputs, y)
    assert result.history[-1].valid_loss == pytest.approx(valid.item(), rel=1e-3)
    if loss == "mse":
        assert result.history[-1].valid_acc is None
    else:
        assert result.history[-1].valid_acc == pytest.approx((outputs.argmax(1) == y).double().mean().item())
    running = [b.numpy().ravel() for name, b in module.named_buffers() if b.is_floating_point()]
    np.testing.assert_allclose(result.state.buffers, np.concatenate([np.zeros(0), *running]), rtol=1e-4, atol=1e-5)
    assert result.state.epoch == 3
    assert result.state.step == 3 * job.steps


def test_weights_of_rows_are_repetitions():
    """On full batches, a weight of 3 is three rows."""
    counts = np.random.default_rng(0).integers(0, 4, 40)
    table = make_table(40, weight=counts.astype(np.float32))
    repeated = EncodedTable(Inputs.from_wide(np.repeat(table.X.floats, counts, 0)), np.repeat(table.y, counts))
    options = {"batch_size": 1000, "max_epochs": 20, "rates": Rates(lr=1e-2)}
    (weighted,), (longer,) = (
        train_cohort([make_job(table=table, **options)]),
        train_cohort([make_job(table=repeated, **options)]),
    )
    np.testing.assert_allclose(weighted.state.parameters, longer.state.parameters, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(list_losses(weighted)[:, 1], list_losses(longer)[:, 1], rtol=1e-4)


# ---- company --------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_jobs():
    jobs = [make_job(seed=seed, max_epochs=epochs) for seed, epochs in enumerate([5, 1, 3, 1, 2])]
    results = train_cohort(jobs)
    assert [r.state.epoch for r in results] == [5, 1, 3, 1, 2]
    assert [len(r.history) for r in results] == [5, 1, 3, 1, 2]
    for job, result in zip(jobs, results, strict=True):
        assert is_close_result(result, train_cohort([job])[0])


def test_no_jobs_no_results():
    assert train_cohort([]) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_rates_of_their_own(optimizer):
    """Members that differ in every number that may differ, in one cohort as alone."""
    jobs = [
        make_job(
            seed=k,
            n_valid=20,
            dropout=0.1 * k + 0.1,
            optimizer=optimizer,
            schedule=Schedule(["constant", "cosine", "linear", "cosine"][k]),
            schedule_epochs=[None, 5, 9, 3][k],
            max_epochs=[4, 4, 3, 5][k],
            label_smoothing=[0.0, 0.1, 0.0, 0.2][k],
            rates=Rates(
                10.0 ** -(k + 1),
                [0.0, 0.1, 0.01, 0.0][k],
                [0.9, 0.0, 0.5, 0.9][k],
                [0.9, 0.5, 0.0, 0.8][k],
                [0.999, 0.9, 0.5, 0.99][k],
                10.0 ** -(k + 3),
            ),
            stopping=Stopping(patience=[None, 1, 2, 3][k]),
        )
        for k in range(4)
    ]
    together = train_cohort(jobs)
    for job, result in zip(jobs, together, strict=True):
        assert is_close_result(result, train_cohort([job])[0])


def test_dropout_masks_are_new_in_every_layer_step_and_epoch():
    jobs = [make_job(seed=seed, n_layers=2, dropout=0.5) for seed in (3, 4)]
    cohort, alone = Cohort(jobs, Cancellation().is_set), Cohort(jobs[1:], Cancellation().is_set)
    keys = []
    for _ in range(3):
        keys.append(torch.stack(list(cohort.bound.make_dropout_keys(jobs[0].steps))))  # (steps, members, layers)
        assert torch.equal(keys[-1][:, 1:], torch.stack(list(alone.bound.make_dropout_keys(jobs[0].steps))))
        for each in (cohort, alone):
            each.train_epoch()
        if not cohort.jobs:
            break
    assert len(keys) == 3
    every = torch.stack(keys)
    assert len(every.unique()) == every.numel() == 3 * 4 * 2 * 2
