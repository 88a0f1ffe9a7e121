"""Cells of tables: rows of weights that are looked up are what a product with the wide
row would be, and added in one order.
"""

import numpy as np
import pytest

from sknet_hp.nets.compiled.kernels import cells
from tests.helpers.encoded_tables import draw_encoded_table
from tests.helpers.kernels import compute_fma, compute_in_parts, draw_normal, has_same_bits, run_kernel

TABLE = draw_encoded_table(60, n_floats=3, bins=(4, 1, 9), categories=(5, 2), words=7, codes=(3, 6))
ORDER = np.random.default_rng(1).integers(0, 60, 100).astype(np.int32)
CURSOR, ROWS = 11, 70
BATCH = ORDER[CURSOR : CURSOR + ROWS]
BINS, SUMS = slice(3, 17), 14 + 3  # wide columns; rows of sums

every_width = pytest.mark.parametrize("width", [1, 3, 16, 17, 64, 130])


@pytest.fixture
def batch(place):
    return {"rows": ROWS, "order": place(ORDER, np.int32), "cursor": place([CURSOR], np.int64)}


@pytest.fixture
def binned(place):
    return {
        "n": 3,
        "starts": place(TABLE.starts, np.int64),
        "bins": place(TABLE.bins, np.uint16),
        "shares": place(TABLE.shares),
    }


@pytest.fixture
def sparse(place):
    arrays = (TABLE.sparse_starts, np.int64), (TABLE.sparse_columns, np.int32), (TABLE.sparse_values, np.float32)
    return {name: place(*each) for name, each in zip(("starts", "columns", "values"), arrays, strict=True)}


def wide():
    return TABLE.widen(BATCH)[:, : TABLE.width]


def test_gather(place, batch):
    def compute(parts):
        out = place(draw_normal(ROWS, 5))
        run_kernel(cells.gather, parts, **batch, width=3, table=place(TABLE.floats), out=out, out_width=5)
        return [out.copy()]

    (out,) = compute_in_parts(compute)
    assert has_same_bits(out[:, :3], TABLE.floats[BATCH])
    assert has_same_bits(out[:, 3:], draw_normal(ROWS, 5)[:, 3:])


def test_wide_rows(place, batch, binned, sparse):
    def compute(parts):
        out = place(np.zeros((ROWS, TABLE.width)))
        into = {**batch, "out_width": TABLE.width}
        run_kernel(cells.gather, parts, **into, width=3, table=place(TABLE.floats), out=out)
        run_kernel(cells.widen_bins, parts, **into, **binned, out=out[:, 3:])
        run_kernel(cells.widen_rows, parts, **into, n=2, codes=place(TABLE.hot, np.int32), out=out)
        run_kernel(cells.widen_sparse, parts, **into, **sparse, out=out)
        return [out.copy()]

    assert has_same_bits(compute_in_parts(compute)[0], wide())


# ---- bins ----------------------------------------------------------------------------------------------------------


def entries(f):
    """(row of the sums, factor) of number f of each of a batch's rows, twice."""
    below, share = TABLE.bins[BATCH, f].astype(int) + TABLE.starts[f] + f, TABLE.shares[BATCH, f]
    return (below, np.float32(1) - share), (below + 1, share)


def sums_of(weight):
    each = [
        np.concatenate([np.zeros((1, weight.shape[1]), np.float32), part])
        for part in np.split(weight, TABLE.starts[1:-1])
    ]
    return np.concatenate([np.cumsum(part, axis=0, dtype=np.float32) for part in each])


@every_width
def test_sums_of_bins(place, binned, width):
    weight = draw_normal(14, width)

    def compute(parts):
        sums = place(np.full((SUMS, width), np.nan))
        run_kernel(cells.sum_bins, parts, n=3, starts=binned["starts"], width=width, weight=place(weight), sums=sums)
        return [sums.copy()]

    assert has_same_bits(compute_in_parts(compute)[0], sums_of(weight))


