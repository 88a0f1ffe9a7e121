"""Embeddings of numbers and factors of columns, each kernel against torch in float64."""

import math

import numpy as np
import pytest
import torch

from sknet_hp.nets.compiled.kernels import embeddings
from tests.helpers.kernels import assert_close, compute_in_parts, double, draw_normal, has_same_bits, run_kernel

shapes = pytest.mark.parametrize(("rows", "n", "k"), [(1, 1, 1), (3, 2, 17), (33, 3, 3), (70, 7, 16)])


@pytest.mark.parametrize("has_phase", [False, True], ids=["plr", "pbld"])
@shapes
def test_waves(place, rows, n, k, has_phase):
    """Cosines, and sines beside them (plr) or in an array of their own (pbld), where
    they only serve the way back.
    """
    width = k if has_phase else 2 * k
    x, frequency, phase, g = (
        draw_normal(rows, n + 2, seed=1),
        draw_normal(n, k, seed=2),
        draw_normal(n, k, seed=3),
        draw_normal(rows, n, width, seed=4),
    )

    def compute(parts):
        own, cosines = place(x), place(np.full((rows, n, width), np.nan))
        sines = place(np.full((rows, n, width), np.nan)) if has_phase else cosines[:, :, k:]
        sizes = {
            "rows": rows,
            "n": n,
            "k": k,
            "x": own,
            "x_width": n + 2,
            "cosines": cosines,
            "sines": sines,
            "wave_width": width,
        }
        run_kernel(
            embeddings.compute_waves, parts, **sizes, frequency=place(frequency), phase=place(phase) if has_phase else 0
        )
        of_frequency, of_phase, back = place(np.full((n, k), np.nan)), place(np.full((n, k), np.nan)), place(g)
        of = {
            "of_cosines": back,
            "of_sines": 0 if has_phase else back[:, :, k:],
            "of_phase": of_phase if has_phase else 0,
        }
        run_kernel(embeddings.compute_waves_backward, parts, **sizes, **of, of_frequency=of_frequency)
        return [cosines.copy(), of_frequency.copy(), of_phase.copy()]

    waves, of_frequency, of_phase = compute_in_parts(compute)
    f, p = double(frequency), double(phase)
    z = 2 * math.pi * torch.tensor(x[:, :n, None], dtype=torch.float64) * f
    expected = (z + p).cos() if has_phase else torch.cat([z.cos(), z.sin()], 2)
    assert_close(waves, expected, 5e-6)
    expected.backward(double(g).data)
    assert_close(of_frequency, f.grad, 2e-5)
    if has_phase:
        assert_close(of_phase, p.grad, 2e-5)


@pytest.mark.parametrize("clipped", [False, True], ids=["pbld", "plr"])
@shapes
def test_finish_of_waves(place, rows, n, k, clipped):
    """plr clips at zero; pbld puts the number beside what is learned."""
    learned = k if clipped else k - 1
    x, mapped, bias, g = (
        draw_normal(rows, n + 1, seed=1),
        draw_normal(rows, n * k + 2, seed=2),
        draw_normal(n, learned, seed=3),
        draw_normal(rows, n * k + 3, seed=4),
    )

    def compute(parts):
        out, back, of_bias = place(mapped), place(g), place(np.full(bias.shape, np.nan))
        sizes = {"rows": rows, "n": n, "dim": k, "out": out}
        run_kernel(
            embeddings.finish_waves,
            parts,
            **sizes,
            out_width=n * k + 2,
            bias=place(bias),
            x=0 if clipped else place(x),
            x_width=n + 1,
        )
        fields = {"g": back, "out_width": n * k + 3, "own_width": n * k + 2, "of_bias": of_bias, "clipped": clipped}
        run_kernel(embeddings.finish_waves_backward, parts, **sizes, **fields)
        return [out.copy(), back.copy(), of_bias.copy()]

    out, back, of_bias = compute_in_parts(compute)
    own = mapped[:, : n * k].reshape(rows, n, k)
    expected = np.maximum(own + bias, 0) if clipped else np.concatenate([own[:, :, :learned] + bias, x[:, :n, None]], 2)
    slopes = g[:, : n * k].reshape(rows, n, k) * (expected > 0 if clipped else 1)
    assert np.array_equal(out[:, : n * k].reshape(rows, n, k), expected)
    assert np.array_equal(back[:, : n * k].reshape(rows, n, k), slopes)
    np.testing.assert_allclose(of_bias, slopes[:, :, :learned].astype(np.float64).sum(0), rtol=1e-5, atol=1e-5)
    for found, start in ((out, mapped), (back, g)):
        assert has_same_bits(found[:, n * k :], start[:, n * k :])


