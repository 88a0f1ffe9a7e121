"""Normalisation and softmax of the compiled half against torch in float64."""

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.nets.compiled.kernels import normalisation
from tests.helpers.kernels import assert_close, compute_in_parts, double, draw_normal, has_same_bits, run_kernel

shapes = pytest.mark.parametrize(("rows", "width"), [(2, 1), (3, 17), (33, 3), (17, 70), (70, 150)])
EPS, MOMENTUM = 1e-3, 0.3


def tensors(rows, width):
    """(x, output gradient, scale, shift)."""
    return (
        2 * draw_normal(rows, width, seed=1) + 3,
        draw_normal(rows, width, seed=2),
        draw_normal(width, seed=3) + 2,
        draw_normal(width, seed=4),
    )


# ---- over a batch --------------------------------------------------------------------------------------------------


def batch_norm(place, x, g, scale, shift, weight=None, parts=1):
    """(output, running mean, running variance, input gradient, gradients of scale and
    shift); g counts by `weight`.
    """
    rows, width = x.shape
    weight = place(np.full(rows, 1 / rows) if weight is None else weight)
    x, g, scale, out = place(x), place(g), place(scale), place(np.full(x.shape, np.nan))
    mean, variance, inverse = place(np.full(width, 0.5)), place(np.full(width, 2)), place(np.full(width, np.nan))
    sizes = {"rows": rows, "width": width, "x": x, "scale": scale, "inverse": inverse, "weight": weight}
    running = {"running_mean": mean, "running_var": variance, "eps": place([EPS]), "momentum": place([MOMENTUM])}
    run_kernel(
        normalisation.normalise_batch,
        parts,
        **sizes,
        shift=place(shift),
        out=out,
        **running,
        spare=place(np.full((2, width), np.nan)),
    )
    of_scale, of_shift = place(np.full(width, np.nan)), place(np.full(width, np.nan))
    run_kernel(normalisation.normalise_batch_backward, parts, **sizes, g=g, of_scale=of_scale, of_shift=of_shift)
    return [each.copy() for each in (out, mean, variance, g, of_scale, of_shift)]


def torch_batch_norm(x, g, scale, shift):
    width = x.shape[1]
    module = nn.BatchNorm1d(width, eps=EPS, momentum=MOMENTUM, dtype=torch.float64)
    module.weight.data, module.bias.data = double(scale).data, double(shift).data
    module.running_mean.fill_(0.5)
    module.running_var.fill_(2)
    x = double(x)
    out = module(x)
    out.backward(double(g).data)
    return out, module.running_mean, module.running_var, x.grad, module.weight.grad, module.bias.grad


@shapes
def test_batch_norm(place, rows, width):
    given = tensors(rows, width)
    found = compute_in_parts(lambda parts: batch_norm(place, *given, parts=parts))
    for own, expected in zip(found, torch_batch_norm(*given), strict=True):
        assert_close(own, expected, 2e-5)


def test_batch_norm_weights_are_repetitions(place):
    """A row of weight 3 counts like three rows, one of weight 0 like none, the unbiased
    variance apart, which counts rows.
    """
    rows, width = 21, 17
    x, g, scale, shift = tensors(rows, width)
    counts = np.arange(rows) % 4
    each = np.repeat(np.arange(rows), counts)
    out, mean, _, back, of_scale, of_shift = batch_norm(
        place, x, g * counts[:, None], scale, shift, counts / counts.sum()
    )
    expected = torch_batch_norm(x[each], g[each], scale, shift)
    assert_close(out[each], expected[0], 2e-5)
    assert_close(mean, expected[1], 2e-5)
    together = torch.zeros(rows, width, dtype=torch.float64).index_add_(0, torch.tensor(each), expected[3])
    assert_close(back, together, 2e-5)
    assert_close(of_scale, expected[4], 2e-5)
    assert_close(of_shift, expected[5], 2e-5)


def test_batch_norm_learns_nothing_from_a_batch_without_weight(place):
    out, mean, variance, back, _, _ = batch_norm(place, *tensors(5, 3), weight=np.zeros(5))
    assert np.isfinite(out).all()
    assert np.isfinite(back).all()
    assert (mean == 0.5).all()
    assert (variance == 2).all()


