"""The factors of TabM's heads against numpy's broadcasting."""

import numpy as np
import pytest

from sknet_hp.nets.compiled.kernels import heads
from tests.helpers.kernels import compute_in_parts, draw_normal, has_same_bits, run_kernel

shapes = pytest.mark.parametrize(("rows", "n_heads", "width"), [(1, 1, 1), (3, 2, 17), (33, 3, 3), (17, 5, 70)])


@pytest.mark.parametrize("shared", [False, True])
@shapes
def test_factors_of_inputs(place, shared, rows, n_heads, width):
    x = draw_normal(rows, 1 if shared else n_heads, width, seed=1)
    factor, g = draw_normal(n_heads, width, seed=2), draw_normal(rows, n_heads, width, seed=3)

    def compute(parts):
        out, back, together = place(np.full(g.shape, np.nan)), place(g), place(np.full((rows, width), np.nan))
        of_factor, inside, own = place(np.full(factor.shape, np.nan)), place(x), place(factor)
        sizes = {"rows": rows, "heads": n_heads, "width": width, "x": inside, "shared": shared, "factor": own}
        run_kernel(heads.scale_inputs, parts, **sizes, out=out)
        run_kernel(
            heads.scale_inputs_backward, parts, **sizes, g=back, of_factor=of_factor, of_x=together if shared else 0
        )
        return [out.copy(), back.copy(), of_factor.copy(), together.copy()]

    out, back, of_factor, together = compute_in_parts(compute)
    assert has_same_bits(out, x * factor)
    assert has_same_bits(back, g * factor)
    np.testing.assert_allclose(of_factor, (g.astype(np.float64) * x).sum(0), rtol=1e-5, atol=1e-5)
    if shared:
        np.testing.assert_allclose(together, (g.astype(np.float64) * factor).sum(1), rtol=1e-5, atol=1e-5)


@shapes
def test_shared_inputs_that_learn_nothing(place, rows, n_heads, width):
    """The first layer of a network: nobody asks for the gradient of its inputs."""
    x, factor, g = (
        draw_normal(rows, width, seed=1),
        draw_normal(n_heads, width, seed=2),
        draw_normal(rows, n_heads, width, seed=3),
    )
    of_factor, back = place(np.full(factor.shape, np.nan)), place(g)
    fields = {"x": place(x), "shared": True, "factor": place(factor), "of_factor": of_factor, "of_x": 0}
    run_kernel(heads.scale_inputs_backward, rows=rows, heads=n_heads, width=width, g=back, **fields)
    np.testing.assert_allclose(of_factor, (g.astype(np.float64) * x[:, None]).sum(0), rtol=1e-5, atol=1e-5)


@shapes
def test_factors_of_outputs(place, rows, n_heads, width):
    x, g = draw_normal(rows, n_heads, width, seed=1), draw_normal(rows, n_heads, width, seed=2)
    factor, bias = draw_normal(n_heads, width, seed=3), draw_normal(n_heads, width, seed=4)

    def compute(parts):
        out, back = place(np.full(x.shape, np.nan)), place(g)
        of_factor, of_bias = place(np.full(factor.shape, np.nan)), place(np.full(factor.shape, np.nan))
        inside, own = place(x), place(factor)
        sizes = {"rows": rows, "heads": n_heads, "width": width, "x": inside, "factor": own}
        run_kernel(heads.scale_outputs, parts, **sizes, bias=place(bias), out=out)
        run_kernel(heads.scale_outputs_backward, parts, **sizes, g=back, of_factor=of_factor, of_bias=of_bias)
        return [each.copy() for each in (out, back, of_factor, of_bias)]

    out, back, of_factor, of_bias = compute_in_parts(compute)
    np.testing.assert_allclose(out, x.astype(np.float64) * factor + bias, rtol=1e-5, atol=1e-6)
    assert has_same_bits(back, g * factor)
    np.testing.assert_allclose(of_factor, (g.astype(np.float64) * x).sum(0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(of_bias, g.astype(np.float64).sum(0), rtol=1e-5, atol=1e-5)
