"""Encoded cells of a table, and what the first layer makes of them: bins and categories are rows of weights that are looked up, never wide columns.

A number in bin b, of which it fills the share s, is 1 in all bins below: it adds P[b] + s (P[b + 1] - P[b]) to a linear map, P being the sums of the
weights' rows below each edge, made once a step. So a number costs two rows, whatever its bins, and a category one.
"""

import numpy as np

from sknet_hp.nets.compiled.functions import F
from sknet_hp.nets.compiled.kernel import inline, kernel
from sknet_hp.nets.compiled.machine import fma, int32s, integers, matrix, share, uint16s, vector

# `order`, (rows of an epoch,) int32, are row numbers of the table; `cursor`, (1,) int64, where in it the batch begins.


@inline
def _batch(order, cursor, rows):
    at = integers(cursor, 1)[0]
    return int32s(order + 4 * at, rows)


@kernel
def gather(part, parts, rows, width, table, order, cursor, out, out_width):
    """Copy a batch's rows of a table, (all, width), into the first columns of `out`, (rows, out_width)."""
    begin, end = share(rows, part, parts)
    numbers, out = _batch(order, cursor, rows), matrix(out, rows, out_width)
    for r in range(begin, end):
        source, to = vector(table + 4 * width * np.int64(numbers[r]), width), out[r]
        for j in range(width):
            to[j] = source[j]


# ---- bins ----------------------------------------------------------------------------------------------------------

# `starts`, (n + 1,) int64: the bins of number f are rows starts[f] to starts[f + 1] of `weight`, and one more row each of `sums`, (bins + n, width).


@kernel
def sum_bins(part, parts, n, starts, width, weight, sums):
    """The sums of the rows of `weight` below each edge of each number's bins. Parts have columns."""
    begin, end = share(width, part, parts)
    starts = integers(starts, n + 1)
    weight, sums = matrix(weight, starts[n], width)[:, begin:end], matrix(sums, starts[n] + n, width)[:, begin:end]
    for f in range(n):
        sums[starts[f] + f] = F(0)
        for b in range(starts[f], starts[f + 1]):
            before, own, after = sums[b + f], weight[b], sums[b + f + 1]
            for j in range(end - begin):
                after[j] = before[j] + own[j]


@kernel
def add_bins(part, parts, rows, n, starts, width, sums, bins, shares, order, cursor, out, out_width, step):
    """Add what a batch's numbers come to: number f to `width` columns of `out`, (rows, out_width), from f · step on.

    `bins`, (all, n) uint16, and `shares`, (all, n): which bin of a number is filled in part, and how much of it.
    """
    begin, end = share(rows, part, parts)
    numbers, starts, out = _batch(order, cursor, rows), integers(starts, n + 1), matrix(out, rows, out_width)
    sums = matrix(sums, starts[n] + n, width)
    for r in range(begin, end):
        k = np.int64(numbers[r])
        bin_of, share_of = uint16s(bins + 2 * n * k, n), vector(shares + 4 * n * k, n)
        for f in range(n):
            b = starts[f] + f + np.int64(bin_of[f])
            s = share_of[f]
            below, above, to = sums[b], sums[b + 1], out[r, f * step : f * step + width]
            for j in range(width):
                to[j] += fma(s, above[j] - below[j], below[j])


@kernel
def add_bins_backward(part, parts, rows, n, starts, width, of_weight, of_sums, bins, shares, order, cursor, g, g_width, step):
    """The gradient of `weight` from that of `out`; `of_sums` is room for that of the sums. Parts have columns."""
    begin, end = share(width, part, parts)
    numbers, starts, g = _batch(order, cursor, rows), integers(starts, n + 1), matrix(g, rows, g_width)
    of_weight, of_sums = matrix(of_weight, starts[n], width)[:, begin:end], matrix(of_sums, starts[n] + n, width)[:, begin:end]
    count = end - begin
    for b in range(starts[n] + n):
        of_sums[b] = F(0)
    for r in range(rows):
        k = np.int64(numbers[r])
        bin_of, share_of = uint16s(bins + 2 * n * k, n), vector(shares + 4 * n * k, n)
        for f in range(n):
            b = starts[f] + f + np.int64(bin_of[f])
            s = share_of[f]
            below, above, own = of_sums[b], of_sums[b + 1], g[r, f * step + begin : f * step + end]
            for j in range(count):
                part_above = s * own[j]
                above[j] += part_above
                below[j] += own[j] - part_above
    for f in range(n):
        for b in range(starts[f + 1] - 1, starts[f] - 1, -1):
            above, below, own = of_sums[b + f + 1], of_sums[b + f], of_weight[b]
            for j in range(count):
                own[j] = above[j]
                below[j] += above[j]


# ---- categories ----------------------------------------------------------------------------------------------------


