"""Tiles of a matrix product, which stay in registers, and transposed squares."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import intrinsic
from sknet_hp.nets.compiled.machine import FLOAT, I32, build_repeat, find_vector_fma, make_int64

SIXTEEN = ir.VectorType(FLOAT, 16)


def make_tile(rows: int, registers: int, lanes: int) -> Any:
    """Make a function that computes a tile of c = a b, or adds to it where `add`.

    Its arguments are (a, a_row, a_inner, b, b_inner, c, c_row, depth, add): addresses
    of a, b and c, each followed by distances in floats, and the length of the chains.
    """
    register = ir.VectorType(FLOAT, lanes)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, a_row, a_inner, b, b_inner, c, c_row, depth, add = args
        a, b, c = (builder.inttoptr(address, FLOAT.as_pointer()) for address in (a, b, c))
        fma = find_vector_fma(builder, register)
        tile = [(i, v) for i in range(rows) for v in range(registers)]
        sums = {at: cgutils.alloca_once_value(builder, ir.Constant(register, [0.0] * lanes)) for at in tile}

        def find_register(base: Any, offset: Any, v: int) -> Any:
            return builder.bitcast(
                builder.gep(base, [builder.add(offset, make_int64(v * lanes))]), register.as_pointer()
            )

        places = {(i, v): find_register(c, builder.mul(c_row, make_int64(i)), v) for i, v in tile}
        with builder.if_then(builder.icmp_signed("!=", add, make_int64(0))):
            for at in tile:
                builder.store(builder.load(places[at], align=4), sums[at])
        row_starts = [builder.gep(a, [builder.mul(a_row, make_int64(i))]) for i in range(rows)]
        with cgutils.for_range(builder, depth) as loop:
            b_offset, a_offset = builder.mul(loop.index, b_inner), builder.mul(loop.index, a_inner)
            panel = [builder.load(find_register(b, b_offset, v), align=4) for v in range(registers)]
            for i in range(rows):
                value = builder.load(builder.gep(row_starts[i], [a_offset]), align=4)
                repeated = build_repeat(builder, value, lanes)
                for v in range(registers):
                    builder.store(builder.call(fma, [repeated, panel[v], builder.load(sums[i, v])]), sums[i, v])
        for at in tile:
            builder.store(builder.load(sums[at]), places[at]).align = 4
        return context.get_dummy_value()

    @intrinsic
    def compute_tile(
        typing: Any, a: Any, a_row: Any, a_inner: Any, b: Any, b_inner: Any, c: Any, c_row: Any, depth: Any, add: Any
    ) -> Any:
        return types.void(*[types.int64] * 9), generate

    return compute_tile


@intrinsic
def transpose_square(typing: Any, source: Any, distance: Any, target: Any, target_distance: Any) -> Any:
    """Write a square of 16 × 16 floats transposed.

    Its rows lie `distance` floats apart at the address `source`, and `target_distance`
    apart at `target`.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, distance, target, target_distance = args

        def find_row(base: Any, between: Any, i: int) -> Any:
            at = builder.add(base, builder.mul(between, make_int64(4 * i)))
            return builder.inttoptr(at, SIXTEEN.as_pointer())

        rows = [builder.load(find_row(source, distance, i), align=4) for i in range(16)]
        masks = [
            ir.Constant(ir.VectorType(I32, 16), [first + i // 2 + 16 * (i % 2) for i in range(16)]) for first in (0, 8)
        ]
        for _ in range(4):  # each round interleaves the upper half of the rows with the lower
            rows = [builder.shuffle_vector(rows[i], rows[i + 8], mask) for i in range(8) for mask in masks]
        for i in range(16):
            builder.store(rows[i], find_row(target, target_distance, i)).align = 4
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate
