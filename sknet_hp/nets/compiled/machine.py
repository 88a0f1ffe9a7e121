"""What kernels are made of: arrays at addresses, a multiplication and addition rounded
once, shares of the work, and the tape that calls kernels.
"""

import platform
import sys
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import MOST_FIELDS, Kernel, inline, intrinsic

_I64 = ir.IntType(64)


def count_lanes() -> int:
    """How many floats a vector register of this CPU holds."""
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


def _make_pointer_cast(kind: Any) -> Any:
    @intrinsic
    def pointer(typing: Any, address: Any) -> Any:
        to = types.CPointer(kind)
        return to(types.int64), lambda context, builder, signature, args: builder.inttoptr(
            args[0], context.get_value_type(to)
        )

    return pointer


_point_to_floats, _point_to_doubles, _point_to_int64s, _point_to_int32s, _point_to_uint16s = map(
    _make_pointer_cast, (types.float32, types.float64, types.int64, types.int32, types.uint16)
)


@inline
def view_vector(address, n):
    """The float32 array (n,) at an address."""
    return carray(_point_to_floats(address), (n,))


@inline
def view_matrix(address, rows, width):
    """The float32 array (rows, width) at an address."""
    return carray(_point_to_floats(address), (rows, width))


@inline
def get_address(array):
    """Where an array begins."""
    return array.ctypes.data


@inline
def copy(source, target):
    """Copy an array into another of its length. (Whole slices may be assigned too, but
    that takes long to compile.)
    """
    for i in range(len(target)):
        target[i] = source[i]


@inline
def view_doubles(address, n):
    return carray(_point_to_doubles(address), (n,))


@inline
def view_int64s(address, n):
    return carray(_point_to_int64s(address), (n,))


@inline
def view_int32s(address, n):
    """The int32 array (n,) at an address."""
    return carray(_point_to_int32s(address), (n,))


@inline
def view_uint16s(address, n):
    """The uint16 array (n,) at an address."""
    return carray(_point_to_uint16s(address), (n,))


@intrinsic
def bits_to_float(typing: Any, bits: Any) -> Any:
    """The float32 with these bits, an int32."""
    return types.float32(types.int32), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.FloatType()
    )


@intrinsic
def float_to_bits(typing: Any, number: Any) -> Any:
    """The bits of a float32, as an int32."""
    return types.int32(types.float32), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.IntType(32)
    )


@inline
def decode_number(field):
    """A small number that a field holds, see `encode_field`."""
    return bits_to_float(np.int32(field))


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        of = ir.FunctionType(ir.FloatType(), [ir.FloatType()] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, of, "llvm.fma.f32"), args)

    return types.float32(types.float32, types.float32, types.float32), generate


@inline
def get_share(n, part, parts):
    """(begin, end) of the part of n items; parts begin at multiples of 16, so that no
    two write into one line of a cache.
    """
    lines = (n + 15) // 16
    return min(n, 16 * (lines * part // parts)), min(n, 16 * (lines * (part + 1) // parts))


def _build_control_register_access(builder: Any, value: Any = None) -> Any:
    """Read, or write, how this thread's processor rounds; 0 where we do not know it."""
    machine = platform.machine().lower()
    word, i32 = cgutils.alloca_once(builder, _I64), ir.IntType(32)
    builder.store(ir.Constant(_I64, 0) if value is None else value, word)
    if machine in ("x86_64", "amd64"):
        name = "llvm.x86.sse.stmxcsr" if value is None else "llvm.x86.sse.ldmxcsr"
        byte = builder.bitcast(word, ir.IntType(8).as_pointer())
        builder.call(
            cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [byte.type]), name), [byte]
        )
        return builder.zext(builder.trunc(builder.load(word), i32), _I64)
    if machine in ("aarch64", "arm64"):
        if value is None:
            return builder.call(
                cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I64, []), "llvm.aarch64.get.fpcr"), []
            )
        builder.call(
            cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [_I64]), "llvm.aarch64.set.fpcr"
            ),
            [value],
        )
    return builder.load(word)


_FLUSH = 0x8040 if platform.machine().lower() in ("x86_64", "amd64") else 1 << 24


