"""Products in bfloat16: what is rounded and what is not, against products of rounded operands in float32."""

import pytest
import torch
from torch import nn

from sknet_hp.nets.graph import trace
from sknet_hp.nets.half import half_product
from sknet_hp.nets.layers import MAPS as KINDS
from sknet_hp.nets.layers import Layer
from sknet_hp.nets.mlp import MLP
from sknet_hp.nets.modules import EnsembleLinear, NTKLinear
from sknet_hp.nets.program import Program

MAPS = {
    "linear": [lambda: nn.Linear(20, 48), lambda: nn.Linear(33, 7, bias=False), lambda: nn.Linear(5, 1)],
    "ntk_linear": [lambda: NTKLinear(20, 48)],
    "ensemble_linear": [lambda: EnsembleLinear(20, 16, n_heads=3, first=True), lambda: EnsembleLinear(20, 16, n_heads=3)],
}
CASES = [pytest.param(kind, make, id=f"{kind}-{i}") for kind in KINDS for i, make in enumerate(MAPS[kind])]


class _Rounded(torch.autograd.Function):
    """The product of bfloat16 numbers, in both directions: rounded before and after, exact in between (float64)."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(rounded(x), rounded(weight))
        return rounded(rounded(x) @ rounded(weight).T)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        g = rounded(g)
        return rounded(g @ weight), rounded(g.T @ x)


def rounded(x):
    return x.float().bfloat16().double()


def layers(kind, make, members):
    """(modules, layer over them) of equal layers with different weights."""
    generator = torch.Generator().manual_seed(0)
    modules = [make() for _ in range(members)]
    for module in modules:
        for p in module.parameters():
            p.data.copy_(torch.randn(p.shape, generator=generator))
    return modules, bound(kind, modules)


def bound(kind, modules, in_half=True):
    (node,) = trace(modules[0])[0].nodes
    assert node.kind == kind
    tensors = {role: torch.stack([getattr(m, role).detach() for m in modules]).requires_grad_() for role, _, _ in node.parameters}
    return Layer(node, tensors, torch.zeros(len(modules), 0), in_half)


def stepped(layer, x, g):
    """(output, gradient of x, gradients of the parameters by role)."""
    roles = [role for role, _, _ in layer.node.parameters]
    x = x.clone().requires_grad_()
    out = layer(x)
    of_x, *gradients = torch.autograd.grad(out, [x, *(getattr(layer, role) for role in roles)], g)
    return out.detach(), of_x, dict(zip(roles, gradients, strict=True))


def batch(layer, members, seed=1):
    width = layer.weight.shape[2]
    heads = 1 if layer.node.kind != "ensemble_linear" or layer.node.first else 3
    return torch.randn(members, 64 * heads, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kind", "make"), CASES[:4])
def test_only_the_products_are_rounded(kind, make):
    modules, layer = layers(kind, make, 3)
    x = batch(layer, 3)
    g = torch.randn(layer(x).shape, generator=torch.Generator().manual_seed(2))
    out, g_in, gradients = stepped(layer, x, g)
    assert out.dtype == torch.float32
    for k, module in enumerate(modules):
        scale = module.weight.shape[1] ** -0.5 if kind == "ntk_linear" else 1.0
        own, weight = x[k].double().requires_grad_(), module.weight.detach().double().requires_grad_()
        bias = None if module.bias is None else module.bias.detach().double().requires_grad_()
        expected = _Rounded.apply(own, weight * scale)
        expected = expected if bias is None else expected + bias
        expected.backward(g[k].double())

        def close(found, true):
            # Sums in float32 may round to the other side: one unit in the last of eight places.
            torch.testing.assert_close(found.double(), true, rtol=2**-7, atol=1e-4 * float(true.abs().max()))
            assert ((found.double() - true).abs() < 1e-5).double().mean() > 0.8

        close(out[k], expected.detach())
        close(g_in[k], own.grad)
        close(gradients["weight"][k], weight.grad)
        if bias is not None:
            torch.testing.assert_close(gradients["bias"][k].double(), bias.grad, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_close_to_float32(kind, make):
    modules, layer = layers(kind, make, 2)
    x = batch(layer, 2)
    g = torch.randn(layer(x).shape, generator=torch.Generator().manual_seed(2))
    (one, of_one, own), (two, of_two, others) = stepped(layer, x, g), stepped(bound(kind, modules, in_half=False), x, g)
    assert not torch.equal(one, two)
    for found, expected in [(one, two), (of_one, of_two), *((own[role], others[role]) for role in own)]:
        assert (found - expected).norm() < 0.01 * expected.norm()


def test_the_output_stays_in_float32():
    graph, _ = trace(MLP(5, 3, n_layers=2, width=8, normalization="layer"))
    tensors = {name: torch.zeros(1, *shape) for name, shape in graph.parameters}
    for precision, first in (("bf16", half_product), ("float32", torch.matmul)):
        program = Program(graph, tensors, torch.full((1, 2), 1e-5), precision)
        assert [layer.product for layer in program.layers if layer.node.kind == "linear"] == [first, first, torch.matmul]
