"""How the trained tensors of each kind of layer start."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sknet_hp.nets.graph import Node, Shape

INITIALISATIONS: dict[str, Callable[..., Tensor]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he_uniform": lambda w, generator: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=generator),
    "he_normal": lambda w, generator: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=generator),
    "lecun_normal": lambda w, generator: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=generator),
    "orthogonal": nn.init.orthogonal_,
}
"""By name, what fills a weight matrix (out, in) in place: Glorot & Bengio 2010, He et
al. 2015, LeCun et al. 1998, Saxe et al. 2014.
"""

_SIMPLEX = 5  # rows that a data-driven bias is drawn from


class Init(NamedTuple):
    """How a network starts.

    Attributes
    ----------
    weights : of linear layers, in `INITIALISATIONS`; their biases start at zero then.
        With None, weights and biases are uniform in ±1/√fan_in, as `torch.nn.Linear`
        does it.
    num_sigma : standard deviation of the frequencies of periodic embeddings.
    zero_output : whether the output layer starts at zero.
    fit_to_data : whether layers in the neural-tangent parametrisation look at training
        rows.
    """

    weights: str | None = None
    num_sigma: float = 0.1
    zero_output: bool = False
    fit_to_data: bool = False


Shapes = dict[str, Shape]
Start = Callable[[Node, Shapes, Init, torch.Generator], dict[str, Tensor]]
"""Of a node, the shapes of its tensors by role, how the network starts, and where
random numbers come from: the tensors by role.
"""


def _draw_uniform(shape: Shape, fan_in: int, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)


def _draw_normal(shape: Shape, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).normal_(generator=generator)


def start_as_identity(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Make factors of one, and everything else zero."""
    return {
        role: (torch.ones if role == "weight" else torch.zeros)(shape, dtype=torch.float32)
        for role, shape in shapes.items()
    }


def start_linear(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw a weight matrix as `init` says, and its bias."""
    if init.weights is None:
        return {role: _draw_uniform(shape, shapes["weight"][1], generator) for role, shape in shapes.items()}
    weight = INITIALISATIONS[init.weights](torch.empty(shapes["weight"], dtype=torch.float32), generator=generator)
    return {
        role: weight if role == "weight" else torch.zeros(shape, dtype=torch.float32) for role, shape in shapes.items()
    }


def start_ntk_linear(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw standard normal weights and biases."""
    return {role: _draw_normal(shape, generator) for role, shape in shapes.items()}


def fit_to_rows(x: Tensor, own: dict[str, Tensor], generator: torch.Generator) -> None:
    """Fit a layer in the neural-tangent parametrisation to training rows, in place.

    Each unit's weights are scaled until its values on x, (rows, n_inputs), have
    standard deviation 1; its bias is drawn so that its zero lies among them (Holzmüller
    et al. 2024).
    """
    weight = own["weight"]
    values = x @ weight.T * weight.shape[1] ** -0.5  # (rows, units)
    spread = values.std(0, correction=0)
    factor = torch.where(spread > 1e-6, 1 / spread, 1)
    weight.mul_(factor.unsqueeze(1))
    values.mul_(factor)
    picked = torch.randint(len(x), (_SIMPLEX, values.shape[1]), generator=generator)
    share = torch.empty(picked.shape, dtype=torch.float32).exponential_(generator=generator)
    own["bias"] = -(values.gather(0, picked) * share / share.sum(0)).sum(0)


def start_periodic(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw normal frequencies, uniform phases, and a linear map of the waves."""
    drawn = {"frequency": _draw_normal(shapes["frequency"], generator).mul_(init.num_sigma)}
    if "phase" in shapes:
        drawn["phase"] = _draw_uniform(shapes["phase"], 1, generator).mul_(math.pi)
    waves = shapes["weight"][1]
    return drawn | {role: _draw_uniform(shapes[role], waves, generator) for role in ("weight", "bias")}


def start_bins(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw a layer of each number alone; what its bins add starts at zero."""
    straight = {role: _draw_uniform(shapes[role], 1, generator) for role in ("slope", "bias")}
    return straight | {"weight": torch.zeros(shapes["weight"], dtype=torch.float32)}


def start_categories(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw standard normal vectors."""
    return {"weight": _draw_normal(shapes["weight"], generator)}


def start_ensemble_linear(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw one linear map for all heads, and factors in the first layer."""
    drawn = start_linear(node, {"weight": shapes["weight"], "bias": shapes["bias"][1:]}, init, generator)
    heads, n_inputs = shapes["input_factor"]
    factor = torch.ones(heads, n_inputs, dtype=torch.float32)
    if node.first:
        groups, size = node.chunks
        if groups:  # embeddings are told apart by how strong they are, single columns by their sign
            grouped = _draw_normal((heads, groups), generator).repeat_interleave(size, dim=1)
            rest = _draw_normal((heads, n_inputs - groups * size), generator)
            factor = torch.cat([grouped, rest], 1)
        else:
            factor = (
                torch.empty(heads, n_inputs, dtype=torch.float32).bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
            )
    return {
        "weight": drawn["weight"],
        "bias": drawn["bias"].expand(shapes["bias"]).clone(),
        "input_factor": factor,
        "output_factor": torch.ones(shapes["output_factor"], dtype=torch.float32),
    }


def start_ensemble_output(node: Node, shapes: Shapes, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw a linear map of its own for each head."""
    return {role: _draw_uniform(shape, shapes["weight"][2], generator) for role, shape in shapes.items()}
