"""How each kind of a graph's nodes runs over a stack of networks.

Each network has tensors of its own; they are (members, rows, width). The way back is
autograd's. Layers that torch has not stand in `nets.layers.modules`, written for one
network and for a stack alike.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sknet_hp.nets.graph import Node
from sknet_hp.nets.layers import modules
from sknet_hp.nets.random_bits import draw_bits

Forward = Callable[..., Tensor]


class StackedLayer:
    """A node of a stack of networks, and what its function works with.

    Its attributes are those of the node, and its tensors by role.

    Parameters
    ----------
    node : of the graph.
    tensors : by role, each (members, *shape).
    rates : (members, n_rates) numbers in which members may differ.

    Attributes
    ----------
    keys : (members,) of the random numbers of this step, for dropout.
    """

    bias: Any = None  # a tensor, which some kinds always have and some never
    phase: Tensor | None = None
    together: Callable[[Tensor], Tensor] | None = None
    keys: Tensor

    def __init__(self, node: Node, tensors: dict[str, Tensor], rates: Tensor):
        self.__dict__ |= dict(node.attributes) | tensors
        self.node, self.rates = node, rates
        if node.kind == "parametric":
            self.activation = StackedLayer(Node(node.activation, (0,), node.attributes), {}, rates)

    def __getattr__(self, name: str) -> Any:  # tensors and attributes, which differ from kind to kind
        raise AttributeError(name)

    def drop_at(self, rates: Tensor) -> None:
        """Set dropout's rates from now on, (members, 1) float64.

        They are rounded to multiples of 2**-16.
        """
        self.threshold = (rates * 65536).round().sub(32768).clamp(max=32767).to(torch.int16)
        self.scale = (1 / (1 - rates)).to(self.rates.dtype)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Compute the output in prediction."""
        return STACKED_LAYERS[self.node.kind](self, *inputs)

    def train(self, weight: Tensor, *inputs: Tensor) -> Tensor:
        """Compute the output in training.

        `weight` (members, rows) sums to one for each member and is zero on rows that
        only fill the batch.
        """
        own = STACKED_TRAINING.get(self.node.kind)
        return self(*inputs) if own is None else own(self, weight, *inputs)


def _run_linear(own: StackedLayer, x: Tensor) -> Tensor:
    return _multiply_and_add(own, x, own.weight)


def _run_ntk_linear(own: StackedLayer, x: Tensor) -> Tensor:
    return _multiply_and_add(own, x, own.weight * own.weight.shape[2] ** -0.5)


def _multiply_and_add(own: StackedLayer, x: Tensor, weight: Tensor) -> Tensor:
    return torch.bmm(x, weight.mT) if own.bias is None else torch.baddbmm(own.bias.unsqueeze(1), x, weight.mT)


def _drop(own: StackedLayer, weight: Tensor, x: Tensor) -> Tensor:
    """Apply inverted dropout (Srivastava et al. 2014).

    The mask is a function of the key (seed, epoch, step, layer) and of the position in
    the batch.
    """
    kept = draw_bits(own.keys, x[0].numel()) >= own.threshold
    return x * (kept * own.scale).view_as(x)


def _normalise_batch(own: StackedLayer, weight: Tensor, x: Tensor) -> Tensor:
    """Normalise over the batch (Ioffe & Szegedy 2015), with rates eps and momentum.

    Statistics are by weight: rows that fill a batch do not count.
    """
    w = weight.unsqueeze(1)  # (members, 1, rows)
    mean = w @ x  # (members, 1, width)
    centred = x - mean
    variance = w @ centred.square()
    with torch.no_grad():
        rows = (weight > 0).sum(1, keepdim=True).to(x.dtype)  # (members, 1)
        # A batch without a single row of positive weight teaches nothing.
        momentum = torch.where(rows > 0, own.rates[:, 1:], 0)
        own.running_mean.lerp_(mean.squeeze(1), momentum)
        own.running_var.lerp_(variance.squeeze(1) * (rows / (rows - 1).clamp_min(1)), momentum)
    return centred * (variance + own.rates[:, None, :1]).rsqrt() * own.weight.unsqueeze(1) + own.bias.unsqueeze(1)


def _normalise_by_running(own: StackedLayer, x: Tensor) -> Tensor:
    scale = own.weight * (own.running_var + own.rates[:, :1]).rsqrt()  # (members, width)
    return (x - own.running_mean.unsqueeze(1)) * scale.unsqueeze(1) + own.bias.unsqueeze(1)


def _normalise_row(own: StackedLayer, x: Tensor) -> Tensor:
    """Normalise each row: layer normalisation (Ba et al. 2016), with the rate eps.

    Torch takes one eps for all: that of x is the same as 1 for x / √eps.
    """
    scaled = x * own.rates[:, :, None].clamp_min(1e-30).rsqrt()
    return F.layer_norm(scaled, x.shape[2:], eps=1.0) * own.weight.unsqueeze(1) + own.bias.unsqueeze(1)


STACKED_LAYERS: dict[str, Forward] = {
    "add": lambda own, x, y: x + y,
    "linear": _run_linear,
    "relu": lambda own, x: F.relu(x),
    "leaky_relu": lambda own, x: F.leaky_relu(x, own.slope),
    "elu": lambda own, x: F.elu(x, own.alpha),
    "selu": lambda own, x: F.selu(x),
    "gelu": lambda own, x: F.gelu(x, approximate=own.approximate),
    "silu": lambda own, x: F.silu(x),
    "mish": lambda own, x: F.mish(x),
    "tanh": lambda own, x: torch.tanh(x),
    "sigmoid": lambda own, x: torch.sigmoid(x),
    "softmax": lambda own, x: torch.softmax(x, -1),
    "log_softmax": lambda own, x: torch.log_softmax(x, -1),
    "dropout": lambda own, x: x,
    "batch_norm": _normalise_by_running,
    "layer_norm": _normalise_row,
    "ntk_linear": _run_ntk_linear,
    "parametric": modules.ParametricActivation.forward,
    "feature_scale": modules.FeatureScale.forward,
    "periodic": modules.PeriodicEmbedding.forward,
    "bins": modules.BinEmbedding.forward,
    "categories": modules.CategoryEmbedding.forward,
    "ensemble_linear": modules.EnsembleLinear.forward,
    "ensemble_output": modules.EnsembleOutput.forward,
}
"""By the kind of a node, its output in prediction; in training too, if it is not in
`TRAINING`.
"""

STACKED_TRAINING: dict[str, Forward] = {"dropout": _drop, "batch_norm": _normalise_batch}
