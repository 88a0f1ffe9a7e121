"""Update rules, each a pass over one tensor.

A pass has clipping, penalties, weight decay, the rule and the moving average of the
weights. `training.rules.optimizers` says what belongs to a rule.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline, make_kernel
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.products import dot
from sknet_hp.nets.compiled.machine import fma, get_share, view_doubles, view_vector
from sknet_hp.training.rules.optimizers import OPTIMIZERS


class StepNumber(IntEnum):
    """The numbers of a step, float32."""

    LR = 0
    DECAY = 1
    L1 = 2
    CLIP = 3  # what gradients are multiplied by
    EMA = 4  # the weight of the newest in the moving average
    DECOUPLED = 5  # whether weight decay is beside the gradient
    MOMENTUM = 6
    SHARE_1 = 7  # 1 - beta1
    SHARE_2 = 8  # 1 - beta2, or 1 - alpha
    EPS = 9
    FACTOR = 10  # on the learning rate, for moments that start at zero
    SLOPE = 11  # of the root, in the denominator
    NEXT = 12  # NAdam's factor on the gradient
    MIX = 13  # of a row itself in its mixture


_LR, _DECAY, _L1, _CLIP, _EMA, _DECOUPLED, _MOMENTUM, _SHARE_1, _SHARE_2, _EPS, _FACTOR, _SLOPE, _NEXT, _ = map(
    int, StepNumber
)


@inline
def _sign(x):
    return F(1) if x > F(0) else (F(-1) if x < F(0) else F(0) * x)


# ---- rules ---------------------------------------------------------------------------------------------------------
# (gradient, both slots, numbers of the step) -> (what the learning rate multiplies, both slots)


@inline
def _sgd(g, m, v, numbers):
    m = fma(numbers[_MOMENTUM], m, g)
    return m, m, v


@inline
def _nesterov(g, m, v, numbers):
    m = fma(numbers[_MOMENTUM], m, g)
    return fma(numbers[_MOMENTUM], m, g), m, v


@inline
def _rmsprop(g, m, v, numbers):
    m = fma(numbers[_SHARE_2], g * g - m, m)
    return g / (np.sqrt(m) + numbers[_EPS]), m, v


@inline
def _adagrad(g, m, v, numbers):
    m = fma(g, g, m)
    return g / (np.sqrt(m) + numbers[_EPS]), m, v


@inline
def _adam(g, m, v, numbers):
    m = fma(numbers[_SHARE_1], g - m, m)
    v = fma(numbers[_SHARE_2], g * g - v, v)
    return numbers[_FACTOR] * m / fma(np.sqrt(v), numbers[_SLOPE], numbers[_EPS]), m, v


@inline
def _nadam(g, m, v, numbers):
    m = fma(numbers[_SHARE_1], g - m, m)
    v = fma(numbers[_SHARE_2], g * g - v, v)
    return fma(numbers[_FACTOR], m, numbers[_NEXT] * g) / fma(np.sqrt(v), numbers[_SLOPE], numbers[_EPS]), m, v


@inline
def _lion(g, m, v, numbers):
    return _sign(fma(numbers[_SHARE_1], g - m, m)), fma(numbers[_SHARE_2], g - m, m), v


RULES: dict[str, Callable[..., Any]] = {
    "sgd": _sgd,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adam": _adam,
    "nadam": _nadam,
    "lion": _lion,
}
"""By the `compiled_rule` of optimizers."""


def _update_with_one(part, parts, n, p, g, first, second, average, numbers, factors):
    """Step n parameters by a rule with one slot of memory; `average` may be 0."""
    begin, end = get_share(n, part, parts)
    count, at = end - begin, 4 * begin
    p, g, m, a = (
        view_vector(p + at, count),
        view_vector(g + at, count),
        view_vector(first + at, count),
        view_vector(average + at, count),
    )
    numbers, own = view_vector(numbers, 16), view_vector(factors, 2)
    lr, clip, decay = numbers[_LR] * own[0], numbers[_CLIP], numbers[_DECAY] * own[1]
    penalty, l1 = (F(0) if numbers[_DECOUPLED] > F(0) else decay), (numbers[_L1] if own[1] > F(0) else F(0))
    shrink, ema = (lr * decay if numbers[_DECOUPLED] > F(0) else F(0)), numbers[_EMA]
    for i in range(count):
        x = p[i]
        slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
        step, m[i], _ = RULE(slope, m[i], F(0), numbers)  # type: ignore[name-defined]  # noqa: F821
        p[i] = fma(-lr, step, fma(-shrink, x, x))
    if average:
        for i in range(count):
            a[i] = fma(ema, p[i] - a[i], a[i])


def _update_with_two(part, parts, n, p, g, first, second, average, numbers, factors):
    """Step n parameters by a rule with two slots of memory; `average` may be 0."""
    begin, end = get_share(n, part, parts)
    count, at = end - begin, 4 * begin
    p, g, m, v, a = (
        view_vector(p + at, count),
        view_vector(g + at, count),
        view_vector(first + at, count),
        view_vector(second + at, count),
        view_vector(average + at, count),
    )
    numbers, own = view_vector(numbers, 16), view_vector(factors, 2)
    lr, clip, decay = numbers[_LR] * own[0], numbers[_CLIP], numbers[_DECAY] * own[1]
    penalty, l1 = (F(0) if numbers[_DECOUPLED] > F(0) else decay), (numbers[_L1] if own[1] > F(0) else F(0))
    shrink, ema = (lr * decay if numbers[_DECOUPLED] > F(0) else F(0)), numbers[_EMA]
    if average:
        for i in range(count):
            x = p[i]
            slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
            step, m[i], v[i] = RULE(slope, m[i], v[i], numbers)  # type: ignore[name-defined]  # noqa: F821
            x = fma(-lr, step, fma(-shrink, x, x))
            p[i], a[i] = x, fma(ema, x - a[i], a[i])
    else:
        for i in range(count):
            x = p[i]
            slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
            step, m[i], v[i] = RULE(slope, m[i], v[i], numbers)  # type: ignore[name-defined]  # noqa: F821
            p[i] = fma(-lr, step, fma(-shrink, x, x))


def _make_updates() -> dict[str, Kernel]:
    """Make a kernel for each rule, and return them by the optimizers that take it."""
    kernels: dict[str, Kernel] = {}
    for optimizer in OPTIMIZERS.values():
        rule = optimizer.compiled_rule
        if rule in RULES and rule not in kernels:
            pattern = _update_with_two if optimizer.slots == 2 else _update_with_one
            kernels[rule] = make_kernel(pattern, rule, RULE=RULES[rule])
    return {
        name: kernels[optimizer.compiled_rule]
        for name, optimizer in OPTIMIZERS.items()
        if optimizer.compiled_rule in kernels
    }


UPDATES = _make_updates()
"""The kernel of an optimizer's step, by the optimizer's name."""


# ---- beside them ---------------------------------------------------------------------------------------------------


@Kernel
def mix(part, parts, n, x, average, numbers):
    """Move an average towards x, as the weights' own."""
    begin, end = get_share(n, part, parts)
    x, a, ema = (
        view_vector(x + 4 * begin, end - begin),
        view_vector(average + 4 * begin, end - begin),
        view_vector(numbers, 16)[_EMA],
    )
    for i in range(end - begin):
        a[i] = fma(ema, x[i] - a[i], a[i])


