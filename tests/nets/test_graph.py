"""Reading modules as graphs, and running graphs as torch runs the modules."""

import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from modules import MEMBERS, ROWS, Residual, bound
from torch import nn

from sknet_hp.nets.architectures.mlp import ACTIVATIONS, MLP, NORMALIZATIONS
from sknet_hp.nets.architectures.tracing import MODULES, trace
from sknet_hp.nets.init import draw_parameters, make_buffers
from sknet_hp.nets.stacked.layers import STACKED_LAYERS


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.a(x))
        x = torch.tanh(self.b(x)).sigmoid()
        return F.log_softmax(F.gelu(self.c(x)), dim=-1)


class EveryFunction(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(12))

    def forward(self, x):
        functions = [F.silu, F.mish, F.selu, F.elu, F.leaky_relu, torch.relu, torch.sigmoid, F.tanh, lambda h: h.relu()]
        functions += [
            lambda h: F.elu(h, 0.5),
            lambda h: F.leaky_relu(h, negative_slope=0.2),
            lambda h: F.gelu(h, approximate="tanh"),
        ]
        for layer, function in zip(self.layers, functions, strict=True):
            x = function(layer(x))
        return torch.softmax(x, 1)


class Shortcut(nn.Module):
    """A sum with the input itself, and a Linear read by two."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x):
        h = self.a(x)
        return self.c(x + h + torch.sigmoid(self.b(h)) + F.elu(h))


SEQUENTIALS = {
    "lone linear": lambda: nn.Linear(6, 3),
    "identities": lambda: nn.Sequential(
        nn.Identity(), nn.Linear(6, 4), nn.Identity(), nn.ReLU(), nn.Linear(4, 2), nn.Identity()
    ),
    "softmax": lambda: nn.Sequential(nn.Linear(6, 4), nn.Mish(), nn.Linear(4, 3), nn.Softmax(dim=-1)),
    "log softmax": lambda: nn.Sequential(nn.Linear(6, 4), nn.ELU(), nn.Linear(4, 3), nn.LogSoftmax(dim=1)),
    "normalised input": lambda: nn.Sequential(
        nn.BatchNorm1d(6), nn.Linear(6, 5), nn.SELU(), nn.BatchNorm1d(5), nn.Linear(5, 2)
    ),
    "activated input": lambda: nn.Sequential(nn.Tanh(), nn.Linear(6, 5), nn.GELU(), nn.LayerNorm(5), nn.Linear(5, 2)),
    "activation last": lambda: nn.Sequential(nn.Linear(6, 5, bias=False), nn.SiLU(), nn.Linear(5, 1), nn.Sigmoid()),
    "two activations": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(), nn.Linear(5, 2)
    ),
    "no dropout to speak of": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.0), nn.Sigmoid(), nn.Dropout(0.0), nn.Tanh(), nn.Linear(5, 2)
    ),
    "dropout of dropout": lambda: nn.Sequential(
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.Dropout(0.0),
        nn.Dropout(0.0),
        nn.ELU(),
        nn.Dropout(0.0),
        nn.Sigmoid(),
        nn.Linear(5, 2),
    ),
    "nested": lambda: nn.Sequential(
        nn.Sequential(nn.Linear(6, 4), nn.ReLU()), nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Tanh()))
    ),
}

MLPS = {
    f"mlp {activation} {normalization}": lambda a=activation, n=normalization: MLP(
        6, 3, n_layers=2, width=8, activation=a, dropout=0.0, normalization=n
    )
    for activation in ACTIVATIONS
    for normalization in NORMALIZATIONS
}

NETWORKS = {
    **SEQUENTIALS,
    **MLPS,
    "functional": Functional,
    "every function": EveryFunction,
    "residual": Residual,
    "shortcut": Shortcut,
}


def run(graph, program, x, g):
    """(outputs, gradients by name) of a training step."""
    weight = torch.full(x.shape[:2], 1 / x.shape[1])
    out = program.forward(x, weight, torch.zeros(len(x), program.n_keys, dtype=torch.int64))
    gradients = torch.autograd.grad(out, program.parameters, g)
    return out.detach(), dict(zip((name for name, _ in graph.parameters), gradients, strict=True))


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in NETWORKS.items()])
def test_program_equals_torch(make):
    torch.manual_seed(0)
    modules = [make() for _ in range(MEMBERS)]
    graph, program, buffers = bound(modules)
    for _ in range(2):
        x = torch.randn(MEMBERS, ROWS, 6)
        expected = [m.train()(x[k]) for k, m in enumerate(modules)]
        g = torch.randn(MEMBERS, *expected[0].shape)
        out, gradients = run(graph, program, x, g)
        for k, module in enumerate(modules):
            module.zero_grad()
            expected[k].backward(g[k])
            torch.testing.assert_close(out[k], expected[k].detach(), rtol=1e-4, atol=1e-5)
            for name, p in module.named_parameters():
                torch.testing.assert_close(
                    gradients[name][k], p.grad, rtol=1e-4, atol=2e-5, msg=lambda m, name=name: f"{name}: {m}"
                )
            for name, buffer in module.named_buffers():
                if name in buffers:
                    torch.testing.assert_close(buffers[name][k], buffer, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        predicted = program.evaluate(x)
        for k, module in enumerate(modules):
            torch.testing.assert_close(predicted[k], module.eval()(x[k]), rtol=1e-4, atol=1e-5)


# ---- what a graph is ------------------------------------------------------------------------------------------------


def test_graph_of_an_mlp():
    graph, rates = trace(MLP(6, 3, n_layers=2, width=8, activation="relu", dropout=0.3, normalization="batch"))
    assert [n.kind for n in graph.nodes] == ["linear", "batch_norm", "relu", "dropout"] * 2 + ["linear"]
    assert rates == (1e-5, 0.1, 0.3) * 2
    assert graph.n_parameters == (6 * 8 + 8) + (8 * 8 + 8) + 2 * 16 + 8 * 3 + 3
    assert graph.parameters[0] == ("layers.0.weight", (8, 6))
    assert [name.split(".")[-1] for name, _ in graph.buffers] == ["running_mean", "running_var"] * 2


def test_graphs_are_equal_whatever_the_weights_and_rates():
    def graph(**changes):
        parameters = {
            "n_layers": 1,
            "width": 8,
            "activation": "relu",
            "dropout": 0.3,
            "normalization": "none",
        } | changes
        return trace(MLP(6, 3, **parameters))[0]

    assert graph() == graph()
    assert hash(graph()) == hash(graph(dropout=0.7))
    assert graph() == graph(dropout=0.7)
    assert pickle.loads(pickle.dumps(graph())) == graph()
    for change in ({"width": 9}, {"n_layers": 2}, {"activation": "tanh"}, {"normalization": "layer"}, {"dropout": 0.0}):
        assert graph() != graph(**change), change


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2)),
        (nn.ELU(1.0), nn.ELU(0.5)),
        (nn.GELU(), nn.GELU(approximate="tanh")),
        (nn.Linear(4, 4), nn.Linear(4, 4, bias=False)),
    ],
)
def test_graphs_differ_where_layers_do(one, other):
    assert trace(nn.Sequential(one, nn.Linear(4, 2)))[0] != trace(nn.Sequential(other, nn.Linear(4, 2)))[0]


def test_lone_linear_keeps_its_names():
    graph, rates = trace(nn.Linear(4, 2))
    assert graph.parameters == [("weight", (2, 4)), ("bias", (2,))]
    assert rates == ()


def test_every_module_that_is_read_has_a_layer():
    assert {reading.kind for reading in MODULES.values()} - {"identity"} | {"add"} == set(STACKED_LAYERS)


def test_initial_parameters_follow_from_the_seed():
    graph, _ = trace(MLP(50, 3, n_layers=1, width=40, activation="relu", dropout=0.0, normalization="batch"))
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one, again, other = (draw_parameters(graph, seed) for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert set(one) == {name for name, _ in graph.parameters}
    for name, shape in graph.parameters:
        assert one[name].shape == shape
        assert torch.equal(one[name], again[name])
    first = one["layers.0.weight"]
    assert not torch.equal(first, other["layers.0.weight"])
    assert first.abs().max() <= 50**-0.5
    np.testing.assert_allclose(first.std(), 50**-0.5 / 3**0.5, rtol=0.05)
    assert torch.equal(one["layers.1.weight"], torch.ones(40))
    assert not one["layers.1.bias"].any()
    buffers = make_buffers(graph)
    assert torch.equal(buffers["layers.1.running_var"], torch.ones(40))
    assert not buffers["layers.1.running_mean"].any()
