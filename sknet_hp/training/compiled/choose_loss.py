"""The loss of a job as one that is compiled: one of ours, or one of torch's that we
know.
"""

from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.torch_loss import TorchLoss


class CompiledLoss(NamedTuple):
    """A compiled loss.

    Attributes
    ----------
    row : what it is for a row, of `losses.ROWS`.
    like : the loss of ours whose outputs mean the same, of `losses.TOGETHER`.
    own : its own numbers, float32.
    """

    row: str
    like: str
    own: np.ndarray


def find_compiled_loss(job: TrainingJob) -> CompiledLoss | None:
    """The compiled loss of a job; None where it is the user's own."""
    if isinstance(job.loss, str):
        return CompiledLoss(job.loss, job.loss, np.array([job.loss_parameter], np.float32))
    found = _of_torch(job.loss, job.n_outputs)
    return None if found is None else CompiledLoss(found[0], job.loss.like, np.array(found[1], np.float32))


def is_compiled_loss(loss: str | TorchLoss, n_outputs: int) -> bool:
    """Whether a loss is compiled."""
    return isinstance(loss, str) or _of_torch(loss, n_outputs) is not None


def _of_torch(loss: TorchLoss, n: int) -> tuple[str, list[float]] | None:
    given, of_classes = loss.function, loss.like == "cross_entropy"
    kind, sums = type(given), getattr(given, "reduction", None) == "sum"
    if of_classes:
        if kind is nn.CrossEntropyLoss and given.ignore_index < 0:
            weight = _numbers(given.weight, n)
            return None if weight is None else ("weighted_cross_entropy", [given.label_smoothing, *weight])
        if kind is nn.MultiMarginLoss and given.p in (1, 2):
            weight = _numbers(given.weight, n)
            return None if weight is None else ("multi_margin", [given.p, given.margin, *weight])
        return None
    if kind is nn.BCEWithLogitsLoss:
        weight, positive = _numbers(given.weight, n), _numbers(given.pos_weight, n)
        return (
            None
            if weight is None or positive is None
            else ("weighted_binary_cross_entropy", [1.0 if sums else 1 / n, *weight, *positive])
        )
    if kind is nn.MultiLabelSoftMarginLoss:  # of a row it is the mean over labels, whatever its reduction
        weight = _numbers(given.weight, n)
        return None if weight is None else ("weighted_binary_cross_entropy", [1 / n, *weight, *[1.0] * n])
    if sums and n > 1:  # ours are means over outputs
        return None
    if kind is nn.MSELoss:
        return "mse", [0.0]
    if kind is nn.L1Loss or (kind is nn.SmoothL1Loss and given.beta == 0):
        return "mae", [0.0]
    if kind is nn.SmoothL1Loss:
        return "smooth_l1", [given.beta]
    if kind is nn.HuberLoss:
        return "huber", [given.delta]
    if kind is nn.PoissonNLLLoss and given.log_input and not given.full:
        return "poisson", [0.0]
    return None


def _numbers(given: Tensor | None, n: int) -> list[float] | None:
    """A number for each output, ones if none are given; None where they have another
    shape.
    """
    if given is None:
        return [1.0] * n
    if given.numel() not in (1, n) or given.dim() > 1:
        return None
    return [float(x) for x in given.detach().cpu().flatten().expand(n)]
