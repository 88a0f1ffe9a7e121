"""What happens inside a network: activations and gradients, layer by layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import clone, is_classifier
from sklearn.utils import _safe_indexing
from torch import Tensor, nn

MOST_ROWS = 512
"""Rows that are measured on: enough for a unit that is of use to differ in some."""

_ACTIVATIONS = (
    nn.ReLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Sigmoid,
    nn.Softplus,
    nn.Hardtanh,
)
_STANDING = {
    "max_epochs": 1,
    "lr": 1e-30,
    "early_stopping": False,
    "weight_decay": 0.0,
    "l1": 0.0,
    "lr_schedule": "constant",
    "weight_averaging": "none",
    "refit_full": False,
    "n_members": 1,
    "callbacks": None,
    "verbose": 0,
    "warm_start": False,
    "freeze": None,
    "unfreeze_epoch": None,
}
"""Parameters with which `fit` leaves the weights where they start."""


@dataclass(frozen=True, eq=False)
class LayerFlow:
    """What goes through the layers with weights, from the first to the last.

    Attributes
    ----------
    slopes : (n_layers,) the norm of the loss's gradient by a layer's outputs.
    gradient_norm : of the loss, over all weights.
    """

    slopes: np.ndarray
    gradient_norm: float


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured in a network.

    Attributes
    ----------
    constant_shares : of each layer of activations, the share of units that give the
        same for every row.
    start, end : the flow at the start of training, and with the weights that predict.
    n_rows : how many rows it was measured on.
    """

    constant_shares: np.ndarray
    start: LayerFlow | None
    end: LayerFlow
    n_rows: int


def measure_network(network: Any, X: Any, y: Any, random_state: int) -> Measurement | None:
    """Measure activations and gradients on some rows.

    Parameters
    ----------
    network : fitted NetClassifier or NetRegressor
    X, y : rows of its table.
    random_state : int
        Which rows are drawn, if there are many.

    Returns
    -------
    Measurement, or None for a network whose loss or layers do not allow it.
    """
    rows = _draw_rows(len(y), random_state)
    X, y = _safe_indexing(X, rows), _safe_indexing(y, rows)
    targets = _make_targets(network, y)
    if targets is None:
        return None
    shares, end = _measure(network, X, targets)
    return Measurement(shares, _measure_start(network, X, y, targets), end, len(rows))


def _draw_rows(n_rows: int, random_state: int) -> np.ndarray:
    if n_rows <= MOST_ROWS:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(random_state).choice(n_rows, MOST_ROWS, replace=False))


def _make_targets(network: Any, y: Any) -> Tensor | None:
    """Return what the network's outputs are compared with; None if not known how."""
    if np.ndim(y) != 1 or not isinstance(network.structure_["loss"], str):
        return None
    if is_classifier(network):
        return torch.as_tensor(network.target_.encode(y), dtype=torch.long)
    target = network.target_
    return torch.as_tensor((np.asarray(y, dtype=float) - target.mean[0]) / target.scale[0], dtype=torch.float32)


def _measure_start(network: Any, X: Any, y: Any, targets: Tensor) -> LayerFlow | None:
    """Return the flow in a network of the same parameters that has not learned."""
    try:
        start = clone(network).set_params(**_STANDING, random_state=network.seed_).fit(X, y)
    except ValueError:  # rows so few that a class is missing, say
        return None
    if len(getattr(start, "classes_", ())) != len(getattr(network, "classes_", ())):
        return None
    return _measure(start, X, targets)[1]


def _measure(network: Any, X: Any, targets: Tensor) -> tuple[np.ndarray, LayerFlow]:
    module = network.net_.module_
    inputs = torch.as_tensor(np.asarray(network.encoder_.transform(X)), dtype=torch.float32)
    module.eval()
    shares: list[float] = []
    slopes: list[Tensor] = []
    with _watch(module, shares, slopes), torch.enable_grad():
        outputs = module(inputs)
        heads = outputs.reshape(len(inputs), -1, network.structure_["n_outputs"])
        loss = _compute_loss(heads, targets)
        weights = [parameter for parameter in module.parameters() if parameter.requires_grad]
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    norm = _compute_norm([gradient for gradient in gradients if gradient is not None])
    return np.array(shares), LayerFlow(np.array([float(slope) for slope in slopes[::-1]]), norm)


def _compute_loss(heads: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy, or squared error, over the heads of a network."""
    if targets.dtype == torch.long:
        return nn.functional.cross_entropy(heads.flatten(0, 1), targets.repeat_interleave(heads.shape[1]))
    return ((heads[..., 0] - targets[:, None]) ** 2).mean()


def _compute_norm(tensors: list[Any]) -> float:
    return float(sum(float(tensor.detach().double().square().sum()) for tensor in tensors) ** 0.5)


@contextmanager
def _watch(module: nn.Module, shares: list[float], slopes: list[Tensor]) -> Iterator[None]:
    """Note constant units on the way forward, and slopes on the way back."""

    def note_units(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        units = output.detach().flatten(1)
        spread = units.amax(0) - units.amin(0)
        shares.append(float((spread <= 1e-6 * units.abs().amax(0).clamp(min=1e-12)).float().mean()))

    def note_slope(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(lambda gradient: slopes.append(gradient.norm()))

    handles = []
    for layer in module.modules():
        if isinstance(layer, _ACTIVATIONS):
            handles.append(layer.register_forward_hook(note_units))
        elif not list(layer.children()) and any(p.ndim > 1 for p in layer.parameters(recurse=False)):
            handles.append(layer.register_forward_hook(note_slope))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
