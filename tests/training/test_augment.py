"""Noise has its size, mixtures are mixtures, and neither depends on how many steps are
made at a time.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.init import draw_parameters
from sknet_hp.nets.random_bits import mix_keys
from sknet_hp.training.augment import MIXUP, Augmentation
from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.stacked.batches import Epochs, Pool
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.jobs import is_close_result, make_job, make_table

STEPS, ROWS, WIDTH = 12, 30, 5
EPOCH = {"n": STEPS * ROWS, "batch_size": ROWS}


def rows(members):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(STEPS, members, ROWS, WIDTH, generator=generator), torch.randn(
        STEPS, members, ROWS, 2, generator=generator
    )


def applied(jobs, chunk):
    xs, ys = rows(len(jobs))
    augmentation = Augmentation(jobs, [3] * len(jobs), STEPS)
    for begin in range(0, STEPS, chunk):
        augmentation.apply(begin, xs[begin : begin + chunk], ys[begin : begin + chunk])
    return xs, ys


def test_noise():
    jobs = [make_job(seed=0, input_noise=0.3), make_job(seed=0), make_job(seed=1, input_noise=2.0)]
    xs, ys = applied(jobs, STEPS)
    before, targets = rows(3)
    noise = xs - before
    assert not noise[:, 1].any()
    assert torch.equal(ys, targets)
    for k, size in ((0, 0.3), (2, 2.0)):
        assert float(noise[:, k].std()) == pytest.approx(size, rel=0.05)
        assert abs(float(noise[:, k].mean())) < 0.1 * size
    assert abs(np.corrcoef(noise[:, 0].ravel(), noise[:, 2].ravel())[0, 1]) < 0.1


def test_mixtures():
    xs, ys = applied([make_job(**EPOCH, mixup_alpha=0.5)], STEPS)
    before, targets = rows(1)
    shares = ((xs - before.roll(1, dims=2)) / (before - before.roll(1, dims=2))).flatten(1)
    share = shares.median(1).values
    assert ((share >= 0) & (share <= 1)).all()
    assert share.unique().numel() == STEPS
    weight = share.view(-1, 1, 1, 1)
    torch.testing.assert_close(ys, targets * weight + targets.roll(1, dims=2) * (1 - weight), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("chunk", [1, 5])
def test_steps_may_come_in_any_portions(chunk):
    jobs = [make_job(**EPOCH, seed=k, input_noise=0.1 * k, mixup_alpha=0.5) for k in range(3)]
    for one, other in zip(applied(jobs, chunk), applied(jobs, STEPS), strict=True):
        assert torch.equal(one, other)


def test_company_does_not_matter():
    jobs = [make_job(seed=k % 2, input_noise=0.2 * (k % 3), mixup_alpha=0.4 * (k > 1)) for k in range(5)]
    assert len({job.key for job in jobs}) == 1
    for job, together in zip(jobs, train_cohort(jobs), strict=True):
        assert is_close_result(train_cohort([job])[0], together)


PLAIN = {
    "cross_entropy": lambda outputs, y: F.cross_entropy(outputs, y, reduction="none"),
    "mse": lambda outputs, y: (outputs - y).square().mean(1),
    "binary_cross_entropy": lambda outputs, y: F.binary_cross_entropy_with_logits(outputs, y, reduction="none").sum(1),
}
WEIGHT = np.random.default_rng(0).choice([0.01, 0.2, 1.0], 50).astype(np.float32)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "binary_cross_entropy"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("batch_size", [50, 20])
def test_the_loss_of_a_mixture_is_the_mixture_of_losses(loss, weight, batch_size):
    """A plain loop over two targets a row, each with its own row's weight; batches are
    filled up, the last one is short.
    """
    table = make_table(50, loss="mse" if loss == "mse" else "classes", weight=weight)
    if loss == "binary_cross_entropy":
        table = type(table)(table.X, np.eye(3, dtype=np.float32)[table.y], weight)
    job = make_job(
        table=table,
        loss=loss,
        mixup_alpha=1.0,
        batch_size=batch_size,
        max_epochs=1,
        optimizer="sgd",
        rates=Rates(lr=0.1),
    )
    module = MLP(5, 3, n_layers=1, width=8, activation="tanh", dropout=0.0, normalization="none")
    module.load_state_dict(draw_parameters(job.graph, job.seed, job.init))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    pool = Pool([job], LOSSES[loss](), torch.device("cpu"))
    order, weights, _ = Epochs(pool, [job], torch.device("cpu")).draw([0])
    share = np.random.default_rng(int(mix_keys(job.seed, MIXUP, 0)) & 0x7FFFFFFFFFFFFFFF).beta(1.0, 1.0, job.steps)
    total, means = 0.0, []
    for s, of_row in enumerate(share):
        rows = order[s, 0, : min(batch_size, 50 - s * batch_size)].numpy()
        others = np.roll(rows, 1)
        outputs = module(
            torch.from_numpy(
                table.X.floats[rows] * np.float32(of_row) + table.X.floats[others] * np.float32(1 - of_row)
            )
        )
        each = 0
        for part, targets in ((of_row, rows), (1 - of_row, others)):
            y, w = (
                torch.from_numpy(table.y[targets]),
                torch.ones(len(rows)) if weight is None else torch.from_numpy(weight[targets]),
            )
            losses = PLAIN[loss](outputs, y)
            each = each + part * w * losses
        weighed = float(weights[0, s].sum())
        mean = each.sum() / weighed
        optimizer.zero_grad()
        mean.backward()
        optimizer.step()
        total += weighed
        means.append(mean.item() * weighed)
    result = train_cohort([job])[0]
    expected = np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])
    np.testing.assert_allclose(result.state.parameters, expected, atol=2e-6)
    if loss != "mse":  # where the squares of two targets do not add up to the square of their mean
        assert result.history[0].train_loss == pytest.approx(sum(means) / total, rel=1e-5)
