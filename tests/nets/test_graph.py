"""Graphs are equal, hashed and pickled by what their networks compute."""

import pickle

import pytest
from torch import nn

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace


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