@every_width
@pytest.mark.parametrize("apart", [False, True], ids=["together", "each its own columns"])
def test_bins(place, batch, binned, width, apart):
    weight = draw_normal(14, width, seed=2)
    n_columns = 3 * width if apart else width
    start, g = draw_normal(ROWS, n_columns + 2, seed=3), draw_normal(ROWS, n_columns + 2, seed=4)
    sums = sums_of(weight)
    columns = [slice(f * width, f * width + width) if apart else slice(0, width) for f in range(3)]

    def compute(parts):
        out, of_weight, of_sums = place(start), place(np.full(weight.shape, np.nan)), place(np.full(sums.shape, np.nan))
        room = place(np.full((parts, 96), np.nan))
        fields = {**batch, **binned, "width": width, "step": width if apart else 0, "room": room}
        run_kernel(cells.add_bins, parts, **fields, sums=place(sums), out=out, out_width=n_columns + 2)
        run_kernel(
            cells.add_bins_backward,
            parts,
            **fields,
            of_weight=of_weight,
            of_sums=of_sums,
            g=place(g),
            g_width=n_columns + 2,
        )
        return [out.copy(), of_weight.copy()]

    out, of_weight = compute_in_parts(compute)
    expected, of_sums = start.copy(), np.zeros_like(sums)
    for f, own in enumerate(columns):
        for number, factor in entries(f):
            expected[:, own] = compute_fma(factor[:, None], sums[number], expected[:, own])
    for r in range(ROWS):
        for f, own in enumerate(columns):
            for number, factor in entries(f):
                of_sums[number[r]] = compute_fma(factor[r], g[r, own], of_sums[number[r]])
    assert has_same_bits(out, expected)
    for f, own in enumerate(columns):
        here = slice(TABLE.starts[f], TABLE.starts[f + 1])
        above = of_sums[TABLE.starts[f] + f : TABLE.starts[f + 1] + f + 1]
        assert has_same_bits(of_weight[here], np.cumsum(above[::-1], axis=0, dtype=np.float32)[::-1][1:])
        dense = wide()[:, BINS][:, here].astype(np.float64)
        np.testing.assert_allclose(of_weight[here], dense.T @ g[:, own], rtol=1e-4, atol=1e-4)
    if not apart:
        dense = start[:, :width] + wide()[:, BINS].astype(np.float64) @ weight
        np.testing.assert_allclose(out[:, :width], dense, rtol=1e-5, atol=1e-5)


# ---- categories and words ------------------------------------------------------------------------------------------


@every_width
def test_categories(place, batch, width):
    """Rows that are added to one sum; none where a category is unknown."""
    weight, start, g = (
        draw_normal(TABLE.width, width, seed=2),
        draw_normal(ROWS, width, seed=3),
        draw_normal(ROWS, width, seed=4),
    )

    def compute(parts):
        out, of_weight = place(start), place(np.zeros(weight.shape))
        fields = {**batch, "n": 2, "width": width, "codes": place(TABLE.hot, np.int32), "step": 0}
        run_kernel(cells.add_rows, parts, **fields, weight=place(weight), out=out, out_width=width)
        run_kernel(cells.add_rows_backward, parts, **fields, of_weight=of_weight, g=place(g), g_width=width)
        return [out.copy(), of_weight.copy()]

    out, of_weight = compute_in_parts(compute)
    expected, gradient = start.copy(), np.zeros_like(weight)
    for column in TABLE.hot[BATCH].T:
        expected += np.where(column[:, None] >= 0, weight[column], 0)
    for r in range(ROWS):
        for column in TABLE.hot[BATCH[r]]:
            if column >= 0:
                gradient[column] += g[r]
    assert has_same_bits(out, expected)
    assert has_same_bits(of_weight, gradient)


@every_width
def test_learned_vectors(place, batch, width):
    """Rows that lie beside each other, one for each column of codes."""
    weight, g = draw_normal(9, width, seed=2), draw_normal(ROWS, 2 * width + 1, seed=3)

    def compute(parts):
        out, of_weight = place(np.zeros((ROWS, 2 * width))), place(np.zeros(weight.shape))
        fields = {**batch, "n": 2, "width": width, "codes": place(TABLE.codes, np.int32), "step": width}
        run_kernel(cells.add_rows, parts, **fields, weight=place(weight), out=out, out_width=2 * width)
        run_kernel(cells.add_rows_backward, parts, **fields, of_weight=of_weight, g=place(g), g_width=2 * width + 1)
        return [out.copy(), of_weight.copy()]

    out, of_weight = compute_in_parts(compute)
    gradient = np.zeros_like(weight)
    for r in range(ROWS):
        for f, code in enumerate(TABLE.codes[BATCH[r]]):
            gradient[code] += g[r, f * width : (f + 1) * width]
    assert has_same_bits(out, weight[TABLE.codes[BATCH]].reshape(ROWS, -1))
    assert has_same_bits(of_weight, gradient)


@every_width
def test_words(place, batch, sparse, width):
    weight, start, g = (
        draw_normal(TABLE.width, width, seed=2),
        draw_normal(ROWS, width, seed=3),
        draw_normal(ROWS, width, seed=4),
    )

    def compute(parts):
        out, of_weight = place(start), place(np.zeros(weight.shape))
        run_kernel(cells.add_sparse, parts, **batch, **sparse, width=width, weight=place(weight), out=out)
        run_kernel(cells.add_sparse_backward, parts, **batch, **sparse, width=width, of_weight=of_weight, g=place(g))
        return [out.copy(), of_weight.copy()]

    out, of_weight = compute_in_parts(compute)
    expected, gradient = start.copy(), np.zeros_like(weight)
    for r, k in enumerate(BATCH):
        for e in range(TABLE.sparse_starts[k], TABLE.sparse_starts[k + 1]):
            column, value = TABLE.sparse_columns[e], TABLE.sparse_values[e]
            expected[r] = compute_fma(value, weight[column], expected[r])
            gradient[column] = compute_fma(value, g[r], gradient[column])
    assert has_same_bits(out, expected)
    assert has_same_bits(of_weight, gradient)
