"""Encoded cells of a table, and what the first layer makes of them.

Bins and categories are rows of weights that are looked up, never wide columns.

A number in bin b, of which it fills the share s, is 1 in all bins below: it adds (1 -
s) P[b] + s P[b + 1] to a linear map, P being the sums of the weights' rows below each
edge, made once a step. So a number costs two rows, whatever its bins, and a category
one.
"""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.gathered import add_entries, spread_entries
from sknet_hp.nets.compiled.machine import get_share, view_int32s, view_int64s, view_matrix, view_uint16s, view_vector

# `order`, (rows of an epoch,) int32, are row numbers of the table; `cursor`, (1,) int64, where in it the batch begins.


@inline
def _view_batch(order, cursor, rows):
    """View the numbers of a batch's rows."""
    at = view_int64s(cursor, 1)[0]
    return view_int32s(order + 4 * at, rows)


@Kernel
def gather(part, parts, rows, width, table, order, cursor, out, out_width):
    """Copy a batch's rows of a table into the first columns of `out`.

    The table is (all, width), out (rows, out_width).
    """
    begin, end = get_share(rows, part, parts)
    numbers, out = _view_batch(order, cursor, rows), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        source, to = view_vector(table + 4 * width * np.int64(numbers[r]), width), out[r]
        for j in range(width):
            to[j] = source[j]


# ---- bins ----------------------------------------------------------------------------------------------------------

# `starts`, (n + 1,) int64: the bins of number f are rows starts[f] to starts[f + 1] of `weight`, and one more
# row each of `sums`, (bins + n, width).


@Kernel
def sum_bins(part, parts, n, starts, width, weight, sums):
    """Sum the rows of `weight` below each edge of each number's bins.

    Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    starts = view_int64s(starts, n + 1)
    weight, sums = (
        view_matrix(weight, starts[n], width)[:, begin:end],
        view_matrix(sums, starts[n] + n, width)[:, begin:end],
    )
    for f in range(n):
        sums[starts[f] + f] = F(0)
        for b in range(starts[f], starts[f + 1]):
            before, own, after = sums[b + f], weight[b], sums[b + f + 1]
            for j in range(end - begin):
                after[j] = before[j] + own[j]


@inline
def _write_bin_entries(k, n, starts, bins, shares, numbers, factors):
    """Write the bins of row k of a table as entries of `sums`, two for each number."""
    bin_of, share_of = view_uint16s(bins + 2 * n * k, n), view_vector(shares + 4 * n * k, n)
    for f in range(n):
        below = np.int32(starts[f] + f) + np.int32(bin_of[f])
        numbers[2 * f], numbers[2 * f + 1] = below, below + np.int32(1)
        factors[2 * f], factors[2 * f + 1] = F(1) - share_of[f], share_of[f]


@Kernel
def add_bins(part, parts, rows, n, starts, width, sums, bins, shares, order, cursor, out, out_width, step, room):
    """Add what a batch's numbers come to.

    Number f goes to `width` columns of `out`, (rows, out_width), from f · step on.
    `bins`, (all, n) uint16, and `shares`, (all, n): which bin of a number is filled in
    part, and how much of it. `room` is (parts, 32 n).
    """
    begin, end = get_share(rows, part, parts)
    batch, starts = _view_batch(order, cursor, rows), view_int64s(starts, n + 1)
    numbers = room + 128 * n * part  # lines of the cache that no other part writes to
    factors = numbers + 8 * n
    for r in range(begin, end):
        _write_bin_entries(
            np.int64(batch[r]), n, starts, bins, shares, view_int32s(numbers, 2 * n), view_vector(factors, 2 * n)
        )
        to = out + 4 * out_width * r
        if step:
            for f in range(n):
                add_entries(numbers + 8 * f, factors + 8 * f, 2, sums, width, to + 4 * f * step, width)
        else:
            add_entries(numbers, factors, 2 * n, sums, width, to, width)


@Kernel
def add_bins_backward(
    part, parts, rows, n, starts, width, of_weight, of_sums, bins, shares, order, cursor, g, g_width, step, room
):
    """Compute the gradient of `weight` from that of `out`.

    `of_sums` is room for that of the sums. Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    batch, starts = _view_batch(order, cursor, rows), view_int64s(starts, n + 1)
    numbers = room + 128 * n * part  # lines of the cache that no other part writes to
    factors = numbers + 8 * n
    count, table = end - begin, of_sums + 4 * begin
    of_weight, of_sums = (
        view_matrix(of_weight, starts[n], width)[:, begin:end],
        view_matrix(of_sums, starts[n] + n, width)[:, begin:end],
    )
    for b in range(starts[n] + n):
        row = of_sums[b]
        for j in range(count):
            row[j] = F(0)
    for r in range(rows):
        _write_bin_entries(
            np.int64(batch[r]), n, starts, bins, shares, view_int32s(numbers, 2 * n), view_vector(factors, 2 * n)
        )
        own = g + 4 * (g_width * r + begin)
        if step:
            for f in range(n):
                spread_entries(numbers + 8 * f, factors + 8 * f, 2, table, width, own + 4 * f * step, count)
        else:
            spread_entries(numbers, factors, 2 * n, table, width, own, count)
    for f in range(n):
        for b in range(starts[f + 1] - 1, starts[f] - 1, -1):
            above, below, own_row = of_sums[b + f + 1], of_sums[b + f], of_weight[b]
            for j in range(count):
                own_row[j] = above[j]
                below[j] += above[j]


