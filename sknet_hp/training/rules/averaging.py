"""Averages of a network's weights over its training.

They are validated and predict; training goes on from the raw weights.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sknet_hp.training.rules.schedules import SLACK

KINDS = ("none", "ema", "swa")


@dataclass(frozen=True)
class Averaging:
    """What is averaged.

    Attributes
    ----------
    kind : "none"; "ema", an exponential moving average of every step; or "swa", an even
        average of the ends of epochs.
    decay : of "ema", a step, once it is warm.
    start : of "swa", the fraction of the horizon after which epochs count. Until then
        the average is what trains.
    """

    kind: str = "none"
    decay: float = 0.999
    start: float = 0.75


@dataclass(frozen=True, eq=False)
class Average:
    """Where one member's average stands.

    Attributes
    ----------
    kind : that of its `Averaging`.
    parameters, buffers : flat float32 vectors.
    count : weights averaged so far.
    """

    kind: str
    parameters: np.ndarray
    buffers: np.ndarray
    count: int = 0


def compute_ema_share(decay: float, count: float) -> float:
    """Return the newest weights' share in an exponential moving average.

    `count` have gone before.

    The first is taken as it is, as `torch.optim.swa_utils.AveragedModel` does; then the
    decay rises as that of TensorFlow's `ExponentialMovingAverage` does with
    `num_updates`, or trainings of a few hundred steps would predict with how they
    began.
    """
    return 1.0 if count == 0 else 1.0 - min(decay, (1.0 + count) / (10.0 + count))


class Averages:
    """The averages of a stack's members, all of one kind.

    Batch normalisation's statistics are averaged as weights are
    (`AveragedModel(use_buffers=True)`).

    Parameters
    ----------
    each : the members' averaging.
    weights : (members, n) of the average, at first; changed in place.
    counts : (members,) how many have been averaged.
    """

    def __init__(self, each: list[Averaging], weights: Tensor, counts: np.ndarray):
        self.each, self.weights, self.counts = each, weights, counts
        self.kind = each[0].kind

    def begin_epoch(self, steps: int) -> None:
        """Compute how much each step of an epoch counts."""
        if self.kind == "ema":
            shares = [
                [compute_ema_share(one.decay, count + step) for one, count in zip(self.each, self.counts, strict=True)]
                for step in range(steps)
            ]
            self.shares = self._make_column(shares)

    def add_step(self, i: int, weights: Tensor) -> None:
        """Add the weights after the epoch's step i, where every step counts."""
        if self.kind == "ema":
            self.weights.lerp_(weights, self.shares[i])

    def end_epoch(self, epochs: np.ndarray, steps: int, horizons: np.ndarray, weights: Tensor) -> None:
        """Average the ends of epochs; `epochs`, (members,), have been trained."""
        if self.kind == "ema":
            self.counts = self.counts + steps
            return
        # The slack is for rounding: .29 of 100 is 29, for which floats have a little less.
        counted = epochs > np.array([one.start for one in self.each]) * horizons + SLACK
        self.counts = self.counts + counted
        # Until there is something to average, the average is what trains; epochs that do not count leave it as it is.
        share = np.where(counted | (self.counts == 0), 1 / np.maximum(self.counts, 1), 0.0)
        self.weights.lerp_(weights, self._make_column(share))

    def _make_column(self, shares: object) -> Tensor:
        return torch.tensor(np.asarray(shares), dtype=torch.float32, device=self.weights.device).unsqueeze(-1)

    def select(self, keep: list[int]) -> "Averages":
        """Return a copy of the averages of the members in `keep`."""
        return Averages([self.each[k] for k in keep], self.weights[keep], self.counts[keep])
