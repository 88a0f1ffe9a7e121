"""Passes over a batch: its targets and weights, the loss in training and validation."""

from functools import cache

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, make_kernel
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.machine import (
    copy,
    decode_number,
    get_share,
    view_doubles,
    view_int32s,
    view_int64s,
    view_matrix,
    view_vector,
)
from sknet_hp.training.compiled.kernels.row_losses import COMBINATIONS, ROWS, find_largest

# ---- passes --------------------------------------------------------------------------------------------------------


def _compute_gradient(part, parts, rows, heads, n, outputs, targets, weight, parameter, gradient, losses):
    """Compute the loss of each row, and the gradient of their sum by weight.

    The loss of a row is the mean over its heads.

    Shapes: outputs, gradient (rows, heads · n); targets (rows, n); weight, losses
    (rows,).
    """
    begin, end = get_share(rows, part, parts)
    z, g, t = (
        view_matrix(outputs, rows, heads * n),
        view_matrix(gradient, rows, heads * n),
        view_matrix(targets, rows, n),
    )
    weight, losses, own = view_vector(weight, rows), view_vector(losses, rows), view_vector(parameter, 2 + 2 * n)
    for r in range(begin, end):
        loss, factor = F(0), weight[r] / F(heads)
        for h in range(heads):
            slope = g[r, h * n : (h + 1) * n]
            loss += ROW(z[r, h * n : (h + 1) * n], t[r], own, slope)  # type: ignore[name-defined]  # noqa: F821
            for j in range(n):
                slope[j] = slope[j] * factor if factor > F(0) else F(0)  # also where a rate is infinite
        losses[r] = loss / F(heads)


def _evaluate(part, parts, rows, heads, n, outputs, targets, parameter, combined, kept, cursor, losses, hits, spare):
    """Combine each row's heads; compute the loss and whether the class is right.

    It is right where the largest output is that of the largest target.

    `combined` has room for a batch, or, where outputs are `kept`, for all rows, of
    which the batch begins at `cursor`.
    """
    begin, end = get_share(rows, part, parts)
    at = view_int64s(cursor, 1)[0] if kept else 0
    z, t, out = (
        view_matrix(outputs, rows, heads * n),
        view_matrix(targets, rows, n),
        view_matrix(combined + 4 * n * at, rows, n),
    )
    losses, hits, spare, own = (
        view_vector(losses, rows),
        view_vector(hits, rows),
        view_vector(spare + 4 * n * part, n),
        view_vector(parameter, 2 + 2 * n),
    )
    for r in range(begin, end):
        if heads > 1:
            COMBINE(z[r], n, out[r])  # type: ignore[name-defined]  # noqa: F821
        else:
            copy(z[r], out[r])
        losses[r] = ROW(out[r], t[r], own, spare)  # type: ignore[name-defined]  # noqa: F821
        hits[r] = F(1) if find_largest(out[r]) == find_largest(t[r]) else F(0)


def _combine(part, parts, rows, heads, n, outputs, cursor, out):
    """Combine the heads of a batch's rows into `out`, (all, n), from `cursor` on."""
    begin, end = get_share(rows, part, parts)
    z, out = view_matrix(outputs, rows, heads * n), view_matrix(out + 4 * n * view_int64s(cursor, 1)[0], rows, n)
    for r in range(begin, end):
        if heads > 1:
            COMBINE(z[r], n, out[r])  # type: ignore[name-defined]  # noqa: F821
        else:
            copy(z[r], out[r])


@cache
def make_training_kernel(row: str) -> Kernel:
    """Make the kernel of a loss in a training step."""
    return make_kernel(_compute_gradient, row, ROW=ROWS[row])


@cache
def make_evaluation_kernel(row: str, like: str) -> Kernel:
    """Make the kernel of a loss in validation; outputs mean what `like`'s mean."""
    return make_kernel(_evaluate, f"{row}_{like}", ROW=ROWS[row], COMBINE=COMBINATIONS[like])


@cache
def make_prediction_kernel(like: str) -> Kernel:
    """Make the kernel that combines heads; outputs mean what `like`'s mean."""
    return make_kernel(_combine, like, COMBINE=COMBINATIONS[like])


# ---- targets and weights -------------------------------------------------------------------------------------------


@Kernel
def gather_classes(part, parts, rows, n, y, order, cursor, smoothing, out):
    """Write a batch's class numbers, of (all,) int64, as shares of classes, (rows, n).

    `smoothing` is spread evenly over the classes.
    """
    begin, end = get_share(rows, part, parts)
    numbers, out, spread = (
        view_int32s(order + 4 * view_int64s(cursor, 1)[0], rows),
        view_matrix(out, rows, n),
        decode_number(smoothing),
    )
    for r in range(begin, end):
        row = out[r]
        row[:] = spread / F(n)
        row[view_int64s(y + 8 * np.int64(numbers[r]), 1)[0]] += F(1) - spread


@Kernel
def gather_targets(part, parts, rows, n, y, order, cursor, smoothing, even, out):
    """Copy a batch's targets, of (all, n), moved by `smoothing` towards `even`."""
    begin, end = get_share(rows, part, parts)
    numbers, out, spread = (
        view_int32s(order + 4 * view_int64s(cursor, 1)[0], rows),
        view_matrix(out, rows, n),
        decode_number(smoothing),
    )
    for r in range(begin, end):
        row, source = out[r], view_vector(y + 4 * n * np.int64(numbers[r]), n)
        for j in range(n):
            row[j] = source[j] if spread == F(0) else source[j] * (F(1) - spread) + spread * decode_number(even)


@Kernel
def gather_weights(part, parts, rows, weight, order, cursor, raw, shares):
    """Copy a batch's weights, of (all,) or ones if none, and their shares of the sum.

    All in one part.
    """
    if part:
        return
    numbers, raw = view_int32s(order + 4 * view_int64s(cursor, 1)[0], rows), view_vector(raw, rows)
    source, total = view_vector(weight, 1), F(0)
    for r in range(rows):
        if weight:
            source = view_vector(weight + 4 * np.int64(numbers[r]), 1)
            raw[r] = source[0]
        else:
            raw[r] = F(1)
    shared = view_vector(shares, rows)
    for r in range(rows):
        total += raw[r]
    total = total if total > F(0) else F(1)
    for r in range(rows):
        shared[r] = raw[r] / total


@Kernel
def tally(part, parts, rows, losses, hits, raw, totals):
    """Add a batch's losses and, if any, hits to the totals, by weight.

    Totals are (loss, weight, hits). All in one part, in order.
    """
    if part:
        return
    losses, raw, totals = view_vector(losses, rows), view_vector(raw, rows), view_doubles(totals, 3)
    for r in range(rows):
        w = np.float64(raw[r])
        if w > 0:
            totals[0] += w * np.float64(losses[r])
            totals[1] += w
    if hits:
        found = view_vector(hits, rows)
        for r in range(rows):
            totals[2] += np.float64(raw[r]) * np.float64(found[r])
