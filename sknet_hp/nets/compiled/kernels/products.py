"""Matrix products, c = a b, whose every element is one chain of operations.

These are fused multiplications and additions, in the order of the inner index. So bits
follow from the operands' values alone: not from the CPU, how wide its registers are,
where matrices lie, how many rows come at a time, or how many cores work on it. A BLAS
promises none of this; for the sizes of networks on tables it is no faster either
(docs/performance.md).

A *tile* of c, a few rows by two registers, stays in registers while a panel of b
streams by. Panels have `_DEPTH` rows, so that they stay in the first-level cache, and
blocks of a have `_HEIGHT` rows, which stay in the second; the chains go on from c where
the next panel begins. Only where c has very few columns are there sixteen chains for
each element, along rows of a, which are added up in pairs.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import Kernel, inline, intrinsic
from sknet_hp.nets.compiled.kernels.tiles import SIXTEEN, make_tile, transpose_square
from sknet_hp.nets.compiled.machine import (
    FLOAT,
    I32,
    call,
    count_lanes,
    find_vector_fma,
    fma,
    get_address,
    get_share,
    make_int32,
    make_int64,
    view_matrix,
    view_vector,
)

_LANES = count_lanes()
_WIDE = 2 * _LANES
_ROWS = 8 if _LANES != 8 else 6  # of a tile: AVX has sixteen registers, the others twice as many
_DEPTH, _HEIGHT = 256, 256

SCRATCH = _DEPTH * _WIDE + _ROWS * _WIDE
"""Floats that a product needs beside its operands, for each of its parts."""

_tile_wide, _tile_wide_4, _tile_wide_2, _tile_wide_1 = (make_tile(rows, 2, _LANES) for rows in (_ROWS, 4, 2, 1))
_tile_one, _tile_one_1 = (make_tile(rows, 1, _LANES) for rows in (_ROWS, 1))
_tile_half, _tile_half_1 = (make_tile(rows, 1, max(4, _LANES // 2)) for rows in (_ROWS, 1))


@Kernel
def multiply_columns(part, parts, width, m, a, a_row, a_inner, b, b_inner, c, c_row, depth, add):
    """Compute m rows of c, `width` of its columns: two registers, one, or half of one.

    The columns of b lie beside each other.
    """
    i = 0
    if width == _WIDE:
        while i + _ROWS <= m:
            _tile_wide(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += _ROWS
        if m - i >= 4:
            _tile_wide_4(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += 4
        if m - i >= 2:
            _tile_wide_2(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += 2
        if m - i >= 1:
            _tile_wide_1(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
    elif width == _LANES:
        while i + _ROWS <= m:
            _tile_one(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += _ROWS
        while i < m:
            _tile_one_1(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += 1
    else:
        while i + _ROWS <= m:
            _tile_half(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += _ROWS
        while i < m:
            _tile_half_1(a + 4 * i * a_row, a_row, a_inner, b, b_inner, c + 4 * i * c_row, c_row, depth, add)
            i += 1


@inline
def _copy_panel(depth, used, width, b, b_inner, b_column, panel):
    """Lay a panel of b out row by row at the address `panel`.

    Its last columns are filled up with zeros.
    """
    source, target = (
        view_vector(b, (depth - 1) * b_inner + (used - 1) * b_column + 1),
        view_vector(panel, depth * width),
    )
    if b_column == 1:
        for k in range(depth):
            row, to = source[k * b_inner : k * b_inner + used], target[k * width : (k + 1) * width]
            for j in range(used):
                to[j] = row[j]
    else:
        squares = used // 16 if b_inner == 1 else 0
        whole = depth // 16 * 16
        for j in range(squares):
            for k in range(0, whole, 16):
                transpose_square(b + 4 * (16 * j * b_column + k), b_column, panel + 4 * (k * width + 16 * j), width)
        for j in range(used):
            for k in range(whole if j < 16 * squares else 0, depth):
                target[k * width + j] = source[j * b_column + k * b_inner]
    for k in range(depth):
        for j in range(used, width):
            target[k * width + j] = 0


@inline
def _multiply_edge(column, used, width, m, a, a_row, a_inner, panel, c, c_row, depth, add, tile):
    """Do as `multiply_columns` where c ends before the registers do.

    By way of a tile of its own, at the address `tile`.
    """
    own = view_vector(tile, _ROWS * width)
    for i in range(0, m, _ROWS):
        rows = min(_ROWS, m - i)
        out = view_vector(c + 4 * i * c_row, (rows - 1) * c_row + used)
        if add:
            for r in range(rows):
                for j in range(used):
                    own[r * width + j] = out[r * c_row + j]
        call(column, 0, 1, width, rows, a + 4 * i * a_row, a_row, a_inner, panel, width, tile, width, depth, add)
        for r in range(rows):
            for j in range(used):
                out[r * c_row + j] = own[r * width + j]


@Kernel
def multiply(part, parts, m, n, inner, a, a_row, a_inner, b, b_inner, b_column, c, c_row, add, scratch, column):
    """Compute c = a b, or c + a b where `add`: (m, inner) by (inner, n).

    a[i, k] lies a_row i + a_inner k floats behind a's beginning, b[k, j] b_inner k +
    b_column j behind b's, and c[i, j] c_row i + j. Parts have rows of c, and a scratch
    of `SCRATCH` floats each; `column` is the address of `multiply_columns`.
    """
    begin, end = get_share(m, part, parts)
    panel_at = scratch + 4 * SCRATCH * part
    tile_at = panel_at + 4 * _DEPTH * _WIDE
    for first in range(0, inner, _DEPTH):
        depth = min(_DEPTH, inner - first)
        goes_on = 1 if add or first > 0 else 0
        for top in range(begin, end, _HEIGHT):
            rows = min(_HEIGHT, end - top)
            a_block = a + 4 * (top * a_row + first * a_inner)
            for left in range(0, n, _WIDE):
                used = min(_WIDE, n - left)
                width = _WIDE if used > _LANES else _LANES if used > _LANES // 2 else max(4, _LANES // 2)
                b_panel, b_distance = b + 4 * (first * b_inner + left * b_column), b_inner
                c_panel = c + 4 * (top * c_row + left)
                if used < width or b_column != 1:
                    _copy_panel(depth, used, width, b_panel, b_inner, b_column, panel_at)
                    b_panel, b_distance = panel_at, width
                if used < width:
                    _multiply_edge(
                        column,
                        used,
                        width,
                        rows,
                        a_block,
                        a_row,
                        a_inner,
                        panel_at,
                        c_panel,
                        c_row,
                        depth,
                        goes_on,
                        tile_at,
                    )
                else:
                    call(
                        column,
                        0,
                        1,
                        width,
                        rows,
                        a_block,
                        a_row,
                        a_inner,
                        b_panel,
                        b_distance,
                        c_panel,
                        c_row,
                        depth,
                        goes_on,
                    )


# ---- very few columns ----------------------------------------------------------------------------------------------

FEW = 4
"""So many columns of c are very few."""


@intrinsic
def _compute_dots(typing: Any, a: Any, b: Any, n: Any, b_column: Any, steps: Any, out: Any) -> Any:
    """Compute out[j] = a · b_j for n of at most `FEW` vectors, by their addresses.

    They lie b_column floats from each other. Each step takes sixteen floats.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, n, b_column, steps, out = args
        a, b, out = (builder.inttoptr(address, FLOAT.as_pointer()) for address in (a, b, out))
        fma = find_vector_fma(builder, SIXTEEN)

        def load(base: Any, offset: Any) -> Any:
            return builder.load(builder.bitcast(builder.gep(base, [offset]), SIXTEEN.as_pointer()), align=4)

        def split_halves(value: Any, width: int) -> list[Any]:
            masks = [ir.Constant(ir.VectorType(I32, width), [first + i for i in range(width)]) for first in (0, width)]
            return [builder.shuffle_vector(value, value, mask) for mask in masks]

        for count in range(1, FEW + 1):
            with builder.if_then(builder.icmp_signed("==", n, make_int64(count))):
                sums = [cgutils.alloca_once_value(builder, ir.Constant(SIXTEEN, [0.0] * 16)) for _ in range(count)]
                with cgutils.for_range(builder, steps) as loop:
                    at = builder.mul(loop.index, make_int64(16))
                    x = load(a, at)
                    for j in range(count):
                        y = load(b, builder.add(at, builder.mul(b_column, make_int64(j))))
                        builder.store(builder.call(fma, [x, y, builder.load(sums[j])]), sums[j])
                for j in range(count):
                    total = builder.load(sums[j])
                    for width in (8, 4, 2, 1):
                        total = builder.fadd(*split_halves(total, width))
                    builder.store(
                        builder.extract_element(total, make_int32(0)),
                        builder.gep(out, [make_int64(j)]),
                    )
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@inline
def dot(a, b, out):
    """Compute the sum of a · b, for which `out`, (1,), is room.

    There are sixteen chains, added up in pairs, and one for what is left of the last
    sixteen.
    """
    whole = len(a) // 16
    _compute_dots(get_address(a), get_address(b), 1, 0, whole, get_address(out))
    for k in range(16 * whole, len(a)):
        out[0] = fma(a[k], b[k], out[0])
    return out[0]


@Kernel
def multiply_few_columns(part, parts, m, n, inner, a, a_row, b, c):
    """Compute c = a b' for n up to `FEW`.

    The numbers of a row of a lie together; b is (n, inner), c (m, n). Parts have rows.
    """
    begin, end = get_share(m, part, parts)
    b, whole = view_matrix(b, n, inner), inner // 16
    for i in range(begin, end):
        x, out = view_vector(a + 4 * i * a_row, inner), view_vector(c + 4 * n * i, n)
        _compute_dots(get_address(x), get_address(b), n, inner, whole, get_address(out))
        for k in range(16 * whole, inner):
            for j in range(n):
                out[j] = fma(x[k], b[j, k], out[j])
