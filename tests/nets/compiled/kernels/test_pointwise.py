"""Bias and activation in one pass against torch, and the sums that the way back needs."""

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.nets.compiled.kernels import pointwise
from sknet_hp.nets.layers.modules import ParametricActivation
from tests.helpers.kernels import assert_close, compute_in_parts, draw_normal, has_same_bits, run_kernel

TORCH = {
    "identity": (nn.Identity(), 0.0),
    "relu": (nn.ReLU(), 0.0),
    "leaky_relu": (nn.LeakyReLU(0.3), 0.3),
    "elu": (nn.ELU(0.5), 0.5),
    "selu": (nn.SELU(), 0.0),
    "gelu": (nn.GELU(), 0.0),
    "gelu_tanh": (nn.GELU(approximate="tanh"), 0.0),
    "silu": (nn.SiLU(), 0.0),
    "mish": (nn.Mish(), 0.0),
    "tanh": (nn.Tanh(), 0.0),
    "sigmoid": (nn.Sigmoid(), 0.0),
}
"""Each activation must be here, with the number that its kernel is given."""

every_activation = pytest.mark.parametrize("kind", list(pointwise.FORWARD))
shapes = pytest.mark.parametrize(("rows", "width"), [(1, 1), (3, 17), (33, 3), (17, 70)])


def forward(place, kind, z, bias, parts=1, bend=None):
    """(output, slope, what is left for the gradient of `bend`)."""
    rows, width = z.shape
    z, out, mask, bent = (
        place(z),
        place(np.full(z.shape, np.nan)),
        place(np.full((parts, width), np.nan)),
        place(np.full(z.shape, np.nan)),
    )
    fields = {
        "rows": rows,
        "width": width,
        "z": z,
        "bias": place(bias),
        "out": out,
        "mask": mask,
        "alpha": TORCH[kind][1],
    }
    fields |= {"rate": 0, "key": 0, "layer": 0}
    if bend is None:
        run_kernel(pointwise.FORWARD[kind], parts, **fields)
    else:
        run_kernel(pointwise.PARAMETRIC_FORWARD[kind], parts, **fields, weight=place(bend), difference=bent)
    return out.copy(), z.copy(), bent.copy()


def numbers(rows, width):
    z = draw_normal(rows, width, seed=1) * 4
    z.flat[::7] *= 1e-4
    return z, draw_normal(width, seed=2)


@every_activation
@shapes
def test_activation_and_slope(place, kind, rows, width):
    z, bias = numbers(rows, width)
    x = torch.tensor(z + bias, dtype=torch.float64, requires_grad=True)
    expected = TORCH[kind][0](x)
    (slope,) = torch.autograd.grad(expected.sum(), x)
    out, own_slope, _ = forward(place, kind, z, bias)
    assert_close(out, expected)
    assert_close(own_slope, slope)


@every_activation
def test_large_and_special_numbers(place, kind):
    z = np.array([[0.0, -0.0, 1e15, -1e15, 88.0, -88.0, 200.0, -200.0, 1e-30, -1e-30]], np.float32)
    x = torch.tensor(z, requires_grad=True)
    expected = TORCH[kind][0](x)
    (slope,) = torch.autograd.grad(expected.sum(), x)
    out, own_slope, _ = forward(place, kind, z, np.zeros(10, np.float32))
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-5, atol=1e-29)
    np.testing.assert_allclose(own_slope, slope.numpy(), rtol=1e-5, atol=1e-30)
    out, _, _ = forward(place, kind, np.full((1, 3), np.nan, np.float32), np.zeros(3, np.float32))
    assert np.isnan(out).all()


@every_activation
@shapes
def test_with_a_learned_weight(place, kind, rows, width):
    (z, bias), weight = numbers(rows, width), draw_normal(width, seed=3)
    module = ParametricActivation(TORCH[kind][0], width).double()
    module.weight.data = torch.tensor(weight, dtype=torch.float64)
    x = torch.tensor(z + bias, dtype=torch.float64, requires_grad=True)
    expected = module(x)
    slope, of_weight = torch.autograd.grad(expected.sum(), (x, module.weight))
    out, own_slope, bent = forward(place, kind, z, bias, bend=weight)
    assert_close(out, expected)
    assert_close(own_slope, slope)
    assert_close(bent.astype(np.float64).sum(0), of_weight)


