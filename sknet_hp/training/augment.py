"""Training rows changed at random, each member's from its own seed: noise on the inputs, mixtures of rows."""

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.graph import Graph
from sknet_hp.training.job import TrainingJob

NOISE, MIXUP = 4, 5  # streams of random numbers that a member's seed opens, beside those of batches


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
            (k, job.input_noise, _generator(job, NOISE, epoch)) for k, (job, epoch) in enumerate(zip(jobs, epochs, strict=True)) if job.input_noise
        ]
        graph = jobs[0].graph
        self.n_codes = graph.n_codes if isinstance(graph, Graph) else 0
        self.mix = []
        for k, (job, epoch) in enumerate(zip(jobs, epochs, strict=True)):
            if job.mixup_alpha:
                seed = int(kernels.mixed_keys(job.seed, MIXUP, epoch)) & 0x7FFFFFFFFFFFFFFF
                share = np.random.default_rng(seed).beta(job.mixup_alpha, job.mixup_alpha, steps)
                self.mix.append((k, torch.from_numpy(share.astype(np.float32))))

    def __bool__(self) -> bool:
        return bool(self.noise or self.mix)

    def apply(self, begin: int, xs: Tensor, ys: Tensor) -> None:
        """Change rows and targets, (steps, members, rows, width), of the steps from `begin` on, in place.

        Whole steps are drawn, of a multiple of 32 numbers, so it makes no difference how many come at a time.
        """
        for k, size, generator in self.noise:
            x = xs[:, k, :, : xs.shape[3] - self.n_codes]  # numbers of categories mean nothing in between
            x.add_(torch.randn(x.shape, generator=generator, dtype=torch.float32).mul_(size).to(x.device))
        for k, shares in self.mix:
            share = shares[begin : begin + len(xs)].view(-1, 1, 1).to(xs.device)
            for part in (xs[:, k], ys[:, k]):  # each row with its neighbour: their order is random
                part.copy_(part * share + part.roll(1, dims=1) * (1 - share))


def _generator(job: TrainingJob, stream: int, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(kernels.mixed_keys(job.seed, stream, epoch)) & 0x7FFFFFFFFFFFFFFF)
