"""Training rows changed at random: noise on the inputs, mixtures of neighbours.

`training.augment` says what they are.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from sknet_hp.nets.compiled.kernel import Kernel, intrinsic
from sknet_hp.nets.compiled.kernels.functions import F, log, sincos
from sknet_hp.nets.compiled.kernels.masks import build_scramble, mix_key
from sknet_hp.nets.compiled.machine import copy, decode_number, get_share, view_int64s, view_matrix, view_vector
from sknet_hp.training.compiled.kernels.updates import StepNumber

_I32, _FLOAT = ir.IntType(32), ir.FloatType()
_MIX = int(StepNumber.MIX)


@intrinsic
def _draw_uniform(typing: Any, counter: Any, low: Any, high: Any) -> Any:
    """Return a number between 0 and 1, neither included, for a counter and two keys."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.lshr(build_scramble(builder, *args), ir.Constant(_I32, 8))
        whole = builder.sitofp(bits, _FLOAT)
        return builder.fadd(builder.fmul(whole, ir.Constant(_FLOAT, 2.0**-24)), ir.Constant(_FLOAT, 2.0**-25))

    return types.float32(types.int64, types.int32, types.int32), generate


@Kernel
def add_noise(part, parts, rows, width, x, sigma, key, layer):
    """Add normal noise of standard deviation sigma to x, (rows, width).

    By Box and Muller's method: two numbers from two.
    """
    begin, end = get_share(rows, part, parts)
    x, sigma, own = view_matrix(x, rows, width), decode_number(sigma), mix_key(view_int64s(key, 1)[0], layer)
    other = mix_key(own, 1)
    half = (width + 1) // 2
    for r in range(begin, end):
        first, second = x[r, :half], x[r, half:]
        for j in range(half):
            c = r * half + j
            size = sigma * np.sqrt(F(-2) * log(_draw_uniform(c, np.int32(own), np.int32(own >> np.uint64(32)))))
            sine, cosine = sincos(F(2 * np.pi) * _draw_uniform(c, np.int32(other), np.int32(other >> np.uint64(32))))
            first[j] += size * cosine
            if j < len(second):
                second[j] += size * sine


@Kernel
def mix_weights(part, parts, rows, raw, shares, numbers, of_inputs, of_targets):
    """Mix a batch's weights, each with its neighbour's.

    Also write which share of inputs and of targets is a row's own. All in one part.
    """
    if part:
        return
    raw, shares, of_inputs, of_targets = (
        view_vector(raw, rows),
        view_vector(shares, rows),
        view_vector(of_inputs, rows),
        view_vector(of_targets, rows),
    )
    s, before, total = view_vector(numbers, 16)[_MIX], raw[rows - 1], F(0)
    for r in range(rows):
        own, other = raw[r] * s, before * (F(1) - s)
        before = raw[r]
        raw[r] = own + other
        of_inputs[r], of_targets[r] = s, own / raw[r] if raw[r] > F(0) else F(0)
        total += raw[r]
    for r in range(rows):
        shares[r] = raw[r] / (total if total > F(0) else F(1))


@Kernel
def mix_rows(part, parts, rows, width, x, shares, last):
    """Mix each row of x, (rows, width), with the one before, the first with the last.

    `last`, (width,), is memory for that. Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    x, shares, last = (
        view_matrix(x, rows, width)[:, begin:end],
        view_vector(shares, rows),
        view_vector(last, width)[begin:end],
    )
    copy(x[rows - 1], last)
    for r in range(rows - 1, -1, -1):
        row, s = x[r], shares[r]
        neighbour = x[r - 1] if r > 0 else last
        for j in range(end - begin):
            row[j] = row[j] * s + neighbour[j] * (F(1) - s)
