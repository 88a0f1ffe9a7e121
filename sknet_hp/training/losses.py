"""Losses over a stack: the gradient of a batch's weighted mean, and the loss of each row.

`begin` leaves in `record` what `rows` needs later, so that the reported loss costs one pass for many steps.
"""

from typing import ClassVar

import torch
from torch import Tensor

aten = torch.ops.aten


def log_softmax(outputs: Tensor, out: Tensor) -> Tensor:
    """Logarithms of softmax over the last axis, into `out`.

    For two classes by softplus of their difference, which takes a quarter to a half of the time of torch's kernel.
    """
    if outputs.shape[-1] != 2:
        return aten._log_softmax.out(outputs, -1, False, out=out)
    difference = torch.sub(outputs[..., 1], outputs[..., 0])
    against = aten.softplus(difference)
    torch.neg(against, out=out[..., 0])
    torch.sub(difference, against, out=out[..., 1])
    return out


class Loss:
    """One loss. Shapes: outputs and targets (members, rows, n_outputs), with further axes before them or not; weight (..., rows, 1), summing to
    one over the rows of a batch.

    Parameters
    ----------
    values : (members, 1, 1) each member's value of the loss's own parameter, if it has one.

    Attributes
    ----------
    parameter : the name of the loss's own parameter, or None.
    counts_hits : whether the largest output names a class, so that there is an accuracy.
    """

    parameter: ClassVar[str | None] = None
    counts_hits: bool = False

    def __init__(self, values: Tensor | None = None):
        self.values = values

    @property
    def own(self) -> Tensor:
        assert self.values is not None
        return self.values

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        """y as (rows, n_outputs) float32."""
        return y.float().reshape(len(y), n_outputs)

    def even(self, n_outputs: int) -> float:
        """The target that says nothing, towards which label smoothing goes."""
        return 1 / n_outputs

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        """The gradient by the outputs; fills `record`, of the outputs' shape."""
        raise NotImplementedError

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What `gradient` records, without the gradient."""
        raise NotImplementedError

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        """The loss of each row, (..., rows)."""
        raise NotImplementedError

    def evaluate(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """The loss of each row, without a gradient."""
        return self.rows(self.record(outputs, targets), targets)

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        """What several predictions say together: (…, heads, n_outputs) to outputs (…, n_outputs) that mean the average of what each means."""
        return outputs.mean(-2)


# ---- classes -------------------------------------------------------------------------------------------------------


class CrossEntropy(Loss):
    """Softmax cross-entropy; targets are probabilities of the classes."""

    counts_hits = True

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return torch.zeros(len(y), n_outputs, dtype=torch.float32, device=y.device).scatter_(1, y.unsqueeze(1), 1)

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        return torch.exp(log_softmax(outputs, record)).sub_(targets).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return log_softmax(outputs, torch.empty_like(outputs, memory_format=torch.contiguous_format))

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return torch.softmax(outputs, -1).mean(-2).log_()

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        # A target of zero counts for nothing even where the logarithm is infinite.
        return torch.where(targets > 0, record * targets, 0).sum(-1).neg_()


class Focal(CrossEntropy):
    """(1 - p)^gamma times the cross-entropy (Lin et al. 2017), p being the probability of the row's class: what is easy counts less."""

    parameter = "focal_gamma"

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        log_p = log_softmax(outputs, record)
        p = torch.exp(log_p)
        rest = (1 - p).clamp_(min=1e-7)
        power = rest**self.own
        # d loss / d logit_j = y_j a_j - p_j Σ y_c a_c with a = gamma (1 - p)^(gamma - 1) p log p - (1 - p)^gamma
        a = (self.own * power / rest * p * log_p - power) * targets
        return a.sub_(p.mul_(a.sum(-1, keepdim=True))).mul_(weight)

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        return torch.where(targets > 0, (1 - torch.exp(record)).clamp_(min=1e-7) ** self.own * record * targets, 0).sum(-1).neg_()


