"""Modules are read as graphs; the numbers of the whole are compared with torch in
nets/stacked/test_networks.py.
"""

from torch import nn

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace


def test_graph_of_an_mlp():
    graph, rates = trace(MLP(6, 3, n_layers=2, width=8, activation="relu", dropout=0.3, normalization="batch"))
    assert [n.kind for n in graph.nodes] == ["linear", "batch_norm", "relu", "dropout"] * 2 + ["linear"]
    assert rates == (1e-5, 0.1, 0.3) * 2
    assert graph.n_parameters == (6 * 8 + 8) + (8 * 8 + 8) + 2 * 16 + 8 * 3 + 3
    assert graph.parameters[0] == ("layers.0.weight", (8, 6))
    assert [name.split(".")[-1] for name, _ in graph.buffers] == ["running_mean", "running_var"] * 2


def test_lone_linear_keeps_its_names():
    graph, rates = trace(nn.Linear(4, 2))
    assert graph.parameters == [("weight", (2, 4)), ("bias", (2,))]
    assert rates == ()
