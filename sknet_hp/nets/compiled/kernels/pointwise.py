"""What happens to each number by itself: bias, activation and dropout in one pass,
which leaves behind the slope that the way back multiplies by.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from sknet_hp.nets.compiled.kernel import Kernel, inline, intrinsic, make_kernel
from sknet_hp.nets.compiled.kernels.functions import F, exp, expm1, normal, sigmoid, tanh
from sknet_hp.nets.compiled.machine import decode_number, get_share, view_int32s, view_int64s, view_matrix, view_vector

# ---- activations: (value, slope) at x; alpha is the number that some of them have ------------------------------------


@inline
def _identity(x, alpha):
    return x, F(1)


@inline
def _relu(x, alpha):
    return (x if x > F(0) else F(0) * x), (F(1) if x > F(0) else F(0))


@inline
def _leaky_relu(x, alpha):
    slope = F(1) if x > F(0) else alpha
    return x * slope, slope


@inline
def _elu(x, alpha):
    below = alpha * expm1(F(0) if x > F(0) else x)  # NaN stays
    return (x if x > F(0) else below), (F(1) if x > F(0) else below + alpha)


@inline
def _selu(x, alpha):
    value, slope = _elu(x, F(1.6732632423543772))
    return F(1.0507009873554805) * value, F(1.0507009873554805) * slope


@inline
def _gelu(x, alpha):
    share, density = normal(x)
    return x * share, share + x * density


@inline
def _gelu_tanh(x, alpha):
    cube = F(0.044715) * x * x
    t = tanh(F(0.7978845608028654) * (x + cube * x))
    inner = F(0.7978845608028654) * (F(1) + F(3) * cube)
    half = F(0.5) * (F(1) + t)
    return x * half, half + F(0.5) * x * (F(1) - t * t) * inner


@inline
def _silu(x, alpha):
    g = sigmoid(x)
    return x * g, g * (F(1) + x * (F(1) - g))


@inline
def _mish(x, alpha):
    e = exp(F(20) if x > F(20) else x)
    n = e * (e + F(2))
    t = n / (n + F(2))  # the hyperbolic tangent of softplus
    return x * t, t + x * (F(1) - t * t) * (e / (F(1) + e))


@inline
def _tanh(x, alpha):
    t = tanh(x)
    return t, F(1) - t * t


@inline
def _sigmoid(x, alpha):
    g = sigmoid(x)
    return g, g * (F(1) - g)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "identity": _identity,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
}

# ---- dropout -------------------------------------------------------------------------------------------------------


@inline
def mix_key(key, number):
    """A key for each number, by a round of SplitMix64's finaliser (Steele et al. 2014)."""
    z = np.uint64(key) + (np.uint64(number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


_I32 = ir.IntType(32)


def build_scramble(builder: Any, counter: Any, low: Any, high: Any) -> Any:
    """32 random bits of a counter, by two keys and the rounds of Wellons's lowbias32,
    as instructions.
    """

    def constant(value: int) -> Any:
        return ir.Constant(_I32, value)

    def folded(h: Any, bits: int) -> Any:
        return builder.xor(h, builder.lshr(h, constant(bits)))

    h = folded(builder.add(builder.mul(builder.trunc(counter, _I32), constant(0x9E3779B1)), low), 16)
    h = folded(builder.add(builder.mul(h, constant(0x7FEB352D)), high), 15)
    return folded(builder.mul(h, constant(0x846CA68B)), 16)


@intrinsic
def _draw_kept(typing: Any, counter: Any, low: Any, high: Any, threshold: Any, scale: Any) -> Any:
    """Two numbers, each 0 where its 16 random bits are below `threshold`, else `scale`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        counter, low, high, threshold, scale = args
        h = build_scramble(builder, counter, low, high)
        halves = builder.and_(h, ir.Constant(_I32, 0xFFFF)), builder.lshr(h, ir.Constant(_I32, 16))
        zero = ir.Constant(ir.FloatType(), 0.0)
        kept = [builder.select(builder.icmp_unsigned(">=", half, threshold), scale, zero) for half in halves]
        return context.make_tuple(builder, signature.return_type, kept)

    return types.UniTuple(types.float32, 2)(types.int64, types.int32, types.int32, types.int32, types.float32), generate


@inline
def draw_mask(row, key, threshold, scale, mask):
    """What a row is multiplied by, drawn at random: 0 or `scale`. Columns j and j +
    half share 32 bits.
    """
    half = (len(mask) + 1) // 2
    low, high = np.int32(key), np.int32(key >> np.uint64(32))
    first, second, begin = mask[:half], mask[half:], row * half
    for j in range(len(second)):
        first[j], second[j] = _draw_kept(begin + j, low, high, threshold, scale)
    if len(second) < half:
        first[half - 1], _ = _draw_kept(begin + half - 1, low, high, threshold, scale)


@inline
def _read_dropout(rate, key, layer):
    """(key, threshold, scale) of a layer's dropout in this step."""
    return mix_key(view_int64s(key, 1)[0], layer), view_int32s(rate, 1)[0], view_vector(rate + 4, 1)[0]


def encode_dropout_rate(rate: float) -> np.ndarray:
    """The two cells that `rate` of a kernel points at: a threshold for 16 bits, and
    what is left over is multiplied by. Rounded to 1 / 65,536.
    """
    cells = np.zeros(2, np.float32)
    cells[:1].view(np.int32)[:] = min(round(rate * 65536), 65535)
    cells[1] = 1 / (1 - rate)
    return cells


# ---- passes --------------------------------------------------------------------------------------------------------


def _activate(part, parts, rows, width, z, bias, out, rate, key, layer, mask, alpha):
    """out = dropout(f(z + bias)). What the gradient of `out` is multiplied by to be
    that of z takes its place.

    Shapes: z, out (rows, width); bias (width,); mask (parts, width), for this pass
    alone. `rate` is none without dropout.
    """
    begin, end = get_share(rows, part, parts)
    z, out, b, mask, alpha = (
        view_matrix(z, rows, width),
        view_matrix(out, rows, width),
        view_vector(bias, width),
        view_vector(mask + 4 * part * width, width),
        decode_number(alpha),
    )
    if rate:
        own, threshold, scale = _read_dropout(rate, key, layer)
        for r in range(begin, end):
            x, y = z[r], out[r]
            draw_mask(r, own, threshold, scale, mask)
            for j in range(width):
                value, slope = FUNCTION(x[j] + b[j], alpha)  # type: ignore[name-defined]  # noqa: F821
                y[j], x[j] = value * mask[j], slope * mask[j]
    else:
        for r in range(begin, end):
            x, y = z[r], out[r]
            for j in range(width):
                y[j], x[j] = FUNCTION(x[j] + b[j], alpha)  # type: ignore[name-defined]  # noqa: F821


def _activate_parametric(part, parts, rows, width, z, bias, out, rate, key, layer, mask, alpha, weight, difference):
    """As `_forward` with x + (f(x) - x) weight in place of f(x); `difference`, (rows, width),
    is left for the gradient of `weight`, (width,).
    """
    begin, end = get_share(rows, part, parts)
    z, out, b, mask, alpha = (
        view_matrix(z, rows, width),
        view_matrix(out, rows, width),
        view_vector(bias, width),
        view_vector(mask + 4 * part * width, width),
        decode_number(alpha),
    )
    w, difference = view_vector(weight, width), view_matrix(difference, rows, width)
    mask[:] = F(1)
    if rate:
        own, threshold, scale = _read_dropout(rate, key, layer)
    for r in range(begin, end):
        x, y, t = z[r], out[r], difference[r]
        if rate:
            draw_mask(r, own, threshold, scale, mask)
        for j in range(width):
            at = x[j] + b[j]
            value, slope = FUNCTION(at, alpha)  # type: ignore[name-defined]  # noqa: F821
            t[j] = (value - at) * mask[j]
            y[j], x[j] = (at + (value - at) * w[j]) * mask[j], (F(1) + (slope - F(1)) * w[j]) * mask[j]


FORWARD: dict[str, Kernel] = {
    name: make_kernel(_activate, name, FUNCTION=function) for name, function in _FUNCTIONS.items()
}
"""By activation."""

PARAMETRIC_FORWARD: dict[str, Kernel] = {
    name: make_kernel(_activate_parametric, name, FUNCTION=function) for name, function in _FUNCTIONS.items()
}
"""The same with a learned weight for each unit."""


@Kernel
def multiply_by_slope(part, parts, rows, width, g, slope, bias_gradient, difference, weight_gradient):
    """g *= slope, and its sums over rows; of g · difference before that. None for what there
    is not. Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    g, slope = view_matrix(g, rows, width)[:, begin:end], view_matrix(slope, rows, width)[:, begin:end]
    bias, weight = view_vector(bias_gradient, width)[begin:end], view_vector(weight_gradient, width)[begin:end]
    if difference:
        of_weight = view_matrix(difference, rows, width)[:, begin:end]
        weight[:] = 0
        for r in range(rows):
            x, t = g[r], of_weight[r]
            for j in range(end - begin):
                weight[j] += x[j] * t[j]
    if bias_gradient:
        bias[:] = 0
        for r in range(rows):
            x, s = g[r], slope[r]
            for j in range(end - begin):
                v = x[j] * s[j]
                x[j] = v
                bias[j] += v
    else:
        for r in range(rows):
            x, s = g[r], slope[r]
            for j in range(end - begin):
                x[j] *= s[j]


@Kernel
def add_bias(part, parts, rows, width, x, bias):
    """x += bias, each row."""
    begin, end = get_share(rows, part, parts)
    x, b = view_matrix(x, rows, width), view_vector(bias, width)
    for r in range(begin, end):
        row = x[r]
        for j in range(width):
            row[j] += b[j]


@Kernel
def sum_rows(part, parts, rows, width, g, total):
    """(rows, width) to (width,). Parts have columns."""
    begin, end = get_share(width, part, parts)
    g, out = view_matrix(g, rows, width)[:, begin:end], view_vector(total, width)[begin:end]
    out[:] = 0
    for r in range(rows):
        row = g[r]
        for j in range(end - begin):
            out[j] += row[j]


@Kernel
def add(part, parts, n, a, b, out):
    """out = a + b, which may be either."""
    begin, end = get_share(n, part, parts)
    a, b, out = (
        view_vector(a + 4 * begin, end - begin),
        view_vector(b + 4 * begin, end - begin),
        view_vector(out + 4 * begin, end - begin),
    )
    for i in range(end - begin):
        out[i] = a[i] + b[i]


@Kernel
def add_columns(part, parts, rows, width, x, x_width, out, out_width):
    """out += x, for the first `width` columns of both."""
    begin, end = get_share(rows, part, parts)
    x, out = view_matrix(x, rows, x_width), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        source, to = x[r, :width], out[r, :width]
        for j in range(width):
            to[j] += source[j]


@Kernel
def fill(part, parts, n, x, value):
    """Set all of x to a number."""
    begin, end = get_share(n, part, parts)
    view_vector(x + 4 * begin, end - begin)[:] = decode_number(value)


@Kernel
def scale(part, parts, n, x, factor, out):
    """out = x times a number; it may be x."""
    begin, end = get_share(n, part, parts)
    x, out = view_vector(x + 4 * begin, end - begin), view_vector(out + 4 * begin, end - begin)
    for i in range(end - begin):
        out[i] = x[i] * decode_number(factor)
