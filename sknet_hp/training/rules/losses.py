"""Losses over a stack of networks: the loss of each row, which autograd derives."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Loss:
    """A loss. Shapes: outputs and targets (…, rows, n_outputs).

    Its compiled twin, and how that combines the heads of a network, are in
    `training.compiled.kernels.losses`.

    Parameters
    ----------
    values : (members, 1, 1) each member's value of the loss's own parameter, if it has
        one.

    Attributes
    ----------
    parameter : the name of the loss's own parameter, or None.
    has_accuracy : whether the largest output names a class, so that there is an
        accuracy.
    criterion : torch's loss in its place, for nets of skorch.
    is_criterion_exact : whether that is the same loss. With another one a net of skorch
        predicts alike, but trains differently.
    """

    parameter: ClassVar[str | None] = None
    has_accuracy: bool = False
    criterion: ClassVar[type[nn.Module]]
    is_criterion_exact: ClassVar[bool] = True

    def __init__(self, values: Tensor | None = None):
        self.values = values

    @property
    def own(self) -> Tensor:
        assert self.values is not None
        return self.values

    def make_targets(self, y: Tensor, n_outputs: int) -> Tensor:
        """Return y as (rows, n_outputs) float32."""
        return y.float().reshape(len(y), n_outputs)

    def compute_even_target(self, n_outputs: int) -> float:
        """Return the uninformative target, towards which label smoothing goes."""
        return 1 / n_outputs

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of each row, (…, rows).

        Training minimises their sum by `weight`, (…, rows).
        """
        raise NotImplementedError

    @classmethod
    def combine_heads(cls, outputs: Tensor) -> Tensor:
        """Average the predictions of several heads, (…, heads, n_outputs).

        Returns outputs, (…, n_outputs), that mean the average of what each head's mean:
        of probabilities or of rates, say.
        """
        return outputs.mean(-2)


# ---- classes -------------------------------------------------------------------------------------------------------


class CrossEntropy(Loss):
    """Softmax cross-entropy; targets are probabilities of the classes."""

    has_accuracy = True
    criterion: ClassVar[type[nn.Module]] = nn.CrossEntropyLoss

    def make_targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return torch.zeros(len(y), n_outputs, dtype=torch.float32, device=y.device).scatter_(1, y.unsqueeze(1), 1)

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return self.compute_from_logs(torch.log_softmax(outputs, -1), targets)

    def compute_from_logs(self, log_p: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of each row from the logarithms of probabilities."""
        # A target of zero counts for nothing even where the logarithm is infinite.
        return torch.where(targets > 0, log_p * targets, 0).sum(-1).neg()

    @classmethod
    def combine_heads(cls, outputs: Tensor) -> Tensor:
        return torch.softmax(outputs, -1).mean(-2).log_()


class Focal(CrossEntropy):
    """(1 - p)^gamma times the cross-entropy (Lin et al. 2017).

    p is the probability of the row's class: rows that are easy count less.
    """

    parameter = "focal_gamma"
    is_criterion_exact = False

    def compute_from_logs(self, log_p: Tensor, targets: Tensor) -> Tensor:
        return super().compute_from_logs(log_p * (1 - torch.exp(log_p)).clamp(min=1e-7) ** self.own, targets)


class LogProbability(CrossEntropy):
    """Negative log likelihood of a network whose outputs are probabilities.

    As skorch computes `NLLLoss`: log(p + eps).
    """

    criterion = nn.NLLLoss

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return self.compute_from_logs(torch.log(outputs + torch.finfo(torch.float32).eps), targets)

    @classmethod
    def combine_heads(cls, outputs: Tensor) -> Tensor:
        return outputs.mean(-2)


class BinaryCrossEntropy(Loss):
    """The sum over labels of each one's logistic loss; targets are 0 or 1.

    For rows that may have several labels.
    """

    criterion = nn.BCEWithLogitsLoss

    def compute_even_target(self, n_outputs: int) -> float:
        return 0.5

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (F.softplus(outputs) - outputs * targets).sum(-1)

    @classmethod
    def combine_heads(cls, outputs: Tensor) -> Tensor:
        return torch.logit(torch.sigmoid(outputs).mean(-2), eps=1e-7)


# ---- numbers -------------------------------------------------------------------------------------------------------


class MeanSquaredError(Loss):
    """The mean over outputs of squared errors."""

    criterion = nn.MSELoss

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (outputs - targets).square().mean(-1)


class MeanAbsoluteError(Loss):
    """The mean over outputs of absolute errors: the network learns the median."""

    criterion = nn.L1Loss

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (outputs - targets).abs().mean(-1)


class Huber(Loss):
    """Half the square up to `huber_delta`, a straight line beyond (Huber 1964).

    As `torch.nn.HuberLoss`.
    """

    parameter = "huber_delta"
    criterion = nn.HuberLoss

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        size = (outputs - targets).abs()
        curved = torch.minimum(size, self.own)
        return (curved * (size - 0.5 * curved)).mean(-1)


class Quantile(Loss):
    """The pinball loss (Koenker & Bassett 1978): the network learns that quantile."""

    parameter = "quantile"
    criterion = nn.L1Loss
    is_criterion_exact = False

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        difference = outputs - targets
        return torch.where(difference > 0, (1 - self.own) * difference, -self.own * difference).mean(-1)


class Poisson(Loss):
    """Poisson deviance of counts, up to what does not depend on the network.

    The network's output is the logarithm of the rate. As `torch.nn.PoissonNLLLoss`.
    """

    criterion = nn.PoissonNLLLoss

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (torch.exp(outputs) - outputs * targets).mean(-1)

    @classmethod
    def combine_heads(cls, outputs: Tensor) -> Tensor:
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
"""Losses by the names that estimators and jobs have for them."""


def combine_outputs(loss: Loss | type[Loss], outputs: Tensor, n_outputs: int) -> Tensor:
    """Return outputs, (…, n_outputs), of networks that may have several heads.

    `outputs` has the heads' predictions side by side.
    """
    return outputs if outputs.shape[-1] == n_outputs else loss.combine_heads(outputs.unflatten(-1, (-1, n_outputs)))


def compute_row_losses_of_heads(loss: Loss, outputs: Tensor, targets: Tensor, weight: Tensor, n_heads: int) -> Tensor:
    """Compute the loss of each row, (…, rows), as the mean over a network's heads."""
    if n_heads == 1:
        return loss.compute_row_losses(outputs, targets, weight)
    each = outputs.unflatten(-1, (n_heads, -1)).flatten(-3, -2)  # (…, rows · n_heads, n_outputs)
    targets, weight = targets.repeat_interleave(n_heads, -2), weight.repeat_interleave(n_heads, -1)
    return loss.compute_row_losses(each, targets, weight / n_heads).unflatten(-1, (-1, n_heads)).mean(-1)
