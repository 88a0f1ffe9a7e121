"""Losses, row by row: each gives a row's loss and fills in its gradient by the outputs.
`training.losses` says what they are.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline, make_kernel
from sknet_hp.nets.compiled.kernels.functions import F, exp, log, sigmoid, softplus
from sknet_hp.nets.compiled.kernels.normalisation import exponentiate
from sknet_hp.nets.compiled.machine import (
    copy,
    decode_number,
    fma,
    get_share,
    view_doubles,
    view_int32s,
    view_int64s,
    view_matrix,
    view_vector,
)


@inline
def largest(x):
    at = 0
    for j in range(1, len(x)):
        at = j if x[j] > x[at] else at
    return at


# ---- of one row: (outputs, target, the loss's own numbers, room for the gradient) -> loss
# -----------------------------


@inline
def _cross_entropy(z, t, own, g):
    most, total = exponentiate(z, g)
    level, loss, inverse = most + log(total), F(0), F(1) / total
    for j in range(len(z)):
        loss += (
            t[j] * (level - z[j]) if t[j] > F(0) else F(0)
        )  # a target of zero counts for nothing, even where the logarithm is infinite
        g[j] = g[j] * inverse - t[j]
    return loss


@inline
def _focal(z, t, own, g):
    most, total = exponentiate(z, g)
    level, loss, along = most + log(total), F(0), F(0)
    for j in range(len(z)):
        p, log_p = g[j] / total, z[j] - level
        rest = F(1) - p
        rest = rest if rest > F(1e-7) else F(1e-7)
        power = exp(own[0] * log(rest))
        loss -= power * log_p * t[j] if t[j] > F(0) else F(0)
        # d loss / d logit_j = y_j a_j - p_j sum of y_c a_c, with a = gamma (1 - p)^(gamma - 1) p log p - (1 - p)^gamma
        a = (own[0] * power / rest * p * log_p - power) * t[j] if t[j] > F(0) else F(0)
        along += a
        g[j] = a
    for j in range(len(z)):
        g[j] -= exp(z[j] - level) * along
    return loss


@inline
def _log_probability(z, t, own, g):
    loss = F(0)
    for j in range(len(z)):
        shifted = z[j] + F(1.1920929e-07)
        loss -= t[j] * log(shifted) if t[j] > F(0) else F(0)
        g[j] = -t[j] / shifted
    return loss


@inline
def _binary_cross_entropy(z, t, own, g):
    loss = F(0)
    for j in range(len(z)):
        loss += softplus(z[j]) - z[j] * t[j]
        g[j] = sigmoid(z[j]) - t[j]
    return loss


@inline
def _mse(z, t, own, g):
    loss, part = F(0), F(1) / F(len(z))
    for j in range(len(z)):
        d = z[j] - t[j]
        loss = fma(d, d, loss)
        g[j] = F(2) * d * part
    return loss * part


@inline
def _mae(z, t, own, g):
    loss, part = F(0), F(1) / F(len(z))
    for j in range(len(z)):
        d = z[j] - t[j]
        loss += abs(d)
        g[j] = part if d > F(0) else (-part if d < F(0) else d * part)
    return loss * part


@inline
def _huber(z, t, own, g):
    loss, part, delta = F(0), F(1) / F(len(z)), own[0]
    for j in range(len(z)):
        d = z[j] - t[j]
        size = abs(d)
        loss += F(0.5) * d * d if size <= delta else delta * (size - F(0.5) * delta)
        d = delta if d > delta else d
        g[j] = (-delta if d < -delta else d) * part
    return loss * part


@inline
def _quantile(z, t, own, g):
    loss, part = F(0), F(1) / F(len(z))
    for j in range(len(z)):
        d = z[j] - t[j]
        slope = F(1) - own[0] if d > F(0) else -own[0]
        loss += slope * d
        g[j] = slope * part
    return loss * part


@inline
def _poisson(z, t, own, g):
    loss, part = F(0), F(1) / F(len(z))
    for j in range(len(z)):
        rate = exp(z[j])
        loss += rate - z[j] * t[j]
        g[j] = (rate - t[j]) * part
    return loss * part


@inline
def _weighted_cross_entropy(z, t, own, g):
    """`own` is the smoothing, and a weight for each class."""
    most, total = exponentiate(z, g)
    level, inverse, spread = most + log(total), F(1) / total, own[0] / F(len(z))
    loss, weight = F(0), F(0)
    for j in range(len(z)):
        share = own[1 + j] * (t[j] * (F(1) - own[0]) + spread)
        loss += share * (level - z[j]) if share != F(0) else F(0)
        weight += share
    for j in range(len(z)):
        g[j] = weight * g[j] * inverse - own[1 + j] * (t[j] * (F(1) - own[0]) + spread)
    return loss


@inline
def _multi_margin(z, t, own, g):
    """`own` is the power, the margin, and a weight for each class."""
    of = largest(t)
    loss, along, factor = F(0), F(0), own[2 + of] / F(len(z))
    for j in range(len(z)):
        short = own[1] - z[of] + z[j]
        counts = short > F(0) and j != of
        square = own[0] == F(2)
        slope = (F(2) * short if square else F(1)) if counts else F(0)
        loss += (short * short if square else short) if counts else F(0)
        along += slope
        g[j] = factor * slope
    g[of] = -factor * along
    return factor * loss


@inline
def _weighted_binary_cross_entropy(z, t, own, g):
    """`own` is a factor, a weight for each label, and one for each where it is true."""
    n, loss = len(z), F(0)
    for j in range(n):
        yes, no = own[1 + j] * own[1 + n + j] * t[j], own[1 + j] * (F(1) - t[j])
        against = softplus(z[j])
        loss += no * against + yes * (against - z[j])
        g[j] = own[0] * ((no + yes) * sigmoid(z[j]) - yes)
    return own[0] * loss


@inline
def _smooth_l1(z, t, own, g):
    """`own` is where the parabola ends, which has the slope 1 there."""
    loss, part, beta = F(0), F(1) / F(len(z)), own[0]
    for j in range(len(z)):
        d = z[j] - t[j]
        size = abs(d)
        loss += F(0.5) * d * d / beta if size < beta else size - F(0.5) * beta
        g[j] = (F(1) if d >= beta else (-F(1) if d <= -beta else d / beta)) * part
    return loss * part


# ---- what several predictions say together: (their outputs, a head's width, room for the mean of what they mean) -----


@inline
def _mean(z, n, out):
    heads = len(z) // n
    for j in range(n):
        total = F(0)
        for h in range(heads):
            total += z[h * n + j]
        out[j] = total / F(heads)


@inline
def _mean_of_classes(z, n, out):
    heads = len(z) // n
    for h in range(heads):
        own = z[h * n : (h + 1) * n]
        _, total = exponentiate(own, own)
        for j in range(n):
            own[j] /= total
    _mean(z, n, out)
    for j in range(n):
        out[j] = log(out[j])


@inline
def _mean_of_labels(z, n, out):
    for j in range(len(z)):
        z[j] = sigmoid(z[j])
    _mean(z, n, out)
    for j in range(n):
        p = out[j]
        p = F(1e-7) if p < F(1e-7) else p
        p = F(1) - F(1e-7) if p > F(1) - F(1e-7) else p
        out[j] = log(p / (F(1) - p))


@inline
def _mean_of_rates(z, n, out):
    for j in range(len(z)):
        z[j] = exp(z[j])
    _mean(z, n, out)
    for j in range(n):
        out[j] = log(out[j])


# ---- passes --------------------------------------------------------------------------------------------------------


def _trained(part, parts, rows, heads, n, outputs, targets, weight, parameter, gradient, losses):
    """The loss of each row, the mean over its heads; and the gradient of their sum by
    weight.

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


