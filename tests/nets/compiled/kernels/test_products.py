"""Matrix products: each element is one chain of fused multiplications and additions,
wherever its operands lie and whoever computes it.
"""

import numpy as np
import pytest

from sknet_hp.nets.compiled.kernel import make_kernel
from sknet_hp.nets.compiled.kernels import products
from sknet_hp.nets.compiled.machine import view_vector
from tests.helpers.kernels import PARTS, compute_fma, draw_normal, has_same_bits, run_kernel

COLUMNS = (1, 3, 4, 5, 8, 15, 16, 17, 31, 32, 33, 70)
ROWS, INNER = (1, 3, 17), (1, 7, 33)


def chains(a, b, c=None):
    """(m, inner) by (inner, n): one chain for each element, in the order of the inner
    index, going on from c.
    """
    c = np.zeros((len(a), b.shape[1]), np.float32) if c is None else c
    for k in range(a.shape[1]):
        c = compute_fma(a[:, k, None], b[k], c)
    return c


class Matrix:
    """A matrix whose rows lie further apart than they are long, or whose columns do,
    with NaN between them.
    """

    def __init__(self, place, values, *, columns_apart=False, gap=5):
        values = values.T if columns_apart else values
        wide = np.full((len(values), values.shape[1] + gap), np.nan, np.float32)
        wide[:, : values.shape[1]] = values
        self.memory, self.apart, self.columns_apart = place(wide), wide.shape[1], columns_apart
        self.inside = self.memory[:, : values.shape[1]]

    @property
    def steps(self):
        """How far its rows and its columns lie apart."""
        return (1, self.apart) if self.columns_apart else (self.apart, 1)


def multiply(place, a, b, c=None, parts=1, a_turned=False, b_turned=False):
    m, inner, n = *a.shape, b.shape[1]
    a, b = Matrix(place, a, columns_apart=a_turned), Matrix(place, b, columns_apart=b_turned)
    out = Matrix(place, np.full((m, n), np.nan, np.float32) if c is None else c, gap=3)
    fields = {"m": m, "n": n, "inner": inner, "a": a.memory, "a_row": a.steps[0], "a_inner": a.steps[1]}
    fields |= {"b": b.memory, "b_inner": b.steps[0], "b_column": b.steps[1], "c": out.memory, "c_row": out.apart}
    scratch = place(np.full(parts * products.SCRATCH, np.nan))
    run_kernel(products.multiply, parts, **fields, add=c is not None, scratch=scratch, column=products.multiply_columns)
    assert np.isnan(out.memory[:, n:]).all()
    return out.inside.copy()


LAYOUTS = {
    "forward": {},  # inputs by the rows of a turned weight matrix
    "to inputs": {"b_turned": True},  # gradients by its columns
    "to weights": {"a_turned": True},  # columns of inputs by gradients
    "both turned": {"a_turned": True, "b_turned": True},
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


@every_layout
@pytest.mark.parametrize("n", COLUMNS)
def test_product_is_one_chain_for_each_element(place, layout, n):
    for m in ROWS:
        for inner in INNER:
            a, b = draw_normal(m, inner, seed=1), draw_normal(inner, n, seed=2)
            assert has_same_bits(multiply(place, a, b, **layout), chains(a, b)), (m, inner)


@every_layout
def test_product_goes_on_from_what_is_there(place, layout):
    for n in COLUMNS:
        a, b, c = draw_normal(9, 18, seed=1), draw_normal(18, n, seed=2), draw_normal(9, n, seed=3)
        assert has_same_bits(multiply(place, a, b, c, **layout), chains(a, b, c)), n


@every_layout
@pytest.mark.parametrize(("m", "n", "inner"), [(265, 5, 40), (3, 33, 300), (2, 20, 513), (258, 37, 257)])
def test_product_beyond_a_panel(place, layout, m, n, inner):
    a, b = draw_normal(m, inner, seed=1), draw_normal(inner, n, seed=2)
    assert has_same_bits(multiply(place, a, b, **layout), chains(a, b))


@every_layout
@pytest.mark.parametrize("n", [3, 17, 40])
def test_parts_do_not_show(place, layout, n):
    a, b = draw_normal(70, 19, seed=1), draw_normal(19, n, seed=2)
    whole = multiply(place, a, b, **layout)
    for parts in PARTS[1:]:
        assert has_same_bits(multiply(place, a, b, parts=parts, **layout), whole)


def test_rows_and_columns_do_not_depend_on_company(place):
    """A batch's rows have the bits that they have in another batch; so have the units
    of a layer.
    """
    a, b = draw_normal(37, 50, seed=1), draw_normal(50, 41, seed=2)
    whole = multiply(place, a, b)
    assert has_same_bits(multiply(place, a[11:12], b), whole[11:12])
    assert has_same_bits(multiply(place, a, b[:, 5:9]), whole[:, 5:9])


def test_special_values_reach_their_elements_alone(place):
    a, b = draw_normal(5, 20, seed=1), draw_normal(20, 17, seed=2)
    a[2, 3], b[7, 16] = np.inf, np.nan
    c = multiply(place, a, b)
    there = np.zeros(c.shape, bool)
    there[2], there[:, 16] = True, True
    assert np.array_equal(~np.isfinite(c), there)


# ---- very few columns ----------------------------------------------------------------------------------------------


def paired(a, b):
    """(m, inner) by (n, inner): sixteen chains for each element, added in pairs; what
    is left of the last sixteen follows.
    """
    whole = a.shape[1] // 16
    total = np.zeros((len(a), len(b), 16), np.float32)
    for step in range(whole):
        at = slice(16 * step, 16 * step + 16)
        total = compute_fma(a[:, None, at], b[None, :, at], total)
    while total.shape[2] > 1:
        half = total.shape[2] // 2
        total = total[:, :, :half] + total[:, :, half:]
    total = total[:, :, 0]
    for k in range(16 * whole, a.shape[1]):
        total = compute_fma(a[:, None, k], b[None, :, k], total)
    return total


@pytest.mark.parametrize("n", range(1, products.FEW + 1))
@pytest.mark.parametrize("inner", [1, 3, 16, 17, 33, 70])
def test_few_columns(place, n, inner):
    a, b = draw_normal(35, inner, seed=1), draw_normal(n, inner, seed=2)
    rows = Matrix(place, a)
    for parts in PARTS:
        c = place(np.full((35, n), np.nan))
        run_kernel(
            products.multiply_few_columns,
            parts,
            m=35,
            n=n,
            inner=inner,
            a=rows.memory,
            a_row=rows.apart,
            b=place(b),
            c=c,
        )
        assert has_same_bits(c, paired(a, b))


def _dot(part, parts, n, a, b, room, out):
    view_vector(out, 1)[0] = dot(view_vector(a, n), view_vector(b, n), view_vector(room, 1))  # noqa: F821


@pytest.mark.parametrize("n", [1, 15, 16, 31, 70])
def test_dot(place, n):
    a, b, out = draw_normal(1, n, seed=1), draw_normal(1, n, seed=2), place([np.nan])
    run_kernel(make_kernel(_dot, "dot", dot=products.dot), n=n, a=place(a), b=place(b), room=place([np.nan]), out=out)
    assert has_same_bits(out, paired(a, b)[0])
