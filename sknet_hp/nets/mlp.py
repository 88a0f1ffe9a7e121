"""The multilayer perceptron."""

from typing import Any

from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}

NORMALIZATIONS: dict[str, Any] = {"none": None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


class MLP(nn.Module):
    """Blocks of Linear, normalisation, activation, dropout; then a linear output.

    Shapes: (rows, n_features) to (rows, n_outputs).
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_layers: int,
        width: int,
        activation: str,
        dropout: float,
        normalization: str,
        device: str | None = None,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        inner = n_features
        for _ in range(n_layers):
            layers.append(nn.Linear(inner, width, device=device))
            norm = NORMALIZATIONS[normalization]
            if norm is not None:
                layers.append(norm(width, device=device))
            layers.append(ACTIVATIONS[activation]())
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
            inner = width
        layers.append(nn.Linear(inner, n_outputs, device=device))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