def test_batch_norm_of_a_single_row(place):
    """Where torch raises an error: the variance of one row is zero, and is tracked as
    that.
    """
    x, g, scale, shift = tensors(1, 17)
    out, mean, variance, back, of_scale, of_shift = batch_norm(place, x, g, scale, shift)
    assert has_same_bits(out[0], shift)
    np.testing.assert_allclose(mean, 0.5 + MOMENTUM * (x[0] - 0.5), rtol=1e-6)
    np.testing.assert_allclose(variance, np.full(17, 2 * (1 - MOMENTUM)), rtol=1e-6)
    assert not back.any()
    assert not of_scale.any()
    assert has_same_bits(of_shift, g[0])


@shapes
def test_batch_norm_in_prediction(place, rows, width):
    x, _, scale, shift = tensors(rows, width)
    mean, variance = draw_normal(width, seed=5), np.abs(draw_normal(width, seed=6)) + 0.1

    def compute(parts):
        out = place(np.full(x.shape, np.nan))
        fields = {
            "rows": rows,
            "width": width,
            "x": place(x),
            "scale": place(scale),
            "shift": place(shift),
            "eps": place([EPS]),
            "out": out,
        }
        run_kernel(
            normalisation.normalise_by_running, parts, **fields, running_mean=place(mean), running_var=place(variance)
        )
        return [out.copy()]

    expected = nn.functional.batch_norm(*(double(each).data for each in (x, mean, variance, scale, shift)), eps=EPS)
    assert_close(compute_in_parts(compute)[0], expected, 5e-6)


# ---- over a row ----------------------------------------------------------------------------------------------------


@shapes
def test_layer_norm(place, rows, width):
    x, g, scale, shift = tensors(rows, width)

    def compute(parts):
        inside, back, out, inverse = (
            place(x),
            place(g),
            place(np.full(x.shape, np.nan)),
            place(np.full((rows, 2), np.nan)),
        )
        of_scale, of_shift, factor = place(np.full(width, np.nan)), place(np.full(width, np.nan)), place(scale)
        sizes = {"rows": rows, "width": width, "x": inside}
        run_kernel(
            normalisation.normalise_rows,
            parts,
            **sizes,
            scale=factor,
            shift=place(shift),
            out=out,
            inverse=inverse,
            eps=place([EPS]),
        )
        run_kernel(normalisation.sum_norm_gradients, parts, **sizes, g=back, of_scale=of_scale, of_shift=of_shift)
        run_kernel(
            normalisation.normalise_rows_backward,
            parts,
            **sizes,
            g=back,
            scale=factor,
            inverse=inverse,
            ones=place(np.ones(width)),
        )
        return [each.copy() for each in (out, back, of_scale, of_shift)]

    inside, factor, offset = double(x), double(scale), double(shift)
    expected = nn.functional.layer_norm(inside, (width,), factor, offset, EPS)
    gradients = torch.autograd.grad(expected, (inside, factor, offset), double(g).data)
    for own, right in zip(compute_in_parts(compute), (expected, *gradients), strict=True):
        assert_close(own, right, 2e-5)


@shapes
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(place, name, rows, width):
    x, g, _, _ = tensors(rows, width)
    x *= 5

    def compute(parts):
        out, back = place(np.full(x.shape, np.nan)), place(g)
        run_kernel(getattr(normalisation, f"apply_{name}"), parts, rows=rows, width=width, x=place(x), out=out)
        run_kernel(getattr(normalisation, f"apply_{name}_backward"), parts, rows=rows, width=width, g=back, out=out)
        return [out.copy(), back.copy()]

    inside = double(x)
    expected = getattr(torch, name)(inside, 1)
    (gradient,) = torch.autograd.grad(expected, inside, double(g).data)
    out, back = compute_in_parts(compute)
    assert_close(out, expected, 5e-6)
    assert_close(back, gradient, 5e-6)


def test_softmax_of_extremes(place):
    x = np.array([[1e30, -1e30, 0], [-200, -200, -200], [np.nan, 1, 2], [1, 2, np.nan]], np.float32)
    out = place(np.full(x.shape, np.nan))
    run_kernel(normalisation.apply_softmax, rows=4, width=3, x=place(x), out=out)
    np.testing.assert_allclose(out[:2], [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    assert np.isnan(out[2:]).all()