def _evaluated(part, parts, rows, heads, n, outputs, targets, parameter, together, kept, cursor, losses, hits, spare):
    """The loss of what the heads of each row say together, (rows, n), and whether its
    largest output is that of the largest target.

    `together` has room for a batch, or, where what is said is `kept`, for all rows, of
    which the batch begins at `cursor`.
    """
    begin, end = get_share(rows, part, parts)
    at = view_int64s(cursor, 1)[0] if kept else 0
    z, t, out = (
        view_matrix(outputs, rows, heads * n),
        view_matrix(targets, rows, n),
        view_matrix(together + 4 * n * at, rows, n),
    )
    losses, hits, spare, own = (
        view_vector(losses, rows),
        view_vector(hits, rows),
        view_vector(spare + 4 * n * part, n),
        view_vector(parameter, 2 + 2 * n),
    )
    for r in range(begin, end):
        if heads > 1:
            TOGETHER(z[r], n, out[r])  # type: ignore[name-defined]  # noqa: F821
        else:
            copy(z[r], out[r])
        losses[r] = ROW(out[r], t[r], own, spare)  # type: ignore[name-defined]  # noqa: F821
        hits[r] = F(1) if largest(out[r]) == largest(t[r]) else F(0)


def _together(part, parts, rows, heads, n, outputs, cursor, out):
    """What the heads of each row of a batch say together, into `out`, (all, n), from
    `cursor` on.
    """
    begin, end = get_share(rows, part, parts)
    z, out = view_matrix(outputs, rows, heads * n), view_matrix(out + 4 * n * view_int64s(cursor, 1)[0], rows, n)
    for r in range(begin, end):
        if heads > 1:
            TOGETHER(z[r], n, out[r])  # type: ignore[name-defined]  # noqa: F821
        else:
            copy(z[r], out[r])