@intrinsic
def flush_subnormals(typing: Any) -> Any:
    """Let numbers too small to be normal count as zero in this thread: they would slow
    a long training down. What to give `restore_rounding` in the end.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before = _build_control_register_access(builder)
        _build_control_register_access(builder, builder.or_(before, ir.Constant(_I64, _FLUSH)))
        return before

    return types.int64(), generate


@intrinsic
def restore_rounding(typing: Any, before: Any) -> Any:
    """Undo `flush_subnormals`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _build_control_register_access(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


# ---- the tape ------------------------------------------------------------------------------------------------------


def _build_call(context: Any, builder: Any, address: Any, args: list[Any]) -> Any:
    function = ir.FunctionType(ir.VoidType(), [_I64] * len(args)).as_pointer()
    builder.call(builder.inttoptr(address, function), args)
    return context.get_dummy_value()


@intrinsic
def call(typing: Any, address: Any, *fields: Any) -> Any:
    """Call the kernel at an address, with `part`, `parts` and its fields."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _build_call(context, builder, args[0], cgutils.unpack_tuple(builder, args[1]))

    return types.void(types.int64, types.StarArgTuple([types.int64] * len(fields))), generate


@intrinsic
def _call_row(typing: Any, row: Any, part: Any, parts: Any) -> Any:
    """Call the kernel whose address begins a row of a tape, with the fields that follow
    it; those that it has not do no harm.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        fields = builder.inttoptr(args[0], _I64.as_pointer())
        values = [builder.load(builder.gep(fields, [ir.Constant(_I64, i)])) for i in range(1 + MOST_FIELDS)]
        return _build_call(context, builder, values[0], [args[1], args[2], *values[1:]])

    return types.void(types.int64, types.int64, types.int64), generate


def _make_atomic(operation: str) -> Any:
    @intrinsic
    def atomic(typing: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at = builder.inttoptr(args[0], _I64.as_pointer())
            if operation == "load":
                return builder.load_atomic(at, "seq_cst", 8)
            if operation == "store":
                builder.store_atomic(args[1], at, "seq_cst", 8)
                return args[1]
            return builder.atomic_rmw(operation, at, args[1], "seq_cst")

        return types.int64(types.int64, types.int64), generate

    return atomic


_add, _load, _store = map(_make_atomic, ("add", "load", "store"))


_FUTEX = (
    {"x86_64": 202, "amd64": 202, "aarch64": 98, "arm64": 98}.get(platform.machine().lower())
    if sys.platform == "linux"
    else None
)
_WAIT, _WAKE = 128, 129  # for threads of one process


def _make_futex_call(operation: int) -> Any:
    @intrinsic
    def ask(typing: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            if _FUTEX is not None:
                of = ir.FunctionType(_I64, [_I64] * 7)
                syscall = cgutils.get_or_insert_function(builder.module, of, "syscall")
                zero = ir.Constant(_I64, 0)
                builder.call(
                    syscall,
                    [ir.Constant(_I64, _FUTEX), args[0], ir.Constant(_I64, operation), args[1], zero, zero, zero],
                )
            elif sys.platform != "win32":
                builder.call(
                    cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), "sched_yield"),
                    [],
                )
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return ask


_sleep_while, _wake = _make_futex_call(_WAIT), _make_futex_call(_WAKE)

_SPINS = 200_000  # looks at a barrier before a thread sleeps: some hundred microseconds

BARRIER = 3
"""Whole numbers of a barrier, zeros at first: parts that have come, how often all have,
and how many sleep.
"""


@inline
def meet(barrier, parts):
    """Wait until all parts have come here; `barrier` is the address of `BARRIER` whole
    numbers.

    A part that waits long sleeps, and the system wakes it on a core that is idle: two
    that only looked again and again could share one.
    """
    if parts == 1:
        return
    generation = _load(barrier + 8, 0)
    if _add(barrier, 1) == parts - 1:
        _store(barrier, 0)
        _store(barrier + 8, generation + 1)
        if _load(barrier + 16, 0):
            _wake(barrier + 8, 1 << 30)
        return
    spins = 0
    while _load(barrier + 8, 0) == generation:
        spins += 1
        if spins > _SPINS:
            _add(barrier + 16, 1)
            _sleep_while(barrier + 8, generation & 0xFFFFFFFF)
            _add(barrier + 16, -1)


@inline
def walk(tape, n, part, parts, barrier):
    """Run the n kernels of a tape, one after the other; each row is an address and
    `MOST_FIELDS` fields.
    """
    for i in range(n):
        _call_row(tape + 8 * (1 + MOST_FIELDS) * i, part, parts)
        meet(barrier, parts)


@Kernel
def run_tape(part, parts, tape, n, barrier):
    """`walk`, for those who are not compiled."""
    before = flush_subnormals()
    walk(tape, n, part, parts, barrier)
    restore_rounding(before)
