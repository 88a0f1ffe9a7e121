"""How weights start."""

import torch
from torch import Tensor

from sknet_hp.nets.graph import Graph


def initial_parameters(graph: Graph, seed: int) -> dict[str, Tensor]:
    """The parameters of one network, drawn from `seed` alone.

    As `torch.nn.Linear` does it: weights and biases uniform in ±1/√fan_in. Normalisations start as the identity.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters: dict[str, Tensor] = {}
    for node in graph.nodes:
        if node.kind == "linear":
            bound = node.parameters[0][2][1] ** -0.5
            for _, name, shape in node.parameters:
                parameters[name] = torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)
        else:
            for role, name, shape in node.parameters:
                parameters[name] = (torch.ones if role == "weight" else torch.zeros)(shape, dtype=torch.float32)
    return parameters


def initial_buffers(graph: Graph) -> dict[str, Tensor]:
    """The buffers of one network before training: running means of zero, running variances of one."""
    start = {"running_mean": torch.zeros, "running_var": torch.ones}
    return {name: start[role](shape, dtype=torch.float32) for node in graph.nodes for role, name, shape in node.buffers}
