"""Losses of a row: each returns the loss and fills in its gradient by the outputs.

`training.rules.losses` says what they are.
"""

from collections.abc import Callable
from typing import Any

from sknet_hp.nets.compiled.kernel import inline
from sknet_hp.nets.compiled.kernels.functions import F, exp, log, sigmoid, softplus
from sknet_hp.nets.compiled.kernels.normalisation import exponentiate
from sknet_hp.nets.compiled.machine import fma


@inline
def find_largest(x):
    at = 0
    for j in range(1, len(x)):
        at = j if x[j] > x[at] else at
    return at


# ---- losses of a row ----------------------------------------------------------------------------------------------
# (outputs, target, the loss's own numbers, memory for the gradient) -> loss


@inline
def _cross_entropy(z, t, own, g):
    most, total = exponentiate(z, g)
    level, loss, inverse = most + log(total), F(0), F(1) / total
    for j in range(len(z)):
        # A target of zero counts for nothing, even where the logarithm is infinite.
        loss += t[j] * (level - z[j]) if t[j] > F(0) else F(0)
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
    """Cross-entropy; `own` is the smoothing, and a weight for each class."""
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
    """Multi-margin loss; `own` is the power, the margin, and weights of classes."""
    of = find_largest(t)
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
    """Logistic losses of labels.

    `own` is a factor, a weight for each label, and one for each where it is true.
    """
    n, loss = len(z), F(0)
    for j in range(n):
        yes, no = own[1 + j] * own[1 + n + j] * t[j], own[1 + j] * (F(1) - t[j])
        against = softplus(z[j])
        loss += no * against + yes * (against - z[j])
        g[j] = own[0] * ((no + yes) * sigmoid(z[j]) - yes)
    return own[0] * loss


@inline
def _smooth_l1(z, t, own, g):
    """Smooth L1 loss; `own` is where the parabola ends, with slope 1 there."""
    loss, part, beta = F(0), F(1) / F(len(z)), own[0]
    for j in range(len(z)):
        d = z[j] - t[j]
        size = abs(d)
        loss += F(0.5) * d * d / beta if size < beta else size - F(0.5) * beta
        g[j] = (F(1) if d >= beta else (-F(1) if d <= -beta else d / beta)) * part
    return loss * part


# ---- combinations of heads -----------------------------------------------------------------------------------------
# (outputs of all heads, which may be overwritten; a head's width; memory for the combined outputs)


@inline
def _combine_by_mean(z, n, out):
    heads = len(z) // n
    for j in range(n):
        total = F(0)
        for h in range(heads):
            total += z[h * n + j]
        out[j] = total / F(heads)


@inline
def _combine_classes(z, n, out):
    heads = len(z) // n
    for h in range(heads):
        own = z[h * n : (h + 1) * n]
        _, total = exponentiate(own, own)
        for j in range(n):
            own[j] /= total
    _combine_by_mean(z, n, out)
    for j in range(n):
        out[j] = log(out[j])


@inline
def _combine_labels(z, n, out):
    for j in range(len(z)):
        z[j] = sigmoid(z[j])
    _combine_by_mean(z, n, out)
    for j in range(n):
        p = out[j]
        p = F(1e-7) if p < F(1e-7) else p
        p = F(1) - F(1e-7) if p > F(1) - F(1e-7) else p
        out[j] = log(p / (F(1) - p))


@inline
def _combine_rates(z, n, out):
    for j in range(len(z)):
        z[j] = exp(z[j])
    _combine_by_mean(z, n, out)
    for j in range(n):
        out[j] = log(out[j])


# ---- registries -----------------------------------------------------------------------------------------------------

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

COMBINATIONS: dict[str, Callable[..., Any]] = {
    "cross_entropy": _combine_classes,
    "focal": _combine_classes,
    "log_probability": _combine_by_mean,
    "binary_cross_entropy": _combine_labels,
    "mse": _combine_by_mean,
    "mae": _combine_by_mean,
    "huber": _combine_by_mean,
    "quantile": _combine_by_mean,
    "poisson": _combine_rates,
}
"""How the heads of a network are combined, by losses of ours: `Loss.combine_heads`."""
