"""Products in bfloat16: what is rounded and what is not, against products of rounded operands in float32; and company."""

import copy

import pytest
import torch
from torch import nn

from sknet_hp.nets import half
from sknet_hp.nets.graph import trace
from sknet_hp.nets.half import HALF_LAYERS
from sknet_hp.nets.layers import LAYERS
from sknet_hp.nets.mlp import MLP
from sknet_hp.nets.modules import EnsembleLinear, NTKLinear
from sknet_hp.nets.program import STACKED, Program

pytestmark = pytest.mark.skipif(not half.supported(), reason="this CPU does not multiply bfloat16")

MAPS = {
    "linear": [lambda: nn.Linear(20, 48), lambda: nn.Linear(33, 7, bias=False), lambda: nn.Linear(5, 1)],
    "ntk_linear": [lambda: NTKLinear(20, 48)],
    "ensemble_linear": [lambda: EnsembleLinear(20, 16, n_heads=3, first=True), lambda: EnsembleLinear(20, 16, n_heads=3)],
}
CASES = [pytest.param(kind, make, id=f"{kind}-{i}") for kind in HALF_LAYERS for i, make in enumerate(MAPS[kind])]


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


def bound(kind, modules):
    (node,) = trace(modules[0])[0].nodes
    assert node.kind == kind
    parameters = {role: torch.stack([getattr(m, role).detach() for m in modules]) for role, _, _ in node.parameters}
    gradients = {role: torch.full_like(p, torch.nan) for role, p in parameters.items()}
    return HALF_LAYERS[kind](node, parameters, gradients, {}, torch.zeros(len(modules), 0))


def batch(layer, members, seed=1):
    width = layer.p["weight"].shape[2]
    heads = 1 if layer.node.kind != "ensemble_linear" or layer.node.first else 3
    return torch.randn(members, 64 * heads, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kind", "make"), CASES[:4])
def test_only_the_products_are_rounded(kind, make):
    modules, layer = layers(kind, make, 3)
    x = batch(layer, 3)
    out = layer.forward(x, torch.ones(3, 64) / 64)
    assert out.dtype == torch.float32
    g = torch.randn(out.shape, generator=torch.Generator().manual_seed(2))
    g_in = layer.backward(g.clone())
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
        close(layer.g["weight"][k], weight.grad)
        if bias is not None:
            torch.testing.assert_close(layer.g["bias"][k].double(), bias.grad, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_close_to_float32(kind, make):
    _, layer = layers(kind, make, 2)
    other = STACKED[kind](layer.node, copy.deepcopy(layer.p), copy.deepcopy(layer.g), {}, layer.rates)
    x = batch(layer, 2)
    weight = torch.ones(2, 64) / 64
    one, two = layer.forward(x.clone(), weight), other.forward(x.clone(), weight)
    assert not torch.equal(one, two)
    pairs = [(one, two)]
    g = torch.randn(one.shape, generator=torch.Generator().manual_seed(2))
    pairs += [(layer.backward(g.clone()), other.backward(g.clone()))]
    pairs += [(layer.g[role], other.g[role]) for role in layer.g]
    for found, expected in pairs:
        assert (found - expected).norm() < 0.01 * expected.norm()


@pytest.mark.parametrize(("kind", "make"), CASES)
@pytest.mark.parametrize("members", [2, 5, 32])
def test_company_does_not_matter(kind, make, members):
    modules, layer = layers(kind, make, members)
    x = batch(layer, members)
    out = layer.forward(x, torch.ones(members, 64) / 64).clone()
    g = torch.randn(out.shape, generator=torch.Generator().manual_seed(2))
    g_in = layer.backward(g.clone())
    for k in (0, members // 2, members - 1):
        alone = bound(kind, modules[k : k + 1])
        assert torch.equal(alone.forward(x[k : k + 1].clone(), torch.ones(1, 64) / 64)[0], out[k])
        assert torch.equal(alone.backward(g[k : k + 1].clone())[0], g_in[k])
        for role in layer.g:
            assert torch.equal(alone.g[role][0], layer.g[role][k]), role


@pytest.mark.parametrize(("rows", "inner", "columns"), [(7, 32, 11), (16, 16, 16), (17, 16, 16), (32, 7, 7), (64, 33, 20), (100, 256, 30)])
@pytest.mark.parametrize("transposed", ["neither", "a", "b"])
def test_sums_that_cancel(rows, inner, columns, transposed):
    """Their bits tell of the order of additions, which must not depend on company; torch takes another kernel for small products."""
    members, generator = 32, torch.Generator().manual_seed(0)
    order = torch.randperm(inner, generator=generator)
    u, v = torch.randn(members, rows, inner // 2, generator=generator), torch.randn(members, inner // 2, columns, generator=generator)
    rest = inner % 2
    a = torch.cat([u, u, torch.full((members, rows, rest), 1e-4)], 2)[:, :, order].bfloat16()
    b = torch.cat([v, -v, torch.ones(members, rest, columns)], 1)[:, order].bfloat16()

    def laid_out(x, other):
        return x.transpose(1, 2).contiguous().transpose(1, 2) if other else x.contiguous()

    def product(first, last):
        own = laid_out(a[first:last], transposed == "a"), laid_out(b[first:last], transposed == "b")
        _, layer = layers("linear", MAPS["linear"][0], 1)
        return layer.product16("test", *own, torch.empty(last - first, rows, columns))

    together = product(0, members)
    assert (together != 0).any()
    for k in range(members):
        assert torch.equal(product(k, k + 1)[0], together[k])
    for k in range(0, members, 2):
        assert torch.equal(product(k, k + 2), together[k : k + 2])


def test_the_output_stays_in_float32():
    graph, _ = trace(MLP(5, 3, n_layers=2, width=8, normalization="layer"))
    tensors = {name: torch.zeros(1, *shape) for name, shape in graph.parameters}
    for precision, kinds in (("bf16", HALF_LAYERS), ("float32", LAYERS)):
        program = Program(graph, tensors, tensors, {}, torch.zeros(1, 0), precision)
        maps = [layer for layer in program.layers if layer is not None and layer.node.kind == "linear"]
        assert [type(layer) for layer in maps] == [kinds["linear"], kinds["linear"], LAYERS["linear"]]