ROWS: dict[str, Callable[..., Any]] = {
    "cross_entropy": _cross_entropy,
    "focal": _focal,
    "log_probability": _log_probability,
    "binary_cross_entropy": _binary_cross_entropy,
    "mse": _mse,
    "mae": _mae,
    "huber": _huber,
    "quantile": _quantile,
    "poisson": _poisson,
    "weighted_cross_entropy": _weighted_cross_entropy,
    "multi_margin": _multi_margin,
    "weighted_binary_cross_entropy": _weighted_binary_cross_entropy,
    "smooth_l1": _smooth_l1,
}
"""Losses of a row: those of `training.losses`, and torch's that are none of them."""

_MEANS = {"log_probability": _mean, "binary_cross_entropy": _mean_of_labels, "poisson": _mean_of_rates}
_MEANS |= dict.fromkeys(["cross_entropy", "focal"], _mean_of_classes)


@cache
def trained(row: str) -> Kernel:
    """A loss in a training step."""
    return make_kernel(_trained, row, ROW=ROWS[row])


@cache
def evaluated(row: str, like: str) -> Kernel:
    """A loss in validation, of outputs that mean what those of `like` mean."""
    return make_kernel(_evaluated, f"{row}_{like}", ROW=ROWS[row], TOGETHER=_MEANS.get(like, _mean))


@cache
def together_of(like: str) -> Kernel:
    """Outputs in prediction, that mean what those of `like` mean."""
    return make_kernel(_together, like, TOGETHER=_MEANS.get(like, _mean))


# ---- targets and weights -------------------------------------------------------------------------------------------


@Kernel
def gather_classes(part, parts, rows, n, y, order, cursor, smoothing, out):
    """Targets of a batch's class numbers, (all,) int64: shares of the classes, (rows,
    n). `smoothing` is spread evenly.
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
    """A batch's targets, of (all, n); `smoothing` of each goes towards `even`."""
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
    """A batch's weights, of (all,) or ones if none, as they are and as shares of their
    sum. All in one part.
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
    """Add a batch's losses and, if any, hits, by weight: totals are (loss, weight,
    hits). All in one part, in order.
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