@shapes
def test_straight_lines(place, rows, n, k):
    x, slope, bias, g = (
        draw_normal(rows, n + 2, seed=1),
        draw_normal(n, k, seed=2),
        draw_normal(n, k, seed=3),
        draw_normal(rows, n * k + 1, seed=4),
    )

    def compute(parts):
        own, out, of_slope, of_bias = (
            place(x),
            place(np.full((rows, n * k), np.nan)),
            place(np.full((n, k), np.nan)),
            place(np.full((n, k), np.nan)),
        )
        sizes = {"rows": rows, "n": n, "dim": k, "x": own, "x_width": n + 2}
        run_kernel(
            embeddings.map_numbers, parts, **sizes, slope=place(slope), bias=place(bias), out=out, out_width=n * k
        )
        run_kernel(
            embeddings.map_numbers_backward,
            parts,
            **sizes,
            of_slope=of_slope,
            of_bias=of_bias,
            g=place(g),
            g_width=n * k + 1,
        )
        return [out.copy(), of_slope.copy(), of_bias.copy()]

    out, of_slope, of_bias = compute_in_parts(compute)
    numbers, each = x[:, :n, None].astype(np.float64), g[:, : n * k].reshape(rows, n, k)
    np.testing.assert_allclose(out.reshape(rows, n, k), numbers * slope + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_slope, (numbers * each).sum(0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(of_bias, each.astype(np.float64).sum(0), rtol=1e-5, atol=1e-5)


@shapes
def test_copies_of_columns(place, rows, n, k):
    x, y = draw_normal(rows, n + k, seed=1), draw_normal(rows, n + 1, seed=2)

    def compute(parts):
        out = place(y)
        run_kernel(embeddings.copy_columns, parts, rows=rows, n=n, x=place(x), x_width=n + k, out=out, out_width=n + 1)
        return [out.copy()]

    (out,) = compute_in_parts(compute)
    assert has_same_bits(out[:, :n], x[:, :n])
    assert has_same_bits(out[:, n:], y[:, n:])


@pytest.mark.parametrize(("rows", "width"), [(1, 1), (33, 3), (3, 17), (75, 85)])
def test_factors_of_columns(place, rows, width):
    x, factor, g = draw_normal(rows, width, seed=1), draw_normal(width, seed=2), draw_normal(rows, width, seed=3)

    def compute(parts):
        out, back, of_factor = place(np.full(x.shape, np.nan)), place(g), place(np.full(width, np.nan))
        fields = {"rows": rows, "width": width, "x": place(x), "factor": place(factor)}
        run_kernel(embeddings.scale_columns, parts, **fields, out=out)
        run_kernel(embeddings.scale_columns_backward, parts, **fields, g=back, of_factor=of_factor)
        return [out.copy(), back.copy(), of_factor.copy()]

    out, back, of_factor = compute_in_parts(compute)
    assert has_same_bits(out, x * factor)
    assert has_same_bits(back, g * factor)
    np.testing.assert_allclose(of_factor, (x.astype(np.float64) * g).sum(0), rtol=1e-5, atol=1e-5)
