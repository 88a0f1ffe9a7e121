"""The multilayer perceptron."""

from torch import Tensor, nn

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


def normalization_layer(name: str, width: int, momentum: float, eps: float, device: str | None) -> nn.Module | None:
    if name == "batch":
        return nn.BatchNorm1d(width, momentum=momentum, eps=eps, device=device)
    return nn.LayerNorm(width, eps=eps, device=device) if name == "layer" else None


class MLP(nn.Module):
    """Blocks of Linear, normalisation, activation, dropout; then a linear output.

    Shapes: (rows, n_features) to (rows, n_outputs). Hidden layers are `n_layers` of `width`, or of `hidden_layer_sizes`.
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
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        normalization: str = "none",
        norm_momentum: float = 0.1,
        norm_eps: float = 1e-5,
        device: str | None = None,
    ):
        super().__init__()
        layers: list[nn.Module] = [nn.Dropout(input_dropout)] if input_dropout > 0 else []
        inner = n_features
        for size in (width,) * n_layers if hidden_layer_sizes is None else hidden_layer_sizes:
            layers.append(nn.Linear(inner, size, device=device))
            norm = normalization_layer(normalization, size, norm_momentum, norm_eps, device)
            if norm is not None:
                layers.append(norm)
            layers.append(ACTIVATIONS[activation]())
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
            inner = size
        layers.append(nn.Linear(inner, n_outputs, device=device))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
