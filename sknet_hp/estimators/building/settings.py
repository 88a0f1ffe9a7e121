"""From an estimator's parameters to the terms of training: rates, schedules, stopping."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names
from torch import nn

from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.estimators.targets.numbers import NumberTarget
from sknet_hp.nets.graph import Graph
from sknet_hp.training.job import Rates
from sknet_hp.training.rules.averaging import Averaging
from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.rules.stopping import Stopping
from sknet_hp.training.rules.torch_loss import TorchLoss

# ---- the update ----------------------------------------------------------------------------------------------------


def rates(net: Any, batch_rows: int) -> Rates:
    """The numbers of the update."""
    power = {"none": 0.0, "linear": 1.0, "sqrt": 0.5}[net.lr_scaling or "none"]
    return Rates(
        lr=net.lr * (batch_rows / net.base_batch_size) ** power,
        weight_decay=net.weight_decay,
        momentum=net.momentum,
        beta1=net.beta1,
        beta2=net.beta2,
        eps=net.eps,
        alpha=net.alpha,
        l1=net.l1,
        clip=np.inf if net.grad_clip_norm is None else net.grad_clip_norm,
    )


def schedule(net: Any) -> Schedule:
    """The learning rate's course."""
    horizon = net.schedule_epochs or net.max_epochs
    warmup = min(1.0, net.lr_warmup / horizon if net.lr_warmup >= 1 else float(net.lr_warmup))
    return Schedule(
        net.lr_schedule,
        min_factor=float(net.lr_min_factor),
        warmup=warmup,
        gamma=float(net.lr_gamma),
        step_size=1 / 3 if net.lr_step_epochs is None or warmup == 1 else net.lr_step_epochs / (horizon * (1 - warmup)),
        cycles=int(net.lr_cycles),
        cycle_mult=float(net.lr_cycle_mult),
        patience=int(net.lr_patience),
    )


def beside(net: Any, which: str) -> Schedule:
    """The course of `dropout` or `weight_decay`, a factor on it."""
    return Schedule(getattr(net, f"{which}_schedule") or "constant")


def precision(net: Any, graph: Any, device: str, loss: str | TorchLoss, n_outputs: int) -> str:
    """In which number format hidden layers multiply.

    Raises
    ------
    ValueError
        Where this network or this machine does not support it.
    """
    if net.precision == "float32":
        return "float32"
    if not isinstance(graph, Graph):
        raise ValueError(
            f"precision={net.precision!r} is for layers we know, but module={net.module!r} is run as it is; use "
            f"'float32'"
        )
    if device != "cpu":
        raise ValueError(f"precision={net.precision!r} is for device='cpu', but device={net.device!r}; use 'float32'")
    from sknet_hp.nets.compiled.kernels.half_products import is_supported
    from sknet_hp.training.compiled.choose_loss import is_compiled_loss

    if not is_compiled_loss(loss, n_outputs):
        raise ValueError(
            f"precision={net.precision!r} is for losses we know, but loss={net.loss!r} is run as it is; use 'float32'"
        )
    if not is_supported():
        raise ValueError(
            f"precision={net.precision!r} needs a CPU that multiplies bfloat16 (AVX-512 BF16); this one does not, use "
            f"'float32'"
        )
    return str(net.precision)


def averaging(net: Any) -> Averaging:
    """Which average of the weights predicts."""
    kind = net.weight_averaging or "none"
    if kind == "auto":  # what is averaged lags behind, and early stopping waits for it
        kind = "ema" if net.early_stopping else "none"
    return Averaging(kind, float(net.ema_decay), float(net.swa_start))


def batch_size(net: Any, n_rows: int, graph: Graph | nn.Module) -> int:
    """Rows in a step, of n_rows training rows.

    Raises
    ------
    ValueError
        If all batches have one row, and the network normalises over batches: it would
        see nothing of its inputs.
    """
    if net.batch_size == "auto":
        size = int(min(256, max(16, 2 ** int(np.log2(n_rows / 32)) if n_rows >= 32 else 16)))
    else:
        size = int(net.batch_size) if net.batch_size >= 1 else max(1, round(net.batch_size * n_rows))
    if min(size, n_rows) == 1 and isinstance(graph, Graph) and any(node.kind == "batch_norm" for node in graph.nodes):
        what = (
            "normalization='batch'"
            if isinstance(net.module, str)
            else f"the batch normalisation of module={net.module!r}"
        )
        few = (
            f"batch_size={net.batch_size!r} makes each of them one row"
            if n_rows > 1
            else "there is 1 sample to train on"
        )
        raise ValueError(
            f"{what} needs batches of 2 rows or more, but {few}; use a larger batch_size, normalization='layer' or "
            f"normalization='none'"
        )
    return size


def loss_parameter(net: Any, loss: str | TorchLoss) -> float:
    """The value of a loss's own parameter; 0 if it has none."""
    name = None if isinstance(loss, TorchLoss) else LOSSES[loss].parameter
    return 0.0 if name is None else float(getattr(net, name))


