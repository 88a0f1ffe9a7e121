"""TabM: many perceptrons that share most of their weights (Gorishniy et al. 2025)."""

from torch import Tensor, nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import make_activation, make_dropout
from sknet_hp.nets.layers.modules import EnsembleLinear, EnsembleOutput


class TabM(nn.Module):
    """Blocks of EnsembleLinear, activation, dropout; then an output for each head.

    Shapes: (rows, n_features) to (rows, n_heads · n_outputs).
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_layers: int = 3,
        width: int = 512,
        hidden_layer_sizes: tuple[int, ...] | None = None,
        n_heads: int = 32,
        activation: str = "relu",
        parametric_activation: bool = False,
        dropout: float = 0.0,
        front: Front | None = None,
        device: str | None = None,
    ):
        super().__init__()
        front = front or Front()
        layers, inner = front.make_layers(n_features, device)
        for number, size in enumerate((width,) * n_layers if hidden_layer_sizes is None else hidden_layer_sizes):
            layers.append(EnsembleLinear(inner, size, n_heads, first=number == 0, chunks=front.chunks, device=device))
            layers.append(make_activation(activation, size, parametric_activation, device))
            layers += make_dropout(dropout)
            inner = size
        layers.append(EnsembleOutput(inner, n_outputs, n_heads, device=device))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
