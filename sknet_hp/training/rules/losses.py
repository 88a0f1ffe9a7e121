"""Losses over a stack: the loss of each row, whose gradient is autograd's."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor


class Loss:
    """One loss. Shapes: outputs and targets (…, rows, n_outputs).

    Parameters
    ----------
    values : (members, 1, 1) each member's value of the loss's own parameter, if it has
        one.

    Attributes
    ----------
    parameter : the name of the loss's own parameter, or None.
    has_accuracy : whether the largest output names a class, so that there is an
        accuracy.
    """

    parameter: ClassVar[str | None] = None
    has_accuracy: bool = False

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

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """The loss of each row, (…, rows); their sum by `weight`, (…, rows), is to
        become small.
        """
        raise NotImplementedError

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        """What several predictions say together: (…, heads, n_outputs) to outputs (…,
        n_outputs) that mean the average of what each means.
        """
        return outputs.mean(-2)


# ---- classes -------------------------------------------------------------------------------------------------------


class CrossEntropy(Loss):
    """Softmax cross-entropy; targets are probabilities of the classes."""

    has_accuracy = True

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return torch.zeros(len(y), n_outputs, dtype=torch.float32, device=y.device).scatter_(1, y.unsqueeze(1), 1)

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return self.of_logarithms(torch.log_softmax(outputs, -1), targets)

    def of_logarithms(self, log_p: Tensor, targets: Tensor) -> Tensor:
        """The loss of each row, of the logarithms of probabilities."""
        # A target of zero counts for nothing even where the logarithm is infinite.
        return torch.where(targets > 0, log_p * targets, 0).sum(-1).neg()

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return torch.softmax(outputs, -1).mean(-2).log_()


class Focal(CrossEntropy):
    """(1 - p)^gamma times the cross-entropy (Lin et al. 2017), p being the probability
    of the row's class: what is easy counts less.
    """

    parameter = "focal_gamma"

    def of_logarithms(self, log_p: Tensor, targets: Tensor) -> Tensor:
        return super().of_logarithms(log_p * (1 - torch.exp(log_p)).clamp(min=1e-7) ** self.own, targets)


class LogProbability(CrossEntropy):
    """Negative log likelihood of a network whose outputs are probabilities, as skorch
    scores `NLLLoss`: log(p + eps).
    """

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return self.of_logarithms(torch.log(outputs + torch.finfo(torch.float32).eps), targets)

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return outputs.mean(-2)


class BinaryCrossEntropy(Loss):
    """The sum over labels of each one's logistic loss, for rows that may have several
    labels; targets are 0 or 1.
    """

    def even(self, n_outputs: int) -> float:
        return 0.5

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (F.softplus(outputs) - outputs * targets).sum(-1)

    @classmethod
    def together(cls, outputs: Tensor) -> Tensor:
        return torch.logit(torch.sigmoid(outputs).mean(-2), eps=1e-7)


# ---- numbers -------------------------------------------------------------------------------------------------------


class MeanSquaredError(Loss):
    """Squared errors."""

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (outputs - targets).square().mean(-1)


class MeanAbsoluteError(Loss):
    """Absolute errors: the network learns the median."""

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (outputs - targets).abs().mean(-1)


class Huber(Loss):
    """Half the square up to `huber_delta`, a straight line beyond (Huber 1964;
    `torch.nn.HuberLoss`).
    """

    parameter = "huber_delta"

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        size = (outputs - targets).abs()
        curved = torch.minimum(size, self.own)
        return (curved * (size - 0.5 * curved)).mean(-1)


class Quantile(Loss):
    """The pinball loss (Koenker & Bassett 1978): the network learns the quantile of
    that level.
    """

    parameter = "quantile"

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        difference = outputs - targets
        return torch.where(difference > 0, (1 - self.own) * difference, -self.own * difference).mean(-1)


class Poisson(Loss):
    """Poisson deviance of counts, up to what does not depend on the network
    (`torch.nn.PoissonNLLLoss`).

    The network's output is the logarithm of the rate.
    """

    def rows(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (torch.exp(outputs) - outputs * targets).mean(-1)

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
    """Outputs (…, n_outputs) of networks, of which some make several predictions, side
    by side.
    """
    return outputs if outputs.shape[-1] == n_outputs else loss.together(outputs.unflatten(-1, (-1, n_outputs)))


def compute_row_losses_of_heads(loss: Loss, outputs: Tensor, targets: Tensor, weight: Tensor, n_heads: int) -> Tensor:
    """The loss of each row, (…, rows), of networks that make several predictions, side
    by side: the mean of their losses.
    """
    if n_heads == 1:
        return loss.rows(outputs, targets, weight)
    each = outputs.unflatten(-1, (n_heads, -1)).flatten(-3, -2)  # (…, rows · n_heads, n_outputs)
    targets, weight = targets.repeat_interleave(n_heads, -2), weight.repeat_interleave(n_heads, -1)
    return loss.rows(each, targets, weight / n_heads).unflatten(-1, (-1, n_heads)).mean(-1)