CHUNK = 4096
"""Parameters whose squares are summed at a time."""


@Kernel
def sum_squares(part, parts, n, g, factors, sums):
    """Sum the squares of each chunk of a gradient; zeros where nothing is learned."""
    chunks = (n + CHUNK - 1) // CHUNK
    begin, end = chunks * part // parts, chunks * (part + 1) // parts
    sums, frozen = view_vector(sums, 2 * chunks), view_vector(factors, 1)[0] == F(0)
    for c in range(begin, end):
        own = view_vector(g + 4 * CHUNK * c, min(CHUNK, n - CHUNK * c))
        sums[2 * c] = F(0) if frozen else dot(own, own, sums[2 * c + 1 :])


@Kernel
def clip(part, parts, n, sums, limit, numbers):
    """Write the factor that brings a gradient's norm down to `limit`.

    The norm is of n sums of squares. As `torch.nn.utils.clip_grad_norm_`. All in one
    part.
    """
    if part:
        return
    sums, total = view_vector(sums, 2 * n), 0.0
    for c in range(n):
        total += np.float64(sums[2 * c])
    factor = view_doubles(limit, 1)[0] / (np.sqrt(total) + 1e-6)
    view_vector(numbers, 16)[_CLIP] = F(factor) if factor < 1.0 else F(1)
