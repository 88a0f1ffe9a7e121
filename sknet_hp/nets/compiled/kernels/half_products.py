"""Matrix products of operands rounded to bfloat16, with sums in float32.

They are twice as fast where the CPU has an instruction for them. Two numbers that are
neighbours along the inner index make a *pair*, one 32-bit word. The instruction adds
the products of two pairs to a sum: first those of the pairs' second numbers, then those
of the first. A product of two such numbers is exact in float32, so each element is one
chain of additions in that order, with the same bits on a CPU that has to do it step by
step.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import Kernel, inline, intrinsic
from sknet_hp.nets.compiled.kernels.tiles import transpose_square
from sknet_hp.nets.compiled.machine import (
    FLOAT,
    I32,
    build_repeat,
    count_lanes,
    find_vector_fma,
    get_share,
    make_int32,
    make_int64,
    view_int32s,
    view_vector,
)

_LANES = count_lanes()
_WIDE = 2 * _LANES
_ROWS = 8
_PAIRS, _HEIGHT = 128, 256  # of a block of a; a panel of b has as many pairs

SCRATCH = _PAIRS * (_HEIGHT + 2 * _WIDE) + _ROWS * _WIDE
"""Words that a product needs beside its operands, for each of its parts."""


def is_supported() -> bool:
    """Return whether this CPU has the instruction.

    Without it these products take longer than those of float32.
    """
    return bool(llvmlite.binding.get_host_cpu_features().get("avx512bf16")) and count_lanes() == 16


class _Halves(ir.Type):
    """A register of bfloat16, of which llvmlite knows nothing."""

    def __init__(self, count: int):
        self.count = count

    def _to_string(self) -> str:
        return f"<{self.count} x bfloat>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Halves) and other.count == self.count

    def __hash__(self) -> int:
        return hash(self.count)


@intrinsic
def _make_pair(typing: Any, first: Any, second: Any) -> Any:
    """Make one word of two float32, each rounded to the nearest bfloat16, ties to even.

    NaN stays NaN, as the CPU makes them: with few bits set.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def round_to_half(number: Any) -> Any:
            bits = builder.bitcast(number, I32)
            odd = builder.and_(builder.lshr(bits, make_int32(16)), make_int32(1))
            return builder.add(builder.add(bits, make_int32(0x7FFF)), odd)

        first, second = map(round_to_half, args)
        return builder.or_(builder.lshr(first, make_int32(16)), builder.and_(second, make_int32(0xFFFF0000)))

    return types.int32(types.float32, types.float32), generate


def _add_products(builder: Any, total: Any, a: Any, b: Any, by_instruction: bool) -> Any:
    """Add the products of the pairs in two registers of words to `total`."""
    if by_instruction:
        halves = _Halves(2 * a.type.count)
        of = ir.FunctionType(total.type, [total.type, halves, halves])
        instruction = cgutils.get_or_insert_function(builder.module, of, "llvm.x86.avx512bf16.dpbf16ps.512")
        return builder.call(instruction, [total, builder.bitcast(a, halves), builder.bitcast(b, halves)])
    count = a.type.count
    fma = find_vector_fma(builder, total.type)
    upper, by = ir.Constant(a.type, [0xFFFF0000] * count), ir.Constant(a.type, [16] * count)
    for take in (lambda pair: builder.and_(pair, upper), lambda pair: builder.shl(pair, by)):
        total = builder.call(fma, [builder.bitcast(take(a), total.type), builder.bitcast(take(b), total.type), total])
    return total


def make_tile(by_instruction: bool) -> Any:
    """Make a function that computes a tile: `_ROWS` rows of c, two registers wide.

    Its arguments are (a, a_row, a_pair, b, c, c_row, pairs, add): addresses of a, b and
    c, distances in words or floats, and the length of the chains. a and b are pairs;
    b's rows lie behind each other.
    """
    words, floats = ir.VectorType(I32, _LANES), ir.VectorType(FLOAT, _LANES)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, a_row, a_pair, b, c, c_row, pairs, add = args

        def find(base: Any, words: Any, kind: Any) -> Any:
            return builder.inttoptr(builder.add(base, builder.shl(words, make_int64(2))), kind.as_pointer())

        tile = [(i, v) for i in range(_ROWS) for v in range(2)]
        sums = {place: cgutils.alloca_once_value(builder, ir.Constant(floats, [0.0] * _LANES)) for place in tile}
        places = {
            (i, v): find(c, builder.add(builder.mul(c_row, make_int64(i)), make_int64(v * _LANES)), floats)
            for i, v in tile
        }
        with builder.if_then(builder.icmp_signed("!=", add, make_int64(0))):
            for place in tile:
                builder.store(builder.load(places[place], align=4), sums[place])
        with cgutils.for_range(builder, pairs) as loop:
            b_at = builder.mul(loop.index, make_int64(_WIDE))
            panel = [builder.load(find(b, builder.add(b_at, make_int64(v * _LANES)), words), align=4) for v in range(2)]
            for i in range(_ROWS):
                a_at = builder.add(builder.mul(a_row, make_int64(i)), builder.mul(a_pair, loop.index))
                repeated = build_repeat(builder, builder.load(find(a, a_at, I32), align=4), _LANES)
                for v in range(2):
                    builder.store(
                        _add_products(builder, builder.load(sums[i, v]), repeated, panel[v], by_instruction), sums[i, v]
                    )
        for place in tile:
            builder.store(builder.load(sums[place]), places[place]).align = 4
        return context.get_dummy_value()

    @intrinsic
    def compute_tile(
        typing: Any, a: Any, a_row: Any, a_pair: Any, b: Any, c: Any, c_row: Any, pairs: Any, add: Any
    ) -> Any:
        return types.void(*[types.int64] * 8), generate

    return compute_tile


