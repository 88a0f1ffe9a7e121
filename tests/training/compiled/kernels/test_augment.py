"""Noise on inputs and mixtures of rows: the kernels by themselves, and trainings
against torch.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sknet_hp.training.augment import draw_mixing_shares
from sknet_hp.training.compiled.kernels import augment
from sknet_hp.training.compiled.kernels.updates import StepNumber
from sknet_hp.training.state import Rates
from tests.helpers.jobs import make_job, make_table
from tests.helpers.kernels import compute_in_parts, draw_normal, has_same_bits, run_kernel
from tests.helpers.torch_loops import draw_order, flatten_parameters, make_module, train_compiled

# ---- noise ---------------------------------------------------------------------------------------------------------


def noise(place, rows, width, sigma=1.0, key=1, parts=1, x=None, layer=0):
    x = place(np.zeros((rows, width)) if x is None else x)
    run_kernel(
        augment.add_noise, parts, rows=rows, width=width, x=x, sigma=sigma, key=place([key], np.int64), layer=layer
    )
    return x.copy()


@pytest.mark.parametrize("width", [1, 2, 7, 16])
def test_noise_is_normal(place, width):
    drawn = noise(place, 40_000 // width, width, sigma=0.5).astype(np.float64) / 0.5
    n = drawn.size
    moments = [(0, 1), (1, 2), (0, 15), (3, 96)]  # of a normal distribution, with their variances
    for power, (mean, variance) in enumerate(moments, 1):
        assert abs((drawn**power).mean() - mean) < 5 * np.sqrt(variance / n), power
    assert abs(np.mean(np.abs(drawn) > 1.959964) - 0.05) < 5 * np.sqrt(0.05 * 0.95 / n)


def test_noise_is_independent(place):
    """Of the number beside it, the one that comes of the same two, the row above,
    another layer and another step.
    """
    drawn = noise(place, 5000, 6)
    others = {"beside": np.roll(drawn, 1, 1), "same two": np.roll(drawn, 3, 1), "above": np.roll(drawn, 1, 0)}
    others |= {"layer": noise(place, 5000, 6, layer=1), "step": noise(place, 5000, 6, key=2)}
    for name, other in others.items():
        assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(drawn.size), name
        assert abs(np.corrcoef(drawn.ravel() ** 2, other.ravel() ** 2)[0, 1]) < 5 / np.sqrt(drawn.size), name


@pytest.mark.parametrize("width", [1, 5, 33])
def test_noise_follows_from_key_and_place(place, width):
    x = draw_normal(75, width)
    (whole,) = compute_in_parts(lambda parts: [noise(place, 75, width, 0.3, parts=parts, x=x)])
    assert has_same_bits(whole[:20], noise(place, 20, width, 0.3, x=x[:20]))
    assert has_same_bits(noise(place, 75, width, 0.0, x=x), x)


# ---- mixtures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3, 20])
@pytest.mark.parametrize("width", [1, 17, 85])
def test_mixtures(place, rows, width):
    """Each row with the one before it, the first with the last; targets by the weights
    of both.
    """
    x, weight, share = draw_normal(rows, width), np.abs(draw_normal(rows, seed=1)), np.float32(0.7)
    weight[rows // 2] = 0
    now = np.zeros(16, np.float32)
    now[StepNumber.MIX] = share

    def compute(parts):
        raw, own, last = place(weight), place(x), place(np.full(width, np.nan))
        shares, of_inputs, of_targets = (place(np.full(rows, np.nan)) for _ in range(3))
        run_kernel(
            augment.mix_weights,
            parts,
            rows=rows,
            raw=raw,
            shares=shares,
            numbers=place(now),
            of_inputs=of_inputs,
            of_targets=of_targets,
        )
        run_kernel(augment.mix_rows, parts, rows=rows, width=width, x=own, shares=of_inputs, last=last)
        return [own.copy(), raw.copy(), shares.copy(), of_targets.copy()]

    own, raw, shares, of_targets = compute_in_parts(compute)
    np.testing.assert_allclose(own, share * x + (1 - share) * np.roll(x, 1, 0), rtol=1e-5, atol=1e-6)
    mixed = share * weight + (1 - share) * np.roll(weight, 1)
    np.testing.assert_allclose(raw, mixed, rtol=1e-6)
    np.testing.assert_allclose(shares, mixed / (mixed.sum() or 1), rtol=1e-5)
    np.testing.assert_allclose(
        of_targets, np.divide(share * weight, mixed, out=np.zeros(rows, np.float32), where=mixed > 0), rtol=1e-6
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_training_on_mixtures_as_torch(weighted):
    """The loss of a mixed row is the mixture of the losses by both targets, each with
    the weight of its row.
    """
    weight = np.random.default_rng(0).random(70).astype(np.float32) if weighted else None
    settings = {"optimizer": "adam", "rates": Rates(lr=1e-2), "batch_size": 15, "max_epochs": 8, "mixup_alpha": 0.4}
    job = make_job(table=make_table(70, weight=weight), **settings)
    module, table = make_module(job), job.train.table
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    counts = torch.tensor(np.ones(70) if weight is None else weight, dtype=torch.float64)
    for epoch in range(8):
        for batch, share in zip(
            np.split(draw_order(job, epoch), range(15, 70, 15)),
            draw_mixing_shares(job, [epoch])[0].astype(float),
            strict=True,
        ):
            x, y, w = (
                torch.tensor(table.X.floats[batch], dtype=torch.float64),
                torch.from_numpy(table.y)[batch],
                counts[batch],
            )
            outputs = module(share * x + (1 - share) * x.roll(1, 0))
            own, other = (
                F.cross_entropy(outputs, y, reduction="none"),
                F.cross_entropy(outputs, y.roll(1, 0), reduction="none"),
            )
            loss = (share * own * w + (1 - share) * other * w.roll(1, 0)).sum() / (
                share * w + (1 - share) * w.roll(1, 0)
            ).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    np.testing.assert_allclose(train_compiled(job).state.parameters, flatten_parameters(module), rtol=1e-4, atol=1e-4)