# ---- stopping ------------------------------------------------------------------------------------------------------


def stopping(net: Any) -> Stopping:
    """When to stop, given rows to look at."""
    return Stopping(net.patience if net.early_stopping else None, float(net.min_delta))


class _ClassOutputs(ClassifierMixin, BaseEstimator):
    """Stands for a fitted classifier before a scorer: its X are a network's outputs."""

    def __init__(self, target: ClassTarget):
        self.target, self.classes_ = target, target.classes

    def predict(self, X: np.ndarray) -> np.ndarray:
        """What the outputs say."""
        return self.target.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """What the outputs say."""
        return self.target.compute_probabilities(X)


class _NumberOutputs(RegressorMixin, BaseEstimator):
    """The same for a regressor."""

    def __init__(self, target: NumberTarget, clip: bool):
        self.target, self.clip = target, clip

    def predict(self, X: np.ndarray) -> np.ndarray:
        """What the outputs say."""
        return self.target.predict(X, clip=self.clip)


@dataclass(frozen=True, eq=False)
class ScorerMetric:
    """A scikit-learn scorer over a network's outputs for some rows; picklable, for it
    may be called in a worker.

    Attributes
    ----------
    name : of the scorer.
    target : what outputs mean.
    clip : whether predictions are kept within the range of the training targets.
    y : of the rows, as class numbers, an indicator matrix or numbers in their own
        units.
    weight : `sample_weight` of the rows, or None. `class_weight` is for the loss alone.
    """

    name: str
    target: ClassTarget | NumberTarget
    clip: bool
    y: np.ndarray
    weight: np.ndarray | None

    def __call__(self, outputs: np.ndarray) -> float:
        """The score, the higher the better."""
        model: Any = (
            _ClassOutputs(self.target)
            if isinstance(self.target, ClassTarget)
            else _NumberOutputs(self.target, self.clip)
        )
        arguments = {} if self.weight is None else {"sample_weight": self.weight}
        try:
            score = float(get_scorer(self.name)(model, outputs, self.target.decode(self.y), **arguments))
            if np.isnan(score):  # it would be so in each epoch, and the first would pass for the best
                raise ValueError("the score is not a number")
            return score
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                f"stopping_metric={self.name!r} can not be computed on the {len(self.y)} rows held out ({error}); use "
                f"'loss', or {_instead_of_scorer(str(error))}"
            ) from error


def _instead_of_scorer(refusal: str) -> str:
    """What helps where a scorer refuses the rows held out."""
    if "'sample_weight'" in refusal:
        return "a scorer that takes weights"
    if "pos_label" in refusal:
        return "a scorer without a positive class, such as 'f1_macro' or 'roc_auc', or give labels of 0 and 1"
    return "another scorer, or hold out more rows"


def scorer(net: Any, y: np.ndarray, weight: np.ndarray | None) -> ScorerMetric | None:
    """What early stopping follows of the rows held out, of these targets and weights;
    None for the loss.
    """
    if not net.early_stopping or net.stopping_metric == "loss":
        return None
    return ScorerMetric(net.stopping_metric, net.target_, getattr(net, "clip_prediction", False), y, weight)


def judged_by(net: Any, loss: str | TorchLoss, own_rows: bool) -> dict[str, Any]:
    """What the epochs of a training are judged by. Only under the same is one better
    than another.
    """
    followed = net.stopping_metric if net.early_stopping else "loss"
    if followed != "loss":
        return {"metric": followed, "own_rows": own_rows, "clip": getattr(net, "clip_prediction", False)}
    return {
        "metric": followed,
        "own_rows": own_rows,
        "parameter": loss_parameter(net, loss),
        "class_weight": getattr(net, "class_weight", None),
    }


def check_together(net: Any) -> None:
    """Refuse values that are right alone and wrong together."""
    if net.stopping_metric != "loss" and net.stopping_metric not in get_scorer_names():
        raise ValueError(
            f"stopping_metric={net.stopping_metric!r} is neither 'loss' nor the name of a scorer; "
            f"`sklearn.metrics.get_scorer_names()` lists those, for example 'accuracy', 'roc_auc', 'neg_log_loss' or "
            f"'r2'"
        )
    if net.lr_schedule == "exponential" and net.lr_min_factor == 0:
        raise ValueError(
            "lr_schedule='exponential' decays lr by the same ratio in each epoch until lr_min_factor, which must be "
            "above 0, for example 0.01"
        )
    if net.unfreeze_epoch is not None and net.freeze is None and net.lr_layer_decay == 1:
        raise ValueError(
            f"unfreeze_epoch={net.unfreeze_epoch!r} ends what freeze or lr_layer_decay begins, but freeze=None and "
            f"lr_layer_decay=1"
        )
    if net.refit_full and net.warm_start:
        raise ValueError(
            "refit_full=True begins anew on all rows, so there is nothing that warm_start=True could go on from; "
            "choose one of them"
        )
