"""Training rows changed at random: noise on the inputs, mixtures of rows.

Each member's changes follow from its own seed.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.random_bits import MIXUP, NOISE, mix_keys
from sknet_hp.training.job import TrainingJob


def draw_mixing_shares(job: TrainingJob, epochs: Iterable[int]) -> np.ndarray:
    """Draw which share of a mixture is a row itself, (epochs, steps) float32."""

    def draw(epoch: int) -> np.ndarray:
        generator = np.random.default_rng(int(mix_keys(job.seed, MIXUP, epoch)) & 0x7FFFFFFFFFFFFFFF)
        return generator.beta(job.mixup_alpha, job.mixup_alpha, job.steps)

    return np.array([draw(epoch) for epoch in epochs], np.float32)


class Augmentation:
    """One epoch's changes to the rows of those members that want some.

    Parameters
    ----------
    jobs : the members.
    epochs : how many epochs each has behind it.
    steps : of the epoch.
    """

    def __init__(self, jobs: list[TrainingJob], epochs: list[int], steps: int):
        self.noise = [
            (k, job.input_noise, _make_generator(job, NOISE, epoch))
            for k, (job, epoch) in enumerate(zip(jobs, epochs, strict=True))
            if job.input_noise
        ]
        graph = jobs[0].graph
        self.n_codes = graph.n_codes if isinstance(graph, Graph) else 0
        self.mix = [
            Mixture(k, job, epoch, steps)
            for k, (job, epoch) in enumerate(zip(jobs, epochs, strict=True))
            if job.mixup_alpha
        ]

    def __bool__(self) -> bool:
        return bool(self.noise or self.mix)

    def weigh(self, weight: np.ndarray, share: Tensor) -> None:
        """Mix the weights of the rows and their shares of a batch's weight, in place.

        Shapes: weights (members, steps, rows), shares (steps, members, rows).

        Nothing is to be done for members whose rows weigh the same.
        """
        for mixture in self.mix:
            if mixture.weighted:
                weight[mixture.k] = mixed = mixture.weigh(weight[mixture.k])
                share[:, mixture.k] = torch.from_numpy(mixed / _replace_zeros(mixed.sum(-1, keepdims=True)))

    def apply(self, begin: int, xs: Tensor, ys: Tensor) -> None:
        """Change rows and targets of the steps from `begin` on, in place.

        Both are (steps, members, rows, width).

        Whole steps are drawn, one by one, so it makes no difference how many come at a
        time.
        """
        for k, size, generator in self.noise:
            x = xs[:, k, :, : xs.shape[3] - self.n_codes]  # numbers of categories mean nothing in between
            noise = torch.stack([torch.randn(step.shape, generator=generator, dtype=torch.float32) for step in x])
            x.add_(noise.mul_(size).to(x.device))
        for mixture in self.mix:
            mixture.apply(begin, xs[:, mixture.k], ys[:, mixture.k])


class Mixture:
    """Mixtures of one member's rows in an epoch (mixup, Zhang et al. 2018).

    Each row is mixed with its neighbour, as their order is random.

    The loss of a mixed row is to be the mixture of the losses by both targets, each
    with the weight of its own row. For losses whose gradient is linear in the target,
    as most are, that is the loss by the mean of the targets with those weights, times
    the mean of the weights.

    Parameters
    ----------
    k : which member.
    job, epoch, steps : its job, how many epochs it has behind it, and the steps of this
        one.
    """

    def __init__(self, k: int, job: TrainingJob, epoch: int, steps: int):
        self.k, self.weighted = k, job.train.table.weight is not None
        self.share = draw_mixing_shares(job, [epoch])[0][:, None, None]  # (steps, 1, 1) of a row itself in its mixture
        self.of_target = self.share  # (steps, 1 or rows, 1) of its target
        # The last row of each batch, which is the neighbour of the first: what follows only fills the batch.
        self.last = np.full(steps, job.rows_per_step - 1)
        self.last[-1] = len(job.train) - (steps - 1) * job.rows_per_step - 1

    def weigh(self, weight: np.ndarray) -> np.ndarray:
        """Return the weights of the mixtures, (steps, rows), for those of the rows."""
        neighbour = np.roll(weight, 1, axis=1)
        neighbour[:, 0] = weight[np.arange(len(weight)), self.last]
        neighbour[np.arange(weight.shape[1]) > self.last[:, None]] = 0
        own, other = weight * self.share[:, :, 0], neighbour * (1 - self.share[:, :, 0])
        mixed = own + other
        self.of_target = (own / _replace_zeros(mixed))[:, :, None]
        return mixed

    def apply(self, begin: int, x: Tensor, y: Tensor) -> None:
        """Mix rows and targets of the steps from `begin` on, in place.

        Both are (steps, rows, width).
        """
        steps = slice(begin, begin + len(x))
        last = torch.from_numpy(self.last[steps]).to(x.device)
        for part, shares in ((x, self.share), (y, self.of_target)):
            share = torch.from_numpy(shares[steps]).to(x.device)
            neighbour = part.roll(1, dims=1)
            neighbour[:, 0] = part[torch.arange(len(part), device=x.device), last]
            part.copy_(part * share + neighbour * (1 - share))


def _replace_zeros(weight: np.ndarray) -> np.ndarray:
    """Return weights to divide by, with ones in place of zeros."""
    return np.where(weight > 0, weight, np.float32(1))


def _make_generator(job: TrainingJob, stream: int, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(mix_keys(job.seed, stream, epoch)) & 0x7FFFFFFFFFFFFFFF)
