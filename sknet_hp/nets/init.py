"""How weights start."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sknet_hp.nets.graph import Graph, Node
from sknet_hp.nets.stacked.layers import StackedLayer

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


def draw_parameters(graph: Graph, seed: int, init: Init | None = None, X: Tensor | None = None) -> dict[str, Tensor]:
    """The parameters of one network, drawn from `seed` alone.

    Parameters
    ----------
    graph, seed : of the network.
    init : how it starts.
    X : (rows, n_features) some training rows. Layers in the neural-tangent
        parametrisation look at them: each unit's pre-activation starts with standard
        deviation 1 over them, and a bias between minus its values on some (Holzmüller
        et al. 2024).

    Notes
    -----
    Normalisations, learned factors and parametric activations start as the identity.
    """
    init = init or Init()
    generator = torch.Generator().manual_seed(seed)
    parameters: dict[str, Tensor] = {}
    outputs = [] if X is None else [X.unsqueeze(0)]
    for node in graph.nodes:
        own = _draw(node, init, generator)
        if node.kind == "ntk_linear" and outputs:
            _fit_to(outputs[node.inputs[0]][0], own, generator)
        if init.zero_output and node is graph.nodes[-1]:
            own = {role: torch.zeros_like(tensor) for role, tensor in own.items()}
        if outputs:
            outputs.append(_evaluated(node, own, outputs))
        parameters |= {name: own[role] for role, name, _ in node.parameters}
    return parameters


def _uniform(shape: tuple[int, ...], fan_in: int, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).normal_(generator=generator)


def _draw(node: Node, init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    """The tensors of one layer, by role."""
    shapes = {role: shape for role, _, shape in node.parameters}
    start = _START.get(node.kind)
    if start is not None:
        return start(node, shapes, init, generator)
    return {
        role: (torch.ones if role == "weight" else torch.zeros)(shape, dtype=torch.float32)
        for role, shape in shapes.items()
    }


def _linear(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    if init.weights is None:
        return {role: _uniform(shape, shapes["weight"][1], generator) for role, shape in shapes.items()}
    weight = INITIALISATIONS[init.weights](torch.empty(shapes["weight"], dtype=torch.float32), generator=generator)
    return {
        role: weight if role == "weight" else torch.zeros(shape, dtype=torch.float32) for role, shape in shapes.items()
    }


def _ntk_linear(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    return {role: _normal(shape, generator) for role, shape in shapes.items()}


def _periodic(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    drawn = {"frequency": _normal(shapes["frequency"], generator).mul_(init.num_sigma)}
    if "phase" in shapes:
        drawn["phase"] = _uniform(shapes["phase"], 1, generator).mul_(math.pi)
    waves = shapes["weight"][1]
    return drawn | {role: _uniform(shapes[role], waves, generator) for role in ("weight", "bias")}


def _bins(node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator) -> dict[str, Tensor]:
    # Of each number alone, a layer with one input; what the bins add starts at nothing.
    straight = {role: _uniform(shapes[role], 1, generator) for role in ("slope", "bias")}
    return straight | {"weight": torch.zeros(shapes["weight"], dtype=torch.float32)}


def _categories(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    return {"weight": _normal(shapes["weight"], generator)}


def _ensemble_linear(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    drawn = _linear(node, {"weight": shapes["weight"], "bias": shapes["bias"][1:]}, init, generator)
    heads, n_inputs = shapes["input_factor"]
    factor = torch.ones(heads, n_inputs, dtype=torch.float32)
    if node.first:
        groups, size = node.chunks
        if groups:  # embeddings are told apart by how strong they are, single columns by their sign
            grouped = _normal((heads, groups), generator).repeat_interleave(size, dim=1)
            rest = _normal((heads, n_inputs - groups * size), generator)
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


def _ensemble_output(
    node: Node, shapes: dict[str, tuple[int, ...]], init: Init, generator: torch.Generator
) -> dict[str, Tensor]:
    return {role: _uniform(shape, shapes["weight"][2], generator) for role, shape in shapes.items()}


_START: dict[str, Callable[..., dict[str, Tensor]]] = {
    "linear": _linear,
    "ntk_linear": _ntk_linear,
    "periodic": _periodic,
    "bins": _bins,
    "categories": _categories,
    "ensemble_linear": _ensemble_linear,
    "ensemble_output": _ensemble_output,
}


# ---- data-driven ---------------------------------------------------------------------------------------------------


def _fit_to(x: Tensor, own: dict[str, Tensor], generator: torch.Generator) -> None:
    """Scale each unit's weights until its values on x have standard deviation 1, and
    draw biases that put its zero among them.
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


def _evaluated(node: Node, own: dict[str, Tensor], outputs: list[Tensor]) -> Tensor:
    """What a node makes of the outputs so far, in prediction."""
    buffers = {role: _START_BUFFER[role](shape, dtype=torch.float32) for role, _, shape in node.buffers}
    stacked = {role: tensor.unsqueeze(0) for role, tensor in (own | buffers).items()}
    return StackedLayer(node, stacked, torch.full((1, node.n_rates), 1e-5))(
        *(outputs[number] for number in node.inputs)
    )


_START_BUFFER = {"running_mean": torch.zeros, "running_var": torch.ones}


def make_buffers(graph: Graph) -> dict[str, Tensor]:
    """The buffers of one network before training: running means of zero, running
    variances of one.
    """
    return {
        name: _START_BUFFER[role](shape, dtype=torch.float32)
        for node in graph.nodes
        for role, name, shape in node.buffers
    }
