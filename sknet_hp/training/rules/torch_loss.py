"""Losses that users bring: torch's modules, or functions of outputs and targets.

Autograd goes through them.
"""

import copy
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.training.rules.losses import LOSSES, Loss

_OF_MODULES = frozenset(vars(nn.Module()))

_INSTEAD = {nn.NLLLoss: "nn.CrossEntropyLoss", nn.BCELoss: "nn.BCEWithLogitsLoss"}
"""Losses of probabilities, and what means the same of scores, which networks give."""


class TorchLoss:
    """A loss of the user's, and the one of ours whose outputs mean the same.

    Two are equal where class and attributes are.

    Parameters
    ----------
    function : called with outputs (rows, n_outputs) and targets: class numbers (rows,)
        where `like` is "cross_entropy", else (rows, n_outputs). Gives one number for
        each row, or one for each row and output, or one for all.
    like : the name of ours, in `LOSSES`.
    """

    def __init__(self, function: Any, like: str):
        self.function, self.like = function, like

    @property
    def _key(self) -> tuple:
        return self.like, _describe(self.function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TorchLoss) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return repr(self.function)


def _describe(value: Any) -> Any:
    """Return something hashable that is equal where two values are alike."""
    if isinstance(value, (Tensor, np.ndarray)):
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        return str(array.dtype), array.shape, array.tobytes()
    if isinstance(value, (list, tuple)):
        return tuple(map(_describe, value))
    if isinstance(value, dict):
        return tuple(sorted(((repr(name), _describe(part)) for name, part in value.items()), key=lambda pair: pair[0]))
    if isinstance(value, nn.Module):
        own = {name: part for name, part in vars(value).items() if name not in _OF_MODULES}
        return (
            type(value),
            _describe(own),
            _describe(dict(value.named_buffers(recurse=False))),
            _describe(dict(value.named_children())),
        )
    if isinstance(value, partial):
        return (
            type(value),
            _describe(value.func),
            _describe(value.args),
            _describe(value.keywords),
            _describe(vars(value)),
        )
    if isinstance(value, MethodType):
        return MethodType, value.__func__, _describe(value.__self__)
    # All that objects of plain Python classes are is their state; others may have more, which does not show.
    if type(value).__new__ is object.__new__ and (type(value).__eq__ is object.__eq__ or type(value).__hash__ is None):
        return type(value), _describe(value.__getstate__())
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return value


def get_loss_class(loss: str | TorchLoss) -> type[Loss]:
    """Return the loss of ours that says what a network's outputs mean."""
    return LOSSES[loss.like if isinstance(loss, TorchLoss) else loss]


def make_loss(loss: str | TorchLoss, values: Tensor | None = None) -> Loss:
    """Make the loss to train with.

    `values`, (members, 1, 1), are those of its own parameter.
    """
    return _StackedTorchLoss(loss, values) if isinstance(loss, TorchLoss) else LOSSES[loss](values)


@use_float32_on_cpu()
def read_loss(given: Any, like: str, n_outputs: int) -> TorchLoss:
    """Make a `TorchLoss` of what a user gave, and try it on a few rows.

    Raises
    ------
    ValueError
        If it can not be used; the message says why.
    """
    given = _make_instance(given)
    _check_module(given)
    given = copy.deepcopy(given)
    if isinstance(given, nn.Module):
        given.to(torch.float32)  # weights of classes, which torch's default may have made something else
    loss = TorchLoss(given, like)
    _try_loss(loss, n_outputs)
    return loss


def _make_instance(given: Any) -> Any:
    if not isinstance(given, type):
        return given
    try:
        return given()
    except TypeError as error:
        raise ValueError(f"loss={given!r} can not be made without arguments ({error}); give an instance") from error


def _check_module(given: Any) -> None:
    """Refuse losses of torch that mean something else of our networks' outputs."""
    instead = _INSTEAD.get(type(given))
    if instead is not None:
        raise ValueError(
            f"loss={given!r} is a loss of probabilities, but the network gives scores; use {instead}, which means the "
            f"same of scores"
        )
    if isinstance(given, nn.PoissonNLLLoss) and not given.log_input:
        raise ValueError(f"loss={given!r} takes rates, but the network gives their logarithms; use log_input=True")
    if isinstance(given, nn.Module) and any(True for _ in given.parameters()):
        raise ValueError(
            f"loss={given!r} has parameters of its own, which would not be trained; a loss must be a function of "
            f"outputs and targets"
        )


