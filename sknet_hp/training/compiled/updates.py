"""Update rules, each a pass over one tensor: clipping, penalties, decay, the rule and
the average of the weights; see `training.optimizers`.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline, make_kernel
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.products import dot
from sknet_hp.nets.compiled.machine import fma, get_share, view_doubles, view_vector


class Now(IntEnum):
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
    int, Now
)


@inline
def _sign(x):
    return F(1) if x > F(0) else (F(-1) if x < F(0) else F(0) * x)


# ---- rules: (gradient, first memory, second memory, numbers) -> (what the learning rate multiplies, both
# memories) ------


@inline
def _sgd(g, m, v, now):
    m = fma(now[_MOMENTUM], m, g)
    return m, m, v


@inline
def _nesterov(g, m, v, now):
    m = fma(now[_MOMENTUM], m, g)
    return fma(now[_MOMENTUM], m, g), m, v


@inline
def _rmsprop(g, m, v, now):
    m = fma(now[_SHARE_2], g * g - m, m)
    return g / (np.sqrt(m) + now[_EPS]), m, v


@inline
def _adagrad(g, m, v, now):
    m = fma(g, g, m)
    return g / (np.sqrt(m) + now[_EPS]), m, v


@inline
def _adam(g, m, v, now):
    m = fma(now[_SHARE_1], g - m, m)
    v = fma(now[_SHARE_2], g * g - v, v)
    return now[_FACTOR] * m / fma(np.sqrt(v), now[_SLOPE], now[_EPS]), m, v


@inline
def _nadam(g, m, v, now):
    m = fma(now[_SHARE_1], g - m, m)
    v = fma(now[_SHARE_2], g * g - v, v)
    return fma(now[_FACTOR], m, now[_NEXT] * g) / fma(np.sqrt(v), now[_SLOPE], now[_EPS]), m, v


@inline
def _lion(g, m, v, now):
    return _sign(fma(now[_SHARE_1], g - m, m)), fma(now[_SHARE_2], g - m, m), v


_RULES: dict[str, tuple[Callable[..., Any], int]] = {
    "sgd": (_sgd, 1),
    "nesterov": (_nesterov, 1),
    "rmsprop": (_rmsprop, 1),
    "adagrad": (_adagrad, 1),
    "adam": (_adam, 2),
    "nadam": (_nadam, 2),
    "lion": (_lion, 1),
}


def _with_one(part, parts, n, p, g, first, second, average, now, factors):
    """One step of n parameters; `average` may be none."""
    begin, end = get_share(n, part, parts)
    count, at = end - begin, 4 * begin
    p, g, m, a = (
        view_vector(p + at, count),
        view_vector(g + at, count),
        view_vector(first + at, count),
        view_vector(average + at, count),
    )
    now, own = view_vector(now, 16), view_vector(factors, 2)
    lr, clip, decay = now[_LR] * own[0], now[_CLIP], now[_DECAY] * own[1]
    penalty, l1 = (F(0) if now[_DECOUPLED] > F(0) else decay), (now[_L1] if own[1] > F(0) else F(0))
    shrink, ema = (lr * decay if now[_DECOUPLED] > F(0) else F(0)), now[_EMA]
    for i in range(count):
        x = p[i]
        slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
        step, m[i], _ = RULE(slope, m[i], F(0), now)  # type: ignore[name-defined]  # noqa: F821
        p[i] = fma(-lr, step, fma(-shrink, x, x))
    if average:
        for i in range(count):
            a[i] = fma(ema, p[i] - a[i], a[i])


def _with_two(part, parts, n, p, g, first, second, average, now, factors):
    """One step of n parameters; `average` may be none."""
    begin, end = get_share(n, part, parts)
    count, at = end - begin, 4 * begin
    p, g, m, v, a = (
        view_vector(p + at, count),
        view_vector(g + at, count),
        view_vector(first + at, count),
        view_vector(second + at, count),
        view_vector(average + at, count),
    )
    now, own = view_vector(now, 16), view_vector(factors, 2)
    lr, clip, decay = now[_LR] * own[0], now[_CLIP], now[_DECAY] * own[1]
    penalty, l1 = (F(0) if now[_DECOUPLED] > F(0) else decay), (now[_L1] if own[1] > F(0) else F(0))
    shrink, ema = (lr * decay if now[_DECOUPLED] > F(0) else F(0)), now[_EMA]
    if average:
        for i in range(count):
            x = p[i]
            slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
            step, m[i], v[i] = RULE(slope, m[i], v[i], now)  # type: ignore[name-defined]  # noqa: F821
            x = fma(-lr, step, fma(-shrink, x, x))
            p[i], a[i] = x, fma(ema, x - a[i], a[i])
    else:
        for i in range(count):
            x = p[i]
            slope = fma(penalty, x, fma(l1, _sign(x), clip * g[i]))
            step, m[i], v[i] = RULE(slope, m[i], v[i], now)  # type: ignore[name-defined]  # noqa: F821
            p[i] = fma(-lr, step, fma(-shrink, x, x))


def _rule(name: str) -> Kernel:
    rule, slots = _RULES[name]
    return make_kernel(_with_two if slots == 2 else _with_one, name, RULE=rule)


_OWN = {name: _rule(name) for name in _RULES}
UPDATES: dict[str, Kernel] = {
    "sgd": _OWN["sgd"],
    "momentum": _OWN["sgd"],
    "nesterov": _OWN["nesterov"],
    "rmsprop": _OWN["rmsprop"],
    "adagrad": _OWN["adagrad"],
    "adam": _OWN["adam"],
    "adamw": _OWN["adam"],
    "nadam": _OWN["nadam"],
    "radam": _OWN["adam"],  # whose denominator comes and goes
    "lion": _OWN["lion"],
}
"""By optimizer, the kernel of its step."""


# ---- beside them ---------------------------------------------------------------------------------------------------


@Kernel
def mix(part, parts, n, x, average, now):
    """Move an average towards x, as the weights' own."""
    begin, end = get_share(n, part, parts)
    x, a, ema = (
        view_vector(x + 4 * begin, end - begin),
        view_vector(average + 4 * begin, end - begin),
        view_vector(now, 16)[_EMA],
    )
    for i in range(end - begin):
        a[i] = fma(ema, x[i] - a[i], a[i])


CHUNK = 4096
"""Parameters whose squares are summed at a time."""


@Kernel
def squares(part, parts, n, g, factors, sums):
    """The sums of squares of each chunk of a gradient; zeros where nothing is learned."""
    chunks = (n + CHUNK - 1) // CHUNK
    begin, end = chunks * part // parts, chunks * (part + 1) // parts
    sums, frozen = view_vector(sums, 2 * chunks), view_vector(factors, 1)[0] == F(0)
    for c in range(begin, end):
        own = view_vector(g + 4 * CHUNK * c, min(CHUNK, n - CHUNK * c))
        sums[2 * c] = F(0) if frozen else dot(own, own, sums[2 * c + 1 :])


@Kernel
def clip(part, parts, n, sums, limit, now):
    """The factor that takes a gradient's norm down to `limit`, of its n sums of
    squares, as `torch.nn.utils.clip_grad_norm_`. All in one part.
    """
    if part:
        return
    sums, total = view_vector(sums, 2 * n), 0.0
    for c in range(n):
        total += np.float64(sums[2 * c])
    factor = view_doubles(limit, 1)[0] / (np.sqrt(total) + 1e-6)
    view_vector(now, 16)[_CLIP] = F(factor) if factor < 1.0 else F(1)
