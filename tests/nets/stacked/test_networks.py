"""Graphs run over a stack as torch runs the modules they were read from."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.architectures.mlp import ACTIVATIONS, MLP, NORMALIZATIONS
from tests.helpers.modules import MEMBERS, ROWS, Residual, bind_modules


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
    graph, program, buffers = bind_modules(modules)
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
