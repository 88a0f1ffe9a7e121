"""From an estimator's parameters to a training step: rates, schedules, batches."""

from typing import Protocol

import numpy as np
from torch import nn

from sknet_hp.estimators.parameters.protocols import (
    CommonParameters,
    FittingParameters,
    NetworkParameters,
    UpdateParameters,
)
from sknet_hp.nets.graph import Graph
from sknet_hp.training.rules.averaging import Averaging
from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.state import Rates


class _UpdateInFit(UpdateParameters, FittingParameters, Protocol):
    """The parameters of a training step, and of the fit around it."""


class _NetworkInFit(NetworkParameters, FittingParameters, Protocol):
    """The parameters of a network, and of its fit."""


def make_rates(net: UpdateParameters, batch_rows: int) -> Rates:
    """Return the numbers of the update, for batches of so many rows."""
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


def make_lr_schedule(net: _UpdateInFit) -> Schedule:
    """Return how the learning rate changes."""
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


def make_weight_decay_schedule(net: UpdateParameters) -> Schedule:
    """Return how the factor on weight decay changes."""
    return Schedule(net.weight_decay_schedule or "constant")


def make_dropout_schedule(net: NetworkParameters) -> Schedule:
    """Return how the factor on the rates of dropout changes."""
    return Schedule(net.dropout_schedule or "constant")


def make_averaging(net: _UpdateInFit) -> Averaging:
    """Return which average of the weights predicts."""
    kind = net.weight_averaging or "none"
    if kind == "auto":  # an average lags behind the weights, and only early stopping waits for it
        kind = "ema" if net.early_stopping else "none"
    return Averaging(kind, float(net.ema_decay), float(net.swa_start))


def count_batch_rows(batch_size: float | str, n_rows: int) -> int:
    """Return the rows that a share of `n_rows`, or "auto", stands for."""
    if isinstance(batch_size, str):
        return int(min(256, max(16, 2 ** int(np.log2(n_rows / 32)) if n_rows >= 32 else 16)))
    return int(batch_size) if batch_size >= 1 else max(1, round(batch_size * n_rows))


def choose_batch_size(net: _NetworkInFit, n_rows: int, graph: Graph | nn.Module) -> int:
    """Return the rows in a step, of n_rows training rows.

    Raises
    ------
    ValueError
        If all batches have one row, and the network normalises over batches: it would
        see nothing of its inputs.
    """
    size = count_batch_rows(net.batch_size, n_rows)
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


def choose_precision(
    net: CommonParameters, graph: Graph | nn.Module, device: str, loss: str | TorchLoss, n_outputs: int
) -> str:
    """Return the number format in which hidden layers multiply.

    Raises
    ------
    ValueError
        Where this network or this machine does not support it.
    """
    if net.precision == "float32":
        return "float32"
    if not isinstance(graph, Graph):
        raise ValueError(
            f"precision={net.precision!r} is for layers we know, but module={net.module!r} is run unchanged; use "
            f"'float32'"
        )
    if device != "cpu":
        raise ValueError(f"precision={net.precision!r} is for device='cpu', but device={net.device!r}; use 'float32'")
    from sknet_hp.nets.compiled.kernels.half_products import is_supported
    from sknet_hp.training.compiled.choose_loss import is_compiled_loss

    if not is_compiled_loss(loss, n_outputs):
        raise ValueError(
            f"precision={net.precision!r} is for losses we know, but loss={net.loss!r} is run unchanged; use 'float32'"
        )
    if not is_supported():
        raise ValueError(
            f"precision={net.precision!r} needs a CPU that multiplies bfloat16 (AVX-512 BF16); this one does not, use "
            f"'float32'"
        )
    return str(net.precision)


def read_loss_parameter(net: CommonParameters, loss: str | TorchLoss) -> float:
    """Return the value of a loss's own parameter, such as `huber_delta`; 0 if none."""
    name = None if isinstance(loss, TorchLoss) else LOSSES[loss].parameter
    return 0.0 if name is None else float(getattr(net, name))
