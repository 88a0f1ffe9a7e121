"""How weights start."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sknet_hp.nets.graph import Graph

INITIALISATIONS: dict[str, Callable[..., Tensor]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he_uniform": lambda w, generator: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=generator),
    "he_normal": lambda w, generator: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=generator),
    "lecun_normal": lambda w, generator: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=generator),
    "orthogonal": nn.init.orthogonal_,
}
"""By name, what fills a weight matrix (out, in) in place: Glorot & Bengio 2010, He et al. 2015, LeCun et al. 1998, Saxe et al. 2014."""


def initial_parameters(graph: Graph, seed: int, init: str | None = None) -> dict[str, Tensor]:
    """The parameters of one network, drawn from `seed` alone.

    Parameters
    ----------
    graph, seed : of the network.
    init : of the weights of linear layers, in `INITIALISATIONS`; their biases start at zero then. With None, weights and biases are uniform in
        ±1/√fan_in, as `torch.nn.Linear` does it.

    Notes
    -----
    Normalisations start as the identity.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters: dict[str, Tensor] = {}
    for node in graph.nodes:
        if node.kind == "linear" and init is None:
            bound = node.parameters[0][2][1] ** -0.5
            for _, name, shape in node.parameters:
                parameters[name] = torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)
            continue
        for role, name, shape in node.parameters:
            if node.kind == "linear" and role == "weight":
                assert init is not None
                parameters[name] = INITIALISATIONS[init](torch.empty(shape, dtype=torch.float32), generator=generator)
            else:
                parameters[name] = (torch.ones if role == "weight" else torch.zeros)(shape, dtype=torch.float32)
    return parameters


def initial_buffers(graph: Graph) -> dict[str, Tensor]:
    """The buffers of one network before training: running means of zero, running variances of one."""
    start = {"running_mean": torch.zeros, "running_var": torch.ones}
    return {name: start[role](shape, dtype=torch.float32) for node in graph.nodes for role, name, shape in node.buffers}
