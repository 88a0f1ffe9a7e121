"""The compiled loss of a job: one of ours, or one of torch's that is compiled too."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.torch_loss import TorchLoss


class CompiledLoss(NamedTuple):
    """A compiled loss.

    Attributes
    ----------
    row : its name in `row_losses.ROWS`.
    like : the loss of ours whose outputs mean the same, in `row_losses.COMBINATIONS`.
    own : its own numbers, float32.
    """

    row: str
    like: str
    own: np.ndarray


RowLoss = tuple[str, list[float]]
"""A name in `row_losses.ROWS`, and the loss's own numbers."""


def find_compiled_loss(job: TrainingJob) -> CompiledLoss | None:
    """Return the compiled loss of a job; None where there is none."""
    if isinstance(job.loss, str):
        return CompiledLoss(job.loss, job.loss, np.array([job.loss_parameter], np.float32))
    found = _read_torch_loss(job.loss, job.n_outputs)
    return None if found is None else CompiledLoss(found[0], job.loss.like, np.array(found[1], np.float32))


def is_compiled_loss(loss: str | TorchLoss, n_outputs: int) -> bool:
    """Return whether a loss is compiled."""
    return isinstance(loss, str) or _read_torch_loss(loss, n_outputs) is not None


def _read_torch_loss(loss: TorchLoss, n: int) -> RowLoss | None:
    readers = CLASS_LOSSES if loss.like == "cross_entropy" else OTHER_LOSSES
    reader = readers.get(type(loss.function))
    return None if reader is None else reader(loss.function, n)


# ---- losses of torch: each read for n outputs; None where its settings are not compiled ------------------------------


def _read_cross_entropy(given: nn.CrossEntropyLoss, n: int) -> RowLoss | None:
    weight = _read_weights(given.weight, n)
    if given.ignore_index >= 0 or weight is None:
        return None
    return "weighted_cross_entropy", [given.label_smoothing, *weight]


def _read_multi_margin(given: nn.MultiMarginLoss, n: int) -> RowLoss | None:
    weight = _read_weights(given.weight, n)
    if given.p not in (1, 2) or weight is None:
        return None
    return "multi_margin", [given.p, given.margin, *weight]


def _read_binary_cross_entropy(given: nn.BCEWithLogitsLoss, n: int) -> RowLoss | None:
    weight, positive = _read_weights(given.weight, n), _read_weights(given.pos_weight, n)
    if weight is None or positive is None:
        return None
    return "weighted_binary_cross_entropy", [1.0 if _is_sum(given) else 1 / n, *weight, *positive]


def _read_soft_margin(given: nn.MultiLabelSoftMarginLoss, n: int) -> RowLoss | None:
    weight = _read_weights(given.weight, n)
    if weight is None:
        return None
    # The loss of a row is the mean over labels, whatever its reduction.
    return "weighted_binary_cross_entropy", [1 / n, *weight, *[1.0] * n]


def _read_squared_error(given: nn.MSELoss, n: int) -> RowLoss | None:
    return None if _is_other_mean(given, n) else ("mse", [0.0])


def _read_absolute_error(given: nn.L1Loss, n: int) -> RowLoss | None:
    return None if _is_other_mean(given, n) else ("mae", [0.0])


def _read_smooth_l1(given: nn.SmoothL1Loss, n: int) -> RowLoss | None:
    if _is_other_mean(given, n):
        return None
    return ("mae", [0.0]) if given.beta == 0 else ("smooth_l1", [given.beta])


def _read_huber(given: nn.HuberLoss, n: int) -> RowLoss | None:
    return None if _is_other_mean(given, n) else ("huber", [given.delta])


def _read_poisson(given: nn.PoissonNLLLoss, n: int) -> RowLoss | None:
    if _is_other_mean(given, n) or not given.log_input or given.full:
        return None
    return "poisson", [0.0]


CLASS_LOSSES: dict[type[nn.Module], Callable[[Any, int], RowLoss | None]] = {
    nn.CrossEntropyLoss: _read_cross_entropy,
    nn.MultiMarginLoss: _read_multi_margin,
}
"""Losses of torch whose targets are class numbers."""

OTHER_LOSSES: dict[type[nn.Module], Callable[[Any, int], RowLoss | None]] = {
    nn.BCEWithLogitsLoss: _read_binary_cross_entropy,
    nn.MultiLabelSoftMarginLoss: _read_soft_margin,
    nn.MSELoss: _read_squared_error,
    nn.L1Loss: _read_absolute_error,
    nn.SmoothL1Loss: _read_smooth_l1,
    nn.HuberLoss: _read_huber,
    nn.PoissonNLLLoss: _read_poisson,
}
"""Losses of torch whose targets are as many numbers as outputs."""


def _is_sum(given: nn.Module) -> bool:
    return getattr(given, "reduction", None) == "sum"


def _is_other_mean(given: nn.Module, n: int) -> bool:
    """Return whether a loss sums over several outputs: ours are means over them."""
    return _is_sum(given) and n > 1


def _read_weights(given: Tensor | None, n: int) -> list[float] | None:
    """Return a number for each output, ones if none are given.

    None where they have another shape.
    """
    if given is None:
        return [1.0] * n
    if given.numel() not in (1, n) or given.dim() > 1:
        return None
    return [float(x) for x in given.detach().cpu().flatten().expand(n)]
