"""Sums of some rows of a table, each by a factor, and the opposite.

This is what a linear map makes of cells that are mostly zero. An *entry* is a row's
number and its factor. Entries are added one after the other, each by one multiplication
and addition; those of a negative number are left out. Sums stay in registers meanwhile:
a few of sixteen floats each.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import inline, intrinsic
from sknet_hp.nets.compiled.kernels.tiles import SIXTEEN
from sknet_hp.nets.compiled.machine import FLOAT, I32, I64, build_repeat, find_vector_fma, make_int32, make_int64

_MASK = ir.VectorType(ir.IntType(1), 16)


class _Row:
    """A row's floats in registers.

    They are whole ones or, with `registers` 0, one of which only the first `used`
    floats count.
    """

    def __init__(self, builder: Any, registers: int, used: Any):
        self.builder, self.registers, self.mask = builder, registers, None
        if registers == 0:
            self.registers = 1
            numbers = ir.Constant(ir.VectorType(I32, 16), list(range(16)))
            self.mask = builder.icmp_signed("<", numbers, build_repeat(builder, builder.trunc(used, I32), 16))

    def _find(self, address: Any, v: int) -> Any:
        return self.builder.inttoptr(self.builder.add(address, make_int64(64 * v)), SIXTEEN.as_pointer())

    def load(self, address: Any) -> list[Any]:
        """Build the loads of a row at an address."""
        b = self.builder
        if self.mask is None:
            return [b.load(self._find(address, v), align=4) for v in range(self.registers)]
        of = ir.FunctionType(SIXTEEN, [SIXTEEN.as_pointer(), I32, _MASK, SIXTEEN])
        masked = cgutils.get_or_insert_function(b.module, of, "llvm.masked.load.v16f32.p0")
        return [b.call(masked, [self._find(address, 0), make_int32(4), self.mask, ir.Constant(SIXTEEN, [0.0] * 16)])]

    def store(self, values: list[Any], address: Any) -> None:
        """Build the stores of a row at an address."""
        b = self.builder
        if self.mask is None:
            for v, value in enumerate(values):
                b.store(value, self._find(address, v)).align = 4
            return
        of = ir.FunctionType(ir.VoidType(), [SIXTEEN, SIXTEEN.as_pointer(), I32, _MASK])
        masked = cgutils.get_or_insert_function(b.module, of, "llvm.masked.store.v16f32.p0")
        b.call(masked, [values[0], self._find(address, 0), make_int32(4), self.mask])

    def multiply_and_add(self, factor: Any, values: list[Any], sums: list[Any]) -> list[Any]:
        """Build factor · values + sums, rounded once."""
        fma = find_vector_fma(self.builder, SIXTEEN)
        return [self.builder.call(fma, [factor, value, total]) for value, total in zip(values, sums, strict=True)]


def _make_row_function(registers: int, backward: bool) -> Any:
    """Make a function that adds entries' rows to a row, or, backward, the row to them.

    Its arguments are (numbers, factors, count, table, width, out, used): all but counts
    and widths are addresses; `factors` may be 0, for ones.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers, factors, count, table, width, out, used = args
        row = _Row(builder, registers, used)
        distance = builder.mul(width, make_int64(4))
        numbers, given = (
            builder.inttoptr(numbers, I32.as_pointer()),
            builder.icmp_signed("!=", factors, make_int64(0)),
        )
        ones = cgutils.alloca_once_value(builder, ir.Constant(FLOAT, 1.0))
        factors = builder.select(given, builder.inttoptr(factors, FLOAT.as_pointer()), ones)
        stride = builder.select(given, make_int64(1), make_int64(0))
        own = row.load(out)
        sums = [cgutils.alloca_once_value(builder, value) for value in own]
        with cgutils.for_range(builder, count) as loop:
            number = builder.load(builder.gep(numbers, [loop.index]))
            with builder.if_then(builder.icmp_signed(">=", number, make_int32(0)), likely=True):
                factor = build_repeat(
                    builder, builder.load(builder.gep(factors, [builder.mul(loop.index, stride)])), 16
                )
                at = builder.add(table, builder.mul(builder.sext(number, I64), distance))
                values = row.load(at)
                if backward:
                    row.store(row.multiply_and_add(factor, own, values), at)
                else:
                    for place, value in zip(
                        sums, row.multiply_and_add(factor, values, [builder.load(place) for place in sums]), strict=True
                    ):
                        builder.store(value, place)
        if not backward:
            row.store([builder.load(place) for place in sums], out)
        return context.get_dummy_value()

    @intrinsic
    def add_row(
        typing: Any, numbers: Any, factors: Any, count: Any, table: Any, width: Any, out: Any, used: Any
    ) -> Any:
        return types.void(*[types.int64] * 7), generate

    return add_row


_ADD = {registers: _make_row_function(registers, backward=False) for registers in (0, 1, 4)}
_SPREAD = {registers: _make_row_function(registers, backward=True) for registers in (0, 1, 4)}
_add_4, _add_1, _add_some = _ADD[4], _ADD[1], _ADD[0]
_spread_4, _spread_1, _spread_some = _SPREAD[4], _SPREAD[1], _SPREAD[0]


@inline
def add_entries(numbers, factors, count, table, width, out, columns):
    """Add entries' rows of a table to `columns` floats at `out`.

    The rows lie `width` floats apart. Numbers are int32, factors float32 or 0 for ones.
    """
    j = 0
    while j + 64 <= columns:
        _add_4(numbers, factors, count, table + 4 * j, width, out + 4 * j, 64)
        j += 64
    while j + 16 <= columns:
        _add_1(numbers, factors, count, table + 4 * j, width, out + 4 * j, 16)
        j += 16
    if j < columns:
        _add_some(numbers, factors, count, table + 4 * j, width, out + 4 * j, columns - j)


@inline
def spread_entries(numbers, factors, count, table, width, g, columns):
    """Add `columns` floats at `g`, by entries' factors, to their rows of a table."""
    j = 0
    while j + 64 <= columns:
        _spread_4(numbers, factors, count, table + 4 * j, width, g + 4 * j, 64)
        j += 64
    while j + 16 <= columns:
        _spread_1(numbers, factors, count, table + 4 * j, width, g + 4 * j, 16)
        j += 16
    if j < columns:
        _spread_some(numbers, factors, count, table + 4 * j, width, g + 4 * j, columns - j)
