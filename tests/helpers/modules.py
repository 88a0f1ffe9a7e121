"""Modules that are read as graphs."""

import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.stacked.networks import StackedNetworks

MEMBERS, ROWS = 3, 32


class Residual(nn.Module):
    """Blocks with skip connections, one over two layers, one of a layer with itself,
    one from an activation that is used twice.
    """

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)
        self.block1 = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        self.block2 = nn.Sequential(nn.Linear(8, 8), nn.Tanh())

    def forward(self, x):
        x = self.first(x)
        x = x + self.block1(x)
        x = x + x
        h = torch.relu(x)
        x = torch.add(h, self.block2(h))
        x = F.relu(x)
        return self.last(x)


def bind_modules(modules):
    """The graph of some modules, the program of their stack, and its buffers by name."""
    graph, rates = trace(modules[0])
    assert all(trace(m)[0] == graph for m in modules[1:])
    states = [dict(m.state_dict()) for m in modules]
    tensors = {name: torch.stack([s[name] for s in states]).float() for name, _ in graph.parameters + graph.buffers}
    program = StackedNetworks(graph, tensors, torch.tensor([rates] * len(modules)).view(len(modules), -1))
    return graph, program, {name: tensors[name] for name, _ in graph.buffers}
