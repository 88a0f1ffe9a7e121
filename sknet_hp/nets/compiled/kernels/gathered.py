"""Sums of some rows of a table, each by a factor, and the opposite: what a linear map
makes of cells that are mostly zero.

An *entry* is a row's number and its factor. Entries are added one after the other, each
by one multiplication and addition; those of a negative number are left out. Sums stay
in registers meanwhile: a few of sixteen floats each.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import inline, intrinsic

_FLOAT, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_SIXTEEN = ir.VectorType(_FLOAT, 16)
_MASK = ir.VectorType(ir.IntType(1), 16)


def _make_int64(value: int) -> Any:
    return ir.Constant(_I64, value)


class _Row:
    """A row's floats in registers: whole ones, or a single one of which only the first
    floats count.
    """

    def __init__(self, builder: Any, registers: int, used: Any):
        self.builder, self.registers, self.mask = builder, registers, None
        if registers == 0:
            self.registers = 1
            numbers = ir.Constant(ir.VectorType(_I32, 16), list(range(16)))
            self.mask = builder.icmp_signed("<", numbers, self.repeated(builder.trunc(used, _I32)))

    def repeated(self, value: Any) -> Any:
        """A number in all places of a register."""
        empty = ir.Constant(ir.VectorType(value.type, 16), ir.Undefined)
        one = self.builder.insert_element(empty, value, ir.Constant(_I32, 0))
        return self.builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(_I32, 16), [0] * 16))

    def _place(self, address: Any, v: int) -> Any:
        return self.builder.inttoptr(self.builder.add(address, _make_int64(64 * v)), _SIXTEEN.as_pointer())

    def load(self, address: Any) -> list[Any]:
        b = self.builder
        if self.mask is None:
            return [b.load(self._place(address, v), align=4) for v in range(self.registers)]
        of = ir.FunctionType(_SIXTEEN, [_SIXTEEN.as_pointer(), _I32, _MASK, _SIXTEEN])
        masked = cgutils.get_or_insert_function(b.module, of, "llvm.masked.load.v16f32.p0")
        return [
            b.call(
                masked, [self._place(address, 0), ir.Constant(_I32, 4), self.mask, ir.Constant(_SIXTEEN, [0.0] * 16)]
            )
        ]

    def store(self, values: list[Any], address: Any) -> None:
        b = self.builder
        if self.mask is None:
            for v, value in enumerate(values):
                b.store(value, self._place(address, v)).align = 4
            return
        of = ir.FunctionType(ir.VoidType(), [_SIXTEEN, _SIXTEEN.as_pointer(), _I32, _MASK])
        masked = cgutils.get_or_insert_function(b.module, of, "llvm.masked.store.v16f32.p0")
        b.call(masked, [values[0], self._place(address, 0), ir.Constant(_I32, 4), self.mask])

    def fma(self, factor: Any, values: list[Any], sums: list[Any]) -> list[Any]:
        of = ir.FunctionType(_SIXTEEN, [_SIXTEEN] * 3)
        fma = cgutils.get_or_insert_function(self.builder.module, of, "llvm.fma.v16f32")
        return [self.builder.call(fma, [factor, value, total]) for value, total in zip(values, sums, strict=True)]


def _make_row_function(registers: int, backward: bool) -> Any:
    """(numbers, factors, count, table, width, out, used): all but counts and widths are
    addresses; `factors` may be 0, for ones.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers, factors, count, table, width, out, used = args
        row = _Row(builder, registers, used)
        distance = builder.mul(width, _make_int64(4))
        numbers, given = (
            builder.inttoptr(numbers, _I32.as_pointer()),
            builder.icmp_signed("!=", factors, _make_int64(0)),
        )
        ones = cgutils.alloca_once_value(builder, ir.Constant(_FLOAT, 1.0))
        factors = builder.select(given, builder.inttoptr(factors, _FLOAT.as_pointer()), ones)
        stride = builder.select(given, _make_int64(1), _make_int64(0))
        own = row.load(out)
        sums = [cgutils.alloca_once_value(builder, value) for value in own]
        with cgutils.for_range(builder, count) as loop:
            number = builder.load(builder.gep(numbers, [loop.index]))
            with builder.if_then(builder.icmp_signed(">=", number, ir.Constant(_I32, 0)), likely=True):
                factor = row.repeated(builder.load(builder.gep(factors, [builder.mul(loop.index, stride)])))
                at = builder.add(table, builder.mul(builder.sext(number, _I64), distance))
                values = row.load(at)
                if backward:
                    row.store(row.fma(factor, own, values), at)
                else:
                    for place, value in zip(
                        sums, row.fma(factor, values, [builder.load(place) for place in sums]), strict=True
                    ):
                        builder.store(value, place)
        if not backward:
            row.store([builder.load(place) for place in sums], out)
        return context.get_dummy_value()

    @intrinsic
    def of_row(typing: Any, numbers: Any, factors: Any, count: Any, table: Any, width: Any, out: Any, used: Any) -> Any:
        return types.void(*[types.int64] * 7), generate

    return of_row


_ADD = {registers: _make_row_function(registers, backward=False) for registers in (0, 1, 4)}
_SPREAD = {registers: _make_row_function(registers, backward=True) for registers in (0, 1, 4)}
_add_4, _add_1, _add_some = _ADD[4], _ADD[1], _ADD[0]
_spread_4, _spread_1, _spread_some = _SPREAD[4], _SPREAD[1], _SPREAD[0]


@inline
def add_entries(numbers, factors, count, table, width, out, columns):
    """Add entries' rows of a table, `width` floats apart, to `columns` floats at `out`.
    Numbers are int32, factors float32 or 0 for ones.
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
    """Add `columns` floats at `g`, by the entries' factors, to the entries' rows of a
    table.
    """
    j = 0
    while j + 64 <= columns:
        _spread_4(numbers, factors, count, table + 4 * j, width, g + 4 * j, 64)
        j += 64
    while j + 16 <= columns:
        _spread_1(numbers, factors, count, table + 4 * j, width, g + 4 * j, 16)
        j += 16
    if j < columns:
        _spread_some(numbers, factors, count, table + 4 * j, width, g + 4 * j, columns - j)
