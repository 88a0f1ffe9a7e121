"""Initial weights have the distributions of torch's functions, and follow from the seed
alone.
"""

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tabm import TabM
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.init import draw_parameters, make_buffers
from sknet_hp.nets.layers.starts import INITIALISATIONS, Init

TORCH = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "lecun_normal": lambda w: w.normal_(0, w.shape[1] ** -0.5),
    "orthogonal": nn.init.orthogonal_,
}
graph, _ = trace(MLP(300, 40, n_layers=2, width=200, activation="relu", dropout=0.0, normalization="batch"))
WEIGHTS = [
    name for node in graph.nodes if node.kind == "linear" for role, name, _ in node.parameters if role == "weight"
]


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_distribution_is_torchs(name):
    parameters = draw_parameters(graph, 3, Init(name))
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
    parameters = draw_parameters(graph, 0, Init(name))
    for node in graph.nodes:
        for role, parameter, _ in node.parameters:
            if parameter not in WEIGHTS:
                assert (parameters[parameter] == (1 if role == "weight" else 0)).all()


def test_without_a_name_as_torchs_linear():
    parameters = draw_parameters(graph, 0)
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
    one, other, third = (draw_parameters(graph, seed, Init(name)) for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert not torch.equal(one[WEIGHTS[0]], third[WEIGHTS[0]])


# ---- the layers for tables -----------------------------------------------------------------------------------------


def test_neural_tangents_start_from_rows():
    """Each unit with standard deviation 1 over the rows, and its zero among them,
    through all layers.
    """
    graph, _ = trace(MLP(10, 3, n_layers=2, width=50, activation="mish", ntk=True))
    X = torch.randn(256, 10, generator=torch.Generator().manual_seed(0)) * 7 + 2
    fitted = draw_parameters(graph, 1, Init(fit_to_data=True), X)
    (first, bias), *_ = ([name for _, name, _ in node.parameters] for node in graph.nodes if node.kind == "ntk_linear")
    values = X @ fitted[first].T * 10**-0.5
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(50), rtol=1e-3, atol=1e-3)
    shifted = values + fitted[bias]
    assert (shifted.min(0).values < 0).all()
    assert (shifted.max(0).values > 0).all()
    drawn = draw_parameters(graph, 1, Init())
    assert float(drawn[first].std()) == pytest.approx(1, rel=0.1)
    assert float(drawn[bias].std()) == pytest.approx(1, rel=0.3)


def test_the_output_may_start_at_zero():
    graph, _ = trace(MLP(10, 3, n_layers=1, width=50, ntk=True))
    parameters = draw_parameters(graph, 0, Init(zero_output=True))
    last = [name for _, name, _ in graph.nodes[-1].parameters]
    assert all(not parameters[name].any() for name in last)
    assert parameters["layers.0.weight"].any()


@pytest.mark.parametrize("kind", ["plr", "pbld"])
def test_frequencies_have_the_spread_asked_for(kind):
    graph, _ = trace(
        MLP(
            40,
            3,
            n_layers=1,
            width=5,
            front=Front(n_numeric=40, num_embedding=kind, num_frequencies=50, num_embedding_dim=4),
        )
    )
    parameters = draw_parameters(graph, 0, Init(num_sigma=0.3))
    assert float(parameters["layers.0.frequency"].std()) == pytest.approx(0.3, rel=0.05)
    if kind == "pbld":
        assert float(parameters["layers.0.phase"].abs().max()) == pytest.approx(torch.pi, rel=0.01)


def test_heads_start_apart_by_their_first_factor_alone():
    graph, _ = trace(TabM(6, 2, n_layers=2, width=8, n_heads=5))
    parameters = draw_parameters(graph, 0)
    first, second = (parameters[f"layers.{k}.input_factor"] for k in (0, 2))
    assert set(first.unique().tolist()) == {-1.0, 1.0}
    assert (second == 1).all()
    embedded, _ = trace(
        TabM(6, 2, n_layers=1, width=8, n_heads=5, front=Front(n_numeric=4, num_embedding="plr", num_embedding_dim=3))
    )
    chunks = draw_parameters(embedded, 0)["layers.1.input_factor"][:, :12].view(5, 4, 3)
    assert (chunks == chunks[:, :, :1]).all()  # one factor for each number's embedding
    assert chunks[:, :, 0].unique().numel() == 20


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
