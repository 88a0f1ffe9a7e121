"""Losses over a stack: the gradient of a batch's weighted mean, and the loss of each row.

`begin` leaves in `record` what `rows` needs later, so that the reported loss costs one pass for many steps.
"""

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
    """One loss. Shapes: outputs and targets (..., rows, n_outputs); weight (..., rows, 1), summing to one over the rows of a batch."""

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        """y as (rows, n_outputs) float32."""
        return y.float()

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        """The gradient by the outputs; fills `record`, of the outputs' shape."""
        raise NotImplementedError

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What `gradient` records, without the gradient."""
        raise NotImplementedError

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        """The loss of each row, (..., rows)."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """Softmax cross-entropy; targets are probabilities of the classes."""

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return torch.nn.functional.one_hot(y, n_outputs).float()

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        return torch.exp(log_softmax(outputs, record)).sub_(targets).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return log_softmax(outputs, torch.empty_like(outputs, memory_format=torch.contiguous_format))

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        # A target of zero counts for nothing even where the logarithm is infinite.
        return torch.where(targets > 0, record * targets, 0).sum(-1).neg_()


class LogProbability(CrossEntropy):
    """Negative log likelihood of a network whose outputs are probabilities, as skorch scores `NLLLoss`: log(p + eps)."""

    eps = torch.finfo(torch.float32).eps

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        shifted = outputs + self.eps
        torch.log(shifted, out=record)
        return torch.div(targets, shifted, out=shifted).neg_().mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs + self.eps).log_()


class MeanSquaredError(Loss):
    """The mean over outputs of squared errors."""

    def targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return y.float().reshape(len(y), n_outputs)

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        torch.sub(outputs, targets, out=record)
        return torch.mul(record, 2 / outputs.shape[-1]).mul_(weight)

    def record(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs - targets

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        return record.square().mean(-1)


LOSSES: dict[str, Loss] = {"cross_entropy": CrossEntropy(), "log_probability": LogProbability(), "mse": MeanSquaredError()}