# ---- categories ----------------------------------------------------------------------------------------------------


@Kernel
def add_rows(part, parts, rows, n, width, weight, codes, order, cursor, out, out_width, step):
    """Add the rows of `weight` that a batch's codes name.

    Those of column f go to `width` columns of `out` from f · step on; none where the
    code is negative. `codes` is (all, n) int32.
    """
    begin, end = get_share(rows, part, parts)
    batch = _view_batch(order, cursor, rows)
    for r in range(begin, end):
        own, to = codes + 4 * n * np.int64(batch[r]), out + 4 * out_width * r
        if step:
            for f in range(n):
                add_entries(own + 4 * f, 0, 1, weight, width, to + 4 * f * step, width)
        else:
            add_entries(own, 0, n, weight, width, to, width)


@Kernel
def add_rows_backward(part, parts, rows, n, width, of_weight, codes, order, cursor, g, g_width, step):
    """Add to the gradient of `weight`. Parts have columns."""
    begin, end = get_share(width, part, parts)
    batch, table = _view_batch(order, cursor, rows), of_weight + 4 * begin
    for r in range(rows):
        own, y = codes + 4 * n * np.int64(batch[r]), g + 4 * (g_width * r + begin)
        if step:
            for f in range(n):
                spread_entries(own + 4 * f, 0, 1, table, width, y + 4 * f * step, end - begin)
        else:
            spread_entries(own, 0, n, table, width, y, end - begin)


# ---- sparse columns ------------------------------------------------------------------------------------------------


@Kernel
def add_sparse(part, parts, rows, width, weight, starts, columns, values, order, cursor, out):
    """Add a batch's rows of a sparse table times `weight`.

    The table is in the form of SciPy's CSR, with int64 starts and int32 columns.
    """
    begin, end = get_share(rows, part, parts)
    batch = _view_batch(order, cursor, rows)
    for r in range(begin, end):
        bounds = view_int64s(starts + 8 * np.int64(batch[r]), 2)
        add_entries(
            columns + 4 * bounds[0],
            values + 4 * bounds[0],
            bounds[1] - bounds[0],
            weight,
            width,
            out + 4 * width * r,
            width,
        )


@Kernel
def add_sparse_backward(part, parts, rows, width, of_weight, starts, columns, values, order, cursor, g):
    """Add to the gradient of `weight`. Parts have columns."""
    begin, end = get_share(width, part, parts)
    batch, table = _view_batch(order, cursor, rows), of_weight + 4 * begin
    for r in range(rows):
        bounds, own = view_int64s(starts + 8 * np.int64(batch[r]), 2), g + 4 * (width * r + begin)
        spread_entries(
            columns + 4 * bounds[0], values + 4 * bounds[0], bounds[1] - bounds[0], table, width, own, end - begin
        )


# ---- as wide rows, for layers that want them ------------------------------------------------------------------------


@Kernel
def widen_bins(part, parts, rows, n, starts, bins, shares, order, cursor, out, out_width):
    """Write a batch's bins out.

    Those of number f go into columns starts[f] to starts[f + 1] of `out`, (rows,
    out_width).
    """
    begin, end = get_share(rows, part, parts)
    numbers, starts, out = (
        _view_batch(order, cursor, rows),
        view_int64s(starts, n + 1),
        view_matrix(out, rows, out_width),
    )
    for r in range(begin, end):
        k = np.int64(numbers[r])
        bin_of, share_of = view_uint16s(bins + 2 * n * k, n), view_vector(shares + 4 * n * k, n)
        for f in range(n):
            row = out[r, starts[f] : starts[f + 1]]
            row[: bin_of[f]] = F(1)
            row[bin_of[f]] = share_of[f]


@Kernel
def widen_rows(part, parts, rows, n, codes, order, cursor, out, out_width):
    """Set to one the columns of `out`, (rows, out_width), that a batch's codes name."""
    begin, end = get_share(rows, part, parts)
    numbers, out = _view_batch(order, cursor, rows), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        own = view_int32s(codes + 4 * n * np.int64(numbers[r]), n)
        for f in range(n):
            if own[f] >= 0:
                out[r, own[f]] = F(1)


@Kernel
def widen_sparse(part, parts, rows, starts, columns, values, order, cursor, out, out_width):
    """Set columns of `out`, (rows, out_width), to the entries of a sparse table."""
    begin, end = get_share(rows, part, parts)
    numbers, out = _view_batch(order, cursor, rows), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        bounds = view_int64s(starts + 8 * np.int64(numbers[r]), 2)
        entries = bounds[1] - bounds[0]
        own, factors = view_int32s(columns + 4 * bounds[0], entries), view_vector(values + 4 * bounds[0], entries)
        for e in range(entries):
            out[r, own[e]] = factors[e]
