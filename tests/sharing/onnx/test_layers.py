"""Every kind of layer computes in onnxruntime what its module computes in torch."""

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("onnxruntime")

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.layers.kinds import KINDS
from sknet_hp.sharing.onnx.layers import CONVERTERS
from sknet_hp.sharing.onnx.network import COMBINATIONS, add_network
from sknet_hp.training.rules.losses import LOSSES
from tests.helpers.layer_examples import CODES, EXAMPLES, WIDTH
from tests.helpers.onnx_graphs import run_graph

CASES = [
    pytest.param(make, id=f"{kind}-{number}") for kind, each in EXAMPLES.items() for number, make in enumerate(each)
]


def test_every_kind_of_layer_is_known():
    assert set(CONVERTERS) == set(KINDS)


def fill(module, seed):
    """Random tensors, running variances above zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.1)
                if "running_var" not in name:
                    tensor.sub_(0.6)
    return module.eval()


def compute_both(module, x):
    graph, rates = trace(module)
    tensors = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    parameters, buffers = (
        np.concatenate([np.zeros(0, np.float32), *[tensors[name].ravel() for name, _ in names]])
        for names in (graph.parameters, graph.buffers)
    )
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()

    def add(b, name):
        return add_network(b, graph, parameters, buffers, rates, name, "mse", expected.shape[1])

    return run_graph(add, x=x), expected


def make_rows(module, n_rows=6):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_rows, WIDTH)).astype(np.float32)
    n_codes = getattr(module, "n_columns", 0)
    if n_codes:
        x[:, -n_codes:] = rng.integers(0, CODES, (n_rows, n_codes))
    return x


@pytest.mark.parametrize("make", [case for case in CASES if not case.id.startswith("ensemble")])
def test_a_layer_gives_what_torch_gives(make):
    module = fill(make(), 1)
    ours, expected = compute_both(nn.Sequential(module), make_rows(module))
    np.testing.assert_allclose(ours, expected, atol=2e-6, rtol=2e-6)


def test_layers_of_an_ensemble_give_what_torch_gives():
    from sknet_hp.nets.architectures.tabm import TabM

    module = fill(TabM(WIDTH, 1, n_layers=3, width=5, n_heads=4, activation="mish", parametric_activation=True), 2)
    x = make_rows(module)
    ours, expected = compute_both_heads(module, x)
    np.testing.assert_allclose(ours, expected.mean(1, keepdims=True), atol=2e-6)


def compute_both_heads(module, x):
    graph, rates = trace(module)
    tensors = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    parameters = np.concatenate([tensors[name].ravel() for name, _ in graph.parameters])
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    none = np.zeros(0, np.float32)
    return run_graph(lambda b, name: add_network(b, graph, parameters, none, rates, name, "mse", 1), x=x), expected


def test_sums_of_layers():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(WIDTH, WIDTH)

        def forward(self, x):
            return torch.softmax(x + self.inner(x).tanh(), -1)

    ours, expected = compute_both(fill(Residual(), 3), make_rows(None))
    np.testing.assert_allclose(ours, expected, atol=2e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_heads_are_taken_together_as_the_loss_says(loss):
    outputs = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)  # (rows, heads, outputs)
    if loss == "log_probability":
        outputs = np.abs(outputs)
    expected = LOSSES[loss].combine_heads(torch.from_numpy(outputs)).numpy()
    from sknet_hp.sharing.onnx.network import combine_heads

    np.testing.assert_allclose(run_graph(lambda b, x: combine_heads(b, loss, x), x=outputs), expected, atol=2e-6)
    assert set(COMBINATIONS) <= set(LOSSES)