class LogProbability(CrossEntropy):
    """Negative log likelihood of a network whose outputs are probabilities, as skorch scores `NLLLoss`: log(p + eps)."""

    eps = torch.finfo(torch.float32).eps

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        shifted = outputs + self.eps
        torch.log(shifted, out=record)
        return torch.div(targets, shifted, out=shifted).neg_().mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs + self.eps).log_()

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return outputs.mean(-2)


class BinaryCrossEntropy(Loss):
    """The sum over labels of each one's logistic loss, for rows that may have several labels; targets are 0 or 1."""

    def even(self, n_outputs: int) -> float:
        return 0.5

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        record.copy_(outputs)
        return torch.sigmoid(outputs).sub_(targets).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.clone(memory_format=torch.contiguous_format)

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        return (aten.softplus(record) - record * targets).sum(-1)

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return torch.logit(torch.sigmoid(outputs).mean(-2), eps=1e-7)


# ---- numbers -------------------------------------------------------------------------------------------------------


class _OfDifference(Loss):
    """The mean over outputs of a function of output - target."""

    def slope(self, difference: Tensor) -> Tensor:
        """Its derivative; a new tensor."""
        raise NotImplementedError

    def value(self, difference: Tensor) -> Tensor:
        raise NotImplementedError

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        slope = self.slope(torch.sub(outputs, targets, out=record))
        return (slope if outputs.shape[-1] == 1 else slope.mul_(1 / outputs.shape[-1])).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs - targets

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        return self.value(record).mean(-1)


class MeanSquaredError(_OfDifference):
    """Squared errors."""

    def slope(self, difference: Tensor) -> Tensor:
        return torch.mul(difference, 2)

    def value(self, difference: Tensor) -> Tensor:
        return difference.square()


class MeanAbsoluteError(_OfDifference):
    """Absolute errors: the network learns the median."""

    def slope(self, difference: Tensor) -> Tensor:
        return torch.sign(difference)

    def value(self, difference: Tensor) -> Tensor:
        return difference.abs()


class Huber(_OfDifference):
    """Half the square up to `huber_delta`, a straight line beyond (Huber 1964; `torch.nn.HuberLoss`)."""

    parameter = "huber_delta"

    def slope(self, difference: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(difference, -self.own), self.own)

    def value(self, difference: Tensor) -> Tensor:
        size = difference.abs()
        return torch.where(size <= self.own, 0.5 * size.square(), self.own * (size - 0.5 * self.own))


class Quantile(_OfDifference):
    """The pinball loss (Koenker & Bassett 1978): the network learns the quantile of that level."""

    parameter = "quantile"

    def slope(self, difference: Tensor) -> Tensor:
        return torch.where(difference > 0, 1 - self.own, -self.own)

    def value(self, difference: Tensor) -> Tensor:
        return torch.maximum((1 - self.own) * difference, -self.own * difference)


class Poisson(Loss):
    """Poisson deviance of counts, up to what does not depend on the network (`torch.nn.PoissonNLLLoss`).

    The network's output is the logarithm of the rate.
    """

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        record.copy_(outputs)
        return torch.exp(outputs).sub_(targets).mul_(1 / outputs.shape[-1]).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.clone(memory_format=torch.contiguous_format)

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        return (torch.exp(record) - record * targets).mean(-1)

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return torch.exp(outputs).mean(-2).log_()


LOSSES: dict[str, type[Loss]] = {
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "log_probability": LogProbability,
    "binary_cross_entropy": BinaryCrossEntropy,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
}


def together(loss: Loss | type[Loss], outputs: Tensor, n_outputs: int) -> Tensor:
    """Outputs (…, n_outputs) of networks, of which some make several predictions, side by side."""
    return outputs if outputs.shape[-1] == n_outputs else loss.together(outputs.unflatten(-1, (-1, n_outputs)))
