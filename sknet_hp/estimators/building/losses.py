"""From an estimator's parameters and its target to the loss."""

from torch import nn

from sknet_hp.estimators.parameters.protocols import ClassifierParameters, RegressorParameters
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.training.rules.torch_loss import TorchLoss, read_loss


def choose_class_loss(net: ClassifierParameters, target: ClassTarget) -> str | TorchLoss:
    """Return the loss of a classifier: the name of one, or the user's own.

    Raises
    ------
    ValueError
        If `net.loss` can not be used with other parameters, or for this target.
    """
    if callable(net.loss):
        if net.label_smoothing or net.mixup_alpha:
            raise ValueError(
                f"loss={net.loss!r} is called with class numbers, which label_smoothing={net.label_smoothing!r} "
                f"and mixup_alpha={net.mixup_alpha!r} make into shares; set both to 0 (`nn.CrossEntropyLoss` has "
                f"a label_smoothing of its own)"
            )
        like = "binary_cross_entropy" if target.multilabel else "cross_entropy"
        return read_loss(net.loss, like, len(target.classes))
    if not target.multilabel:
        return "cross_entropy" if net.loss == "auto" else str(net.loss)
    if net.loss != "auto":
        raise ValueError(
            f"loss={net.loss!r} is for one label a row, but y has {len(target.classes)} columns of labels; use "
            f"loss='auto'"
        )
    return "binary_cross_entropy"


def choose_number_loss(net: RegressorParameters, n_targets: int) -> str | TorchLoss:
    """Return the loss of a regressor: the name of one, or the user's own."""
    if callable(net.loss):
        return read_loss(net.loss, "poisson" if is_loss_of_counts(net) else "mse", n_targets)
    return "mse" if net.loss == "auto" else str(net.loss)


def is_loss_of_counts(net: RegressorParameters) -> bool:
    """Return whether a loss is for outputs that are logarithms of counts."""
    return bool(net.loss == "poisson" or net.loss is nn.PoissonNLLLoss or isinstance(net.loss, nn.PoissonNLLLoss))
