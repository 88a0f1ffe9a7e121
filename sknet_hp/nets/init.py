"""How a network starts: its parameters before training, and its buffers."""

import torch
from torch import Tensor

from sknet_hp.nets.graph import Graph, Node
from sknet_hp.nets.layers.kinds import KINDS
from sknet_hp.nets.layers.starts import Init, start_as_identity
from sknet_hp.nets.stacked.layers import StackedLayer


def draw_parameters(graph: Graph, seed: int, init: Init | None = None, X: Tensor | None = None) -> dict[str, Tensor]:
    """Draw the parameters of one network, from `seed` alone.

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
        kind = KINDS[node.kind]
        shapes = {role: shape for role, _, shape in node.parameters}
        own = (kind.start or start_as_identity)(node, shapes, init, generator)
        if kind.fit_start is not None and outputs:
            kind.fit_start(outputs[node.inputs[0]][0], own, generator)
        if init.zero_output and node is graph.nodes[-1]:
            own = {role: torch.zeros_like(tensor) for role, tensor in own.items()}
        if outputs:
            outputs.append(_evaluate(node, own, outputs))
        parameters |= {name: own[role] for role, name, _ in node.parameters}
    return parameters


def _evaluate(node: Node, own: dict[str, Tensor], outputs: list[Tensor]) -> Tensor:
    """Compute what a node makes of the outputs so far, in prediction."""
    buffers = {role: _fill_buffer(node, role) for role, _, _ in node.buffers}
    stacked = {role: tensor.unsqueeze(0) for role, tensor in (own | buffers).items()}
    return StackedLayer(node, stacked, torch.full((1, node.n_rates), 1e-5))(
        *(outputs[number] for number in node.inputs)
    )


def _fill_buffer(node: Node, role: str) -> Tensor:
    shape = next(shape for own, _, shape in node.buffers if own == role)
    return torch.full(shape, KINDS[node.kind].buffers[role], dtype=torch.float32)


def make_buffers(graph: Graph) -> dict[str, Tensor]:
    """Make the buffers of one network as they are before training, by name."""
    return {name: _fill_buffer(node, role) for node in graph.nodes for role, name, _ in node.buffers}
