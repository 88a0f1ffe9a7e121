"""Initial weights have the distributions of torch's functions, and follow from the seed alone."""

import pytest
import torch
from torch import nn

from sknet_hp.nets.graph import trace
from sknet_hp.nets.init import INITIALISATIONS, Init, initial_parameters
from sknet_hp.nets.mlp import MLP

TORCH = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "lecun_normal": lambda w: w.normal_(0, w.shape[1] ** -0.5),
    "orthogonal": nn.init.orthogonal_,
}
graph, _ = trace(MLP(300, 40, n_layers=2, width=200, activation="relu", dropout=0.0, normalization="batch"))
WEIGHTS = [name for node in graph.nodes if node.kind == "linear" for role, name, _ in node.parameters if role == "weight"]


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_distribution_is_torchs(name):
    parameters = initial_parameters(graph, 3, Init(name))
    for weight in WEIGHTS:
        ours = parameters[weight]
        torch.manual_seed(7)
        theirs = TORCH[name](torch.empty_like(ours))
        levels = torch.linspace(0.005, 0.995, 100)
        spread = float(theirs.std())
        # A hundred quantiles agree to within what samples of this size allow.
        assert (ours.quantile(levels) - theirs.quantile(levels)).abs().max() < 0.12 * spread
        assert float(ours.std()) == pytest.approx(spread, rel=0.02)
    if name == "orthogonal":
        w = parameters[WEIGHTS[1]]
        torch.testing.assert_close(w @ w.T, torch.eye(len(w)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_the_rest_starts_neutral(name):
    parameters = initial_parameters(graph, 0, Init(name))
    for node in graph.nodes:
        for role, parameter, _ in node.parameters:
            if parameter not in WEIGHTS:
                assert (parameters[parameter] == (1 if role == "weight" else 0)).all()


def test_without_a_name_as_torchs_linear():
    parameters = initial_parameters(graph, 0)
    torch.manual_seed(0)
    for node in graph.nodes:
        if node.kind == "linear":
            (_, weight, (_, fan_in)), (_, bias, _) = node.parameters
            for tensor in (parameters[weight], parameters[bias]):
                assert tensor.abs().max() <= fan_in**-0.5
                assert float(tensor.std()) == pytest.approx((3 * fan_in) ** -0.5, rel=0.25)


@pytest.mark.parametrize("name", [None, *INITIALISATIONS])
def test_it_follows_from_the_seed(name):
    before = torch.get_rng_state()
    one, other, third = (initial_parameters(graph, seed, Init(name)) for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert not torch.equal(one[WEIGHTS[0]], third[WEIGHTS[0]])
