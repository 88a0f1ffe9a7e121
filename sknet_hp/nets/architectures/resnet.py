"""The residual network for tables (Gorishniy et al. 2021)."""

import torch
from torch import Tensor, nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import make_activation, make_dropout, make_normalization


class ResNet(nn.Module):
    """A linear map, residual blocks, then normalisation, activation, a linear output.

    A block is x + dropout(Linear(dropout(activation(Linear(normalisation(x)))))).
    Shapes: (rows, n_features) to (rows, n_outputs). Each of `n_layers` blocks widens
    `width` by `hidden_factor` within.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_layers: int = 2,
        width: int = 128,
        hidden_factor: float = 2.0,
        activation: str = "relu",
        parametric_activation: bool = False,
        dropout: float = 0.0,
        residual_dropout: float = 0.0,
        normalization: str = "batch",
        norm_momentum: float = 0.1,
        norm_eps: float = 1e-5,
        front: Front | None = None,
        device: str | None = None,
    ):
        super().__init__()

        def make_norm() -> list[nn.Module]:
            return make_normalization(normalization, width, norm_momentum, norm_eps, device)

        def make_linear(n_inputs: int, n_units: int) -> nn.Module:
            return nn.Linear(n_inputs, n_units, dtype=torch.float32, device=device)

        hidden = max(1, int(width * hidden_factor))
        layers, inner = (front or Front()).make_layers(n_features, device)
        self.first = nn.Sequential(*layers, make_linear(inner, width))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                *make_norm(),
                make_linear(width, hidden),
                make_activation(activation, hidden, parametric_activation, device),
                *make_dropout(dropout),
                make_linear(hidden, width),
                *make_dropout(residual_dropout),
            )
            for _ in range(n_layers)
        )
        self.last = nn.Sequential(
            *make_norm(),
            make_activation(activation, width, parametric_activation, device),
            make_linear(width, n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)