@kernel
def add_rows(part, parts, rows, n, width, weight, codes, order, cursor, out, out_width, step):
    """Add the rows of `weight` that a batch's codes name, those of column f to `width` columns of `out` from f · step on; none where it is negative.

    `codes` is (all, n) int32.
    """
    begin, end = share(rows, part, parts)
    numbers, out = _batch(order, cursor, rows), matrix(out, rows, out_width)
    for r in range(begin, end):
        own = int32s(codes + 4 * n * np.int64(numbers[r]), n)
        for f in range(n):
            if own[f] >= 0:
                row, to = vector(weight + 4 * width * np.int64(own[f]), width), out[r, f * step : f * step + width]
                for j in range(width):
                    to[j] += row[j]


@kernel
def add_rows_backward(part, parts, rows, n, width, of_weight, codes, order, cursor, g, g_width, step):
    """Add to the gradient of `weight`. Parts have columns."""
    begin, end = share(width, part, parts)
    numbers, g = _batch(order, cursor, rows), matrix(g, rows, g_width)
    for r in range(rows):
        own = int32s(codes + 4 * n * np.int64(numbers[r]), n)
        for f in range(n):
            if own[f] >= 0:
                row, y = vector(of_weight + 4 * (width * np.int64(own[f]) + begin), end - begin), g[r, f * step + begin : f * step + end]
                for j in range(end - begin):
                    row[j] += y[j]


# ---- sparse columns ------------------------------------------------------------------------------------------------


@kernel
def add_sparse(part, parts, rows, width, weight, starts, columns, values, order, cursor, out):
    """Add a batch's rows of a sparse table, in the form of SciPy's CSR (int64 starts, int32 columns), times `weight`."""
    begin, end = share(rows, part, parts)
    numbers, out = _batch(order, cursor, rows), matrix(out, rows, width)
    for r in range(begin, end):
        bounds, to = integers(starts + 8 * np.int64(numbers[r]), 2), out[r]
        entries = bounds[1] - bounds[0]
        own, factors = int32s(columns + 4 * bounds[0], entries), vector(values + 4 * bounds[0], entries)
        for e in range(entries):
            row, v = vector(weight + 4 * width * np.int64(own[e]), width), factors[e]
            for j in range(width):
                to[j] = fma(v, row[j], to[j])


@kernel
def add_sparse_backward(part, parts, rows, width, of_weight, starts, columns, values, order, cursor, g):
    """Add to the gradient of `weight`. Parts have columns."""
    begin, end = share(width, part, parts)
    numbers, g = _batch(order, cursor, rows), matrix(g, rows, width)
    for r in range(rows):
        bounds, y = integers(starts + 8 * np.int64(numbers[r]), 2), g[r, begin:end]
        entries = bounds[1] - bounds[0]
        own, factors = int32s(columns + 4 * bounds[0], entries), vector(values + 4 * bounds[0], entries)
        for e in range(entries):
            row, v = vector(of_weight + 4 * (width * np.int64(own[e]) + begin), end - begin), factors[e]
            for j in range(end - begin):
                row[j] = fma(v, y[j], row[j])


# ---- as wide rows, for layers that want them ------------------------------------------------------------------------


@kernel
def widen_bins(part, parts, rows, n, starts, bins, shares, order, cursor, out, out_width):
    """Write a batch's bins out; those of number f into columns starts[f] to starts[f + 1] of `out`, (rows, out_width)."""
    begin, end = share(rows, part, parts)
    numbers, starts, out = _batch(order, cursor, rows), integers(starts, n + 1), matrix(out, rows, out_width)
    for r in range(begin, end):
        k = np.int64(numbers[r])
        bin_of, share_of = uint16s(bins + 2 * n * k, n), vector(shares + 4 * n * k, n)
        for f in range(n):
            row = out[r, starts[f] : starts[f + 1]]
            row[: bin_of[f]] = F(1)
            row[bin_of[f]] = share_of[f]


@kernel
def widen_rows(part, parts, rows, n, codes, order, cursor, out, out_width):
    """Set to one the columns of `out`, (rows, out_width), that a batch's codes name."""
    begin, end = share(rows, part, parts)
    numbers, out = _batch(order, cursor, rows), matrix(out, rows, out_width)
    for r in range(begin, end):
        own = int32s(codes + 4 * n * np.int64(numbers[r]), n)
        for f in range(n):
            if own[f] >= 0:
                out[r, own[f]] = F(1)


@kernel
def widen_sparse(part, parts, rows, starts, columns, values, order, cursor, out, out_width):
    """Set columns of `out`, (rows, out_width), to the entries of a sparse table."""
    begin, end = share(rows, part, parts)
    numbers, out = _batch(order, cursor, rows), matrix(out, rows, out_width)
    for r in range(begin, end):
        bounds = integers(starts + 8 * np.int64(numbers[r]), 2)
        entries = bounds[1] - bounds[0]
        own, factors = int32s(columns + 4 * bounds[0], entries), vector(values + 4 * bounds[0], entries)
        for e in range(entries):
            out[r, own[e]] = factors[e]