def _try_loss(loss: TorchLoss, n_outputs: int) -> None:
    """Compute a gradient on a few rows."""
    rows = n_outputs + 2  # no axis can be mistaken for another
    outputs = torch.linspace(-1, 1, rows * n_outputs, dtype=torch.float32).view(rows, n_outputs)
    if loss.like == "cross_entropy":
        targets = torch.nn.functional.one_hot(torch.arange(rows) % n_outputs, n_outputs).float()
    else:
        targets = (torch.arange(rows * n_outputs) % 2).float().view(rows, n_outputs)
    with torch.enable_grad():
        x, weight = outputs.unsqueeze(0).requires_grad_(), torch.full((1, rows), 1 / rows, dtype=torch.float32)
        torch.autograd.grad(make_loss(loss).compute_row_losses(x, targets.unsqueeze(0), weight), x, weight)


class _StackedTorchLoss(Loss):
    """A user's loss over a stack: one member after the other.

    All members have as many rows in each batch: see `training.job._get_loss`.
    """

    def __init__(self, loss: TorchLoss, values: Tensor | None):
        super().__init__(values)
        self.given = loss.function
        self.like: Loss = LOSSES[loss.like]()
        self.has_accuracy = self.like.has_accuracy
        self.function = copy.deepcopy(loss.function)
        self.sums = getattr(self.function, "reduction", None) == "sum"
        # Of a function there is one only, whosever it is.
        if isinstance(getattr(self.function, "reduction", None), str) and not isinstance(self.function, FunctionType):
            self.function.reduction = "none"
        if isinstance(self.function, nn.Module) and values is not None:
            self.function.to(values.device)

    def make_targets(self, y: Tensor, n_outputs: int) -> Tensor:
        return self.like.make_targets(y, n_outputs)

    def compute_even_target(self, n_outputs: int) -> float:
        return self.like.compute_even_target(n_outputs)

    def combine_heads(self, outputs: Tensor) -> Tensor:  # type: ignore[override]
        return self.like.combine_heads(outputs)

    def compute_row_losses(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        rows = torch.stack([self._compute_member(*own) for own in zip(outputs, targets, weight, strict=True)])
        if outputs.requires_grad and not rows.requires_grad:
            raise ValueError(
                f"loss={self.given!r} does not depend on the outputs in a way that torch can differentiate"
            )
        return rows

    def _compute_member(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of each row of one member, (rows,)."""
        each = self._call(outputs, targets.argmax(-1) if self.has_accuracy else targets)
        if each.dim() > 1:
            return each.flatten(1).sum(1) if self.sums else each.flatten(1).mean(1)
        if each.dim() == 0 and not bool((weight == weight[0]).all()):
            raise ValueError(
                f"loss={self.given!r} gives one number for a batch, so it can not weigh its rows by sample_weight or "
                f"class_weight; let it return one number for each row, or be an object with an attribute `reduction` "
                f"that may be 'none'"
            )
        return each.expand(len(outputs))  # one of all stands for each: their sum by weight is what it is

    def _call(self, outputs: Tensor, targets: Tensor) -> Tensor:
        kind = "class numbers" if self.has_accuracy else "targets"
        given = f"outputs {tuple(outputs.shape)} and {kind} {tuple(targets.shape)}"
        try:
            each = self.function(outputs, targets)
        except Exception as error:  # whatever a user's own code raises
            raise ValueError(
                f"loss={self.given!r} was called with {given} and raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(each, Tensor):
            raise ValueError(
                f"loss={self.given!r} was called with {given} and must return a tensor, got {type(each).__name__}"
            )
        if each.dim() > 0 and len(each) != len(outputs):
            raise ValueError(
                f"loss={self.given!r} was called with {given} and must return one number for each row or one for all, "
                f"got shape {tuple(each.shape)}"
            )
        return each