@every_activation
def test_parts_and_company_do_not_show(place, kind):
    (z, bias), weight = numbers(75, 19), draw_normal(19, seed=3)
    for bend in (None, weight):
        out, slope, bent = compute_in_parts(lambda parts, bend=bend: list(forward(place, kind, z, bias, parts, bend)))
        alone = forward(place, kind, z[40:41, :18], bias[:18], bend=None if bend is None else bend[:18])
        for each, together in zip(alone, (out, slope, bent), strict=True):
            assert has_same_bits(each, together[40:41, :18])


# ---- the way back and sums -----------------------------------------------------------------------------------------


def in_order(x):
    """The sum over rows, each added to those before it."""
    total = np.zeros(x.shape[1], np.float32)
    for row in x:
        total += row
    return total


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("is_bent", [False, True])
@shapes
def test_backward(place, rows, width, has_bias, is_bent):
    g, slope, bent = (draw_normal(rows, width, seed=seed) for seed in (1, 2, 3))

    def compute(parts):
        own, of_bias, of_weight = place(g), place(np.full(width, np.nan)), place(np.full(width, np.nan))
        fields = {
            "bias_gradient": of_bias if has_bias else 0,
            "weight_gradient": of_weight if is_bent else 0,
            "difference": place(bent) if is_bent else 0,
        }
        run_kernel(pointwise.multiply_by_slope, parts, rows=rows, width=width, g=own, slope=place(slope), **fields)
        return [own.copy(), of_bias.copy(), of_weight.copy()]

    own, of_bias, of_weight = compute_in_parts(compute)
    assert has_same_bits(own, g * slope)
    assert has_same_bits(of_bias, in_order(g * slope)) if has_bias else np.isnan(of_bias).all()
    if is_bent:
        np.testing.assert_allclose(of_weight, (g.astype(np.float64) * bent).sum(0), rtol=1e-5, atol=1e-5)


@shapes
def test_sums_and_additions(place, rows, width):
    x, bias, y = draw_normal(rows, width, seed=1), draw_normal(width, seed=2), draw_normal(rows, width + 3, seed=3)

    def compute(parts):
        biased, total, both, doubled = (
            place(x),
            place(np.full(width, np.nan)),
            place(np.full((rows, width), np.nan)),
            place(x),
        )
        run_kernel(pointwise.add_bias, parts, rows=rows, width=width, x=biased, bias=place(bias))
        run_kernel(pointwise.sum_rows, parts, rows=rows, width=width, g=place(x), total=total)
        run_kernel(pointwise.add, parts, n=x.size, a=place(x), b=biased, out=both)
        run_kernel(pointwise.add, parts, n=x.size, a=doubled, b=doubled, out=doubled)
        wider = place(y)
        run_kernel(
            pointwise.add_columns,
            parts,
            rows=rows,
            width=width,
            x=place(x),
            x_width=width,
            out=wider,
            out_width=width + 3,
        )
        return [biased.copy(), total.copy(), both.copy(), doubled.copy(), wider.copy()]

    biased, total, both, doubled, wider = compute_in_parts(compute)
    assert has_same_bits(biased, x + bias)
    assert has_same_bits(total, in_order(x))
    assert has_same_bits(both, x + biased)
    assert has_same_bits(doubled, x + x)
    assert has_same_bits(wider[:, :width], y[:, :width] + x)
    assert has_same_bits(wider[:, width:], y[:, width:])


@pytest.mark.parametrize("n", [1, 16, 33, 200])
def test_fill_and_scale(place, n):
    x = draw_normal(n)

    def compute(parts):
        filled, scaled = place(x), place(x)
        run_kernel(pointwise.fill, parts, n=n, x=filled, value=-2.5)
        run_kernel(pointwise.scale, parts, n=n, x=scaled, factor=0.3, out=scaled)
        return [filled.copy(), scaled.copy()]

    filled, scaled = compute_in_parts(compute)
    assert (filled == -2.5).all()
    assert has_same_bits(scaled, x * np.float32(0.3))
