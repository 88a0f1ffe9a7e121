"""The multilayer perceptron, and the pieces that other architectures share with it."""

import torch
from torch import Tensor, nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.layers.modules import NTKLinear, ParametricActivation

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}

NORMALIZATIONS = ("none", "batch", "layer")


def make_normalization(name: str, width: int, momentum: float, eps: float, device: str | None) -> list[nn.Module]:
    """Make a normalisation of this name: one layer, or none."""
    if name == "batch":
        return [nn.BatchNorm1d(width, momentum=momentum, eps=eps, dtype=torch.float32, device=device)]
    return [nn.LayerNorm(width, eps=eps, dtype=torch.float32, device=device)] if name == "layer" else []


def make_activation(name: str, width: int, parametric: bool, device: str | None) -> nn.Module:
    """Make the activation; with a learned weight for each of `width` units, maybe."""
    layer = ACTIVATIONS[name]()
    return ParametricActivation(layer, width, device=device) if parametric and name != "none" else layer


def make_dropout(rate: float) -> list[nn.Module]:
    """Make a dropout of this rate: one layer, or none."""
    return [nn.Dropout(rate)] if rate > 0 else []


class MLP(nn.Module):
    """Blocks of Linear, normalisation, activation, dropout; then a linear output.

    Shapes: (rows, n_features) to (rows, n_outputs). Hidden layers are `n_layers` of
    `width`, or of `hidden_layer_sizes`.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_layers: int = 2,
        width: int = 128,
        hidden_layer_sizes: tuple[int, ...] | None = None,
        activation: str = "relu",
        parametric_activation: bool = False,
        ntk: bool = False,
        dropout: float = 0.0,
        normalization: str = "none",
        norm_momentum: float = 0.1,
        norm_eps: float = 1e-5,
        front: Front | None = None,
        device: str | None = None,
    ):
        super().__init__()
        linear = NTKLinear if ntk else nn.Linear
        layers, inner = (front or Front()).make_layers(n_features, device)
        for size in (width,) * n_layers if hidden_layer_sizes is None else hidden_layer_sizes:
            layers.append(linear(inner, size, dtype=torch.float32, device=device))
            layers += make_normalization(normalization, size, norm_momentum, norm_eps, device)
            layers.append(make_activation(activation, size, parametric_activation, device))
            layers += make_dropout(dropout)
            inner = size
        layers.append(linear(inner, n_outputs, dtype=torch.float32, device=device))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
