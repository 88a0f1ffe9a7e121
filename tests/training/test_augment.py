"""Noise has its size, mixtures are mixtures, and neither depends on how many steps are made at a time."""

import numpy as np
import pytest
import torch

from sknet_hp.training.augment import Augmentation
from sknet_hp.training.cohort import train

STEPS, ROWS, WIDTH = 12, 32, 5


def rows(members):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(STEPS, members, ROWS, WIDTH, generator=generator), torch.randn(STEPS, members, ROWS, 2, generator=generator)


def applied(jobs, chunk):
    xs, ys = rows(len(jobs))
    augmentation = Augmentation(jobs, [3] * len(jobs), STEPS)
    for begin in range(0, STEPS, chunk):
        augmentation.apply(begin, xs[begin : begin + chunk], ys[begin : begin + chunk])
    return xs, ys


def test_noise(make_job):
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


def test_mixtures(make_job):
    xs, ys = applied([make_job(mixup_alpha=0.5)], STEPS)
    before, targets = rows(1)
    shares = ((xs - before.roll(1, dims=2)) / (before - before.roll(1, dims=2))).flatten(1)
    share = shares.median(1).values
    assert ((share >= 0) & (share <= 1)).all()
    assert share.unique().numel() == STEPS
    weight = share.view(-1, 1, 1, 1)
    torch.testing.assert_close(ys, targets * weight + targets.roll(1, dims=2) * (1 - weight), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("chunk", [1, 5])
def test_steps_may_come_in_any_portions(make_job, chunk):
    jobs = [make_job(seed=k, input_noise=0.1 * k, mixup_alpha=0.5) for k in range(3)]
    for one, other in zip(applied(jobs, chunk), applied(jobs, STEPS), strict=True):
        assert torch.equal(one, other)


def test_company_does_not_matter(make_job, same_result):
    jobs = [make_job(seed=k % 2, input_noise=0.2 * (k % 3), mixup_alpha=0.4 * (k > 1)) for k in range(5)]
    assert len({job.key for job in jobs}) == 1
    for job, together in zip(jobs, train(jobs), strict=True):
        assert same_result(train([job])[0], together)
