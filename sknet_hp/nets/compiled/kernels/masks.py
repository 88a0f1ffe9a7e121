"""Random masks of dropout: functions of a key and of the position in the batch."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from sknet_hp.nets.compiled.kernel import inline, intrinsic
from sknet_hp.nets.compiled.machine import FLOAT, I32, make_int32, view_int32s, view_int64s, view_vector


@inline
def mix_key(key, number):
    """Make a key for each number, by a round of SplitMix64's finaliser.

    See Steele et al. 2014.
    """
    z = np.uint64(key) + (np.uint64(number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def build_scramble(builder: Any, counter: Any, low: Any, high: Any) -> Any:
    """Build instructions for 32 random bits of a counter.

    By two keys and the rounds of Wellons's lowbias32.
    """

    def fold(h: Any, bits: int) -> Any:
        return builder.xor(h, builder.lshr(h, make_int32(bits)))

    h = fold(builder.add(builder.mul(builder.trunc(counter, I32), make_int32(0x9E3779B1)), low), 16)
    h = fold(builder.add(builder.mul(h, make_int32(0x7FEB352D)), high), 15)
    return fold(builder.mul(h, make_int32(0x846CA68B)), 16)


@intrinsic
def _draw_kept(typing: Any, counter: Any, low: Any, high: Any, threshold: Any, scale: Any) -> Any:
    """Draw two numbers: 0 where 16 random bits are below `threshold`, else `scale`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        counter, low, high, threshold, scale = args
        h = build_scramble(builder, counter, low, high)
        halves = builder.and_(h, make_int32(0xFFFF)), builder.lshr(h, make_int32(16))
        zero = ir.Constant(FLOAT, 0.0)
        kept = [builder.select(builder.icmp_unsigned(">=", half, threshold), scale, zero) for half in halves]
        return context.make_tuple(builder, signature.return_type, kept)

    return types.UniTuple(types.float32, 2)(types.int64, types.int32, types.int32, types.int32, types.float32), generate


@inline
def draw_mask(row, key, threshold, scale, mask):
    """Draw what a row is multiplied by: 0 or `scale`.

    Columns j and j + half share 32 bits.
    """
    half = (len(mask) + 1) // 2
    low, high = np.int32(key), np.int32(key >> np.uint64(32))
    first, second, begin = mask[:half], mask[half:], row * half
    for j in range(len(second)):
        first[j], second[j] = _draw_kept(begin + j, low, high, threshold, scale)
    if len(second) < half:
        first[half - 1], _ = _draw_kept(begin + half - 1, low, high, threshold, scale)


@inline
def read_dropout(rate, key, layer):
    """Read (key, threshold, scale) of a layer's dropout in this step."""
    return mix_key(view_int64s(key, 1)[0], layer), view_int32s(rate, 1)[0], view_vector(rate + 4, 1)[0]


def encode_dropout_rate(rate: float) -> np.ndarray:
    """Make the two cells that the field `rate` of a kernel points at.

    They are a threshold for 16 random bits, and what the numbers that are left over are
    multiplied by. The rate is rounded to a multiple of 1 / 65,536.
    """
    cells = np.zeros(2, np.float32)
    cells[:1].view(np.int32)[:] = min(round(rate * 65536), 65535)
    cells[1] = 1 / (1 - rate)
    return cells