TILE = make_tile(is_supported())
"""Makes a tile as fast as this CPU can."""


@inline
def _pair_along(source, distance, count, inner, target, target_distance):
    """Make pairs along `count` vectors, whose numbers lie beside each other.

    The vectors lie `distance` floats apart.
    """
    for i in range(count):
        x, out = (
            view_vector(source + 4 * i * distance, inner),
            view_int32s(target + 4 * i * target_distance, (inner + 1) // 2),
        )
        for k in range(inner // 2):
            out[k] = _make_pair(x[2 * k], x[2 * k + 1])
        if inner % 2:
            out[inner // 2] = _make_pair(x[inner - 1], np.float32(0))


@inline
def _pair_across(source, distance, count, inner, target, target_distance):
    """Make pairs across each two of `inner` vectors of `count` numbers.

    The vectors lie `distance` floats apart.
    """
    for k in range(0, inner - 1, 2):
        x, y = view_vector(source + 4 * k * distance, count), view_vector(source + 4 * (k + 1) * distance, count)
        out = view_int32s(target + 2 * k * target_distance, count)
        for i in range(count):
            out[i] = _make_pair(x[i], y[i])
    if inner % 2:
        x, out = (
            view_vector(source + 4 * (inner - 1) * distance, count),
            view_int32s(target + 2 * (inner - 1) * target_distance, count),
        )
        for i in range(count):
            out[i] = _make_pair(x[i], np.float32(0))


@inline
def _lay_out_panel(depth, used, b, b_inner, b_column, panel, spare):
    """Make pairs of a panel of b: a row of `_WIDE` words for each two of its rows."""
    if b_column == 1:
        _pair_across(b, b_inner, used, depth, panel, _WIDE)
        return
    pairs = (depth + 1) // 2
    _pair_along(b, b_column, used, depth, spare, _PAIRS)
    whole = pairs // 16 * 16 if used % 16 == 0 else 0
    for j in range(0, used if whole else 0, 16):
        for k in range(0, whole, 16):
            transpose_square(spare + 4 * (j * _PAIRS + k), _PAIRS, panel + 4 * (k * _WIDE + j), _WIDE)
    words, out = view_int32s(spare, used * _PAIRS), view_int32s(panel, pairs * _WIDE)
    for j in range(used):
        for k in range(whole, pairs):
            out[k * _WIDE + j] = words[j * _PAIRS + k]


@Kernel
def multiply_halves(part, parts, m, n, inner, a, a_row, a_inner, b, b_inner, b_column, c, c_row, add, scratch):
    """Do as `products.multiply`, of operands rounded to bfloat16.

    Of a_row and a_inner one is 1, and of b_inner and b_column.
    """
    begin, end = get_share(m, part, parts)
    block = scratch + 4 * SCRATCH * part
    panel, spare = block + 4 * _PAIRS * _HEIGHT, block + 4 * _PAIRS * (_HEIGHT + _WIDE)
    tile = spare + 4 * _PAIRS * _WIDE
    own = view_vector(tile, _ROWS * _WIDE)
    for first in range(0, inner, 2 * _PAIRS):
        depth = min(2 * _PAIRS, inner - first)
        goes_on = 1 if add or first > 0 else 0
        for top in range(begin, end, _HEIGHT):
            rows = min(_HEIGHT, end - top)
            a_block = a + 4 * (top * a_row + first * a_inner)
            if a_inner == 1:
                _pair_along(a_block, a_row, rows, depth, block, _PAIRS)
            else:
                _pair_across(a_block, a_inner, rows, depth, block, _HEIGHT)
            row_words, pair_words = (_PAIRS, 1) if a_inner == 1 else (1, _HEIGHT)
            for left in range(0, n, _WIDE):
                used = min(_WIDE, n - left)
                _lay_out_panel(
                    depth, used, b + 4 * (first * b_inner + left * b_column), b_inner, b_column, panel, spare
                )
                for i in range(0, rows, _ROWS):
                    here = min(_ROWS, rows - i)
                    c_at = c + 4 * ((top + i) * c_row + left)
                    out = view_vector(c_at, (here - 1) * c_row + used)
                    is_whole = here == _ROWS and used == _WIDE
                    if goes_on and not is_whole:
                        for r in range(here):
                            for j in range(used):
                                own[r * _WIDE + j] = out[r * c_row + j]
                    to, distance = (c_at, c_row) if is_whole else (tile, _WIDE)
                    TILE(
                        block + 4 * i * row_words, row_words, pair_words, panel, to, distance, (depth + 1) // 2, goes_on
                    )
                    if not is_whole:
                        for r in range(here):
                            for j in range(used):
                                out[r * c_row + j] = own[r * _WIDE + j]
