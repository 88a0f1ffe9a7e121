"""What kernels are made of.

Arrays at addresses, shares of the work, a multiplication and addition that is rounded
once, and calls of other kernels.
"""

import platform
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import inline, intrinsic


def count_lanes() -> int:
    """Return how many floats a vector register of this CPU holds."""
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


# ---- for intrinsics ------------------------------------------------------------------------------------------------

I32, I64, FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()


def make_int32(value: int) -> Any:
    """Make a constant for instructions."""
    return ir.Constant(I32, value)


def make_int64(value: int) -> Any:
    """Make a constant for instructions."""
    return ir.Constant(I64, value)


def find_vector_fma(builder: Any, register: Any) -> Any:
    """Find the instruction a b + c of three registers of floats, rounded once."""
    of = ir.FunctionType(register, [register] * 3)
    return cgutils.get_or_insert_function(builder.module, of, f"llvm.fma.v{register.count}f32")


def build_repeat(builder: Any, value: Any, count: int) -> Any:
    """Build a register that holds a number in all its places."""
    empty = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    one = builder.insert_element(empty, value, make_int32(0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(I32, count), [0] * count))


# ---- arrays --------------------------------------------------------------------------------------------------------


def _make_pointer_cast(kind: Any) -> Any:
    @intrinsic
    def cast_to_pointer(typing: Any, address: Any) -> Any:
        to = types.CPointer(kind)
        return to(types.int64), lambda context, builder, signature, args: builder.inttoptr(
            args[0], context.get_value_type(to)
        )

    return cast_to_pointer


_point_to_floats, _point_to_doubles, _point_to_int64s, _point_to_int32s, _point_to_uint16s = map(
    _make_pointer_cast, (types.float32, types.float64, types.int64, types.int32, types.uint16)
)


@inline
def view_vector(address, n):
    """View the float32 array (n,) at an address."""
    return carray(_point_to_floats(address), (n,))


@inline
def view_matrix(address, rows, width):
    """View the float32 array (rows, width) at an address."""
    return carray(_point_to_floats(address), (rows, width))


@inline
def view_doubles(address, n):
    """View the float64 array (n,) at an address."""
    return carray(_point_to_doubles(address), (n,))


@inline
def view_int64s(address, n):
    """View the int64 array (n,) at an address."""
    return carray(_point_to_int64s(address), (n,))


@inline
def view_int32s(address, n):
    """View the int32 array (n,) at an address."""
    return carray(_point_to_int32s(address), (n,))


@inline
def view_uint16s(address, n):
    """View the uint16 array (n,) at an address."""
    return carray(_point_to_uint16s(address), (n,))


@inline
def get_address(array):
    """Return where an array begins."""
    return array.ctypes.data


@inline
def copy(source, target):
    """Copy an array into another of its length.

    Whole slices may be assigned too, but that takes long to compile.
    """
    for i in range(len(target)):
        target[i] = source[i]


@inline
def get_share(n, part, parts):
    """Return (begin, end) of the part of n items.

    Parts begin at multiples of 16, so that no two write into one line of a cache.
    """
    lines = (n + 15) // 16
    return min(n, 16 * (lines * part // parts)), min(n, 16 * (lines * (part + 1) // parts))


# ---- numbers -------------------------------------------------------------------------------------------------------


@intrinsic
def make_float(typing: Any, bits: Any) -> Any:
    """Make a float32 of its bits, an int32."""
    return types.float32(types.int32), lambda context, builder, signature, args: builder.bitcast(args[0], FLOAT)


@intrinsic
def get_bits(typing: Any, number: Any) -> Any:
    """Return the bits of a float32, as an int32."""
    return types.int32(types.float32), lambda context, builder, signature, args: builder.bitcast(args[0], I32)


@inline
def decode_number(field):
    """Return the float32 that a field holds, see `encode_field`."""
    return make_float(np.int32(field))


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Compute a b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        of = ir.FunctionType(FLOAT, [FLOAT] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, of, "llvm.fma.f32"), args)

    return types.float32(types.float32, types.float32, types.float32), generate


# ---- rounding ------------------------------------------------------------------------------------------------------


def _build_control_register_access(builder: Any, value: Any = None) -> Any:
    """Read, or write, how this thread's processor rounds; 0 where we do not know it."""
    machine = platform.machine().lower()
    word = cgutils.alloca_once(builder, I64)
    builder.store(make_int64(0) if value is None else value, word)

    def find(name: str, result: Any, arguments: list[Any]) -> Any:
        return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)

    if machine in ("x86_64", "amd64"):
        name = "llvm.x86.sse.stmxcsr" if value is None else "llvm.x86.sse.ldmxcsr"
        byte = builder.bitcast(word, ir.IntType(8).as_pointer())
        builder.call(find(name, ir.VoidType(), [byte.type]), [byte])
        return builder.zext(builder.trunc(builder.load(word), I32), I64)
    if machine in ("aarch64", "arm64"):
        if value is None:
            return builder.call(find("llvm.aarch64.get.fpcr", I64, []), [])
        builder.call(find("llvm.aarch64.set.fpcr", ir.VoidType(), [I64]), [value])
    return builder.load(word)


_FLUSH = 0x8040 if platform.machine().lower() in ("x86_64", "amd64") else 1 << 24


@intrinsic
def flush_subnormals(typing: Any) -> Any:
    """Let numbers too small to be normal count as zero in this thread.

    They would slow a long training down. Returns what to give `restore_rounding` in the
    end.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before = _build_control_register_access(builder)
        _build_control_register_access(builder, builder.or_(before, make_int64(_FLUSH)))
        return before

    return types.int64(), generate


@intrinsic
def restore_rounding(typing: Any, before: Any) -> Any:
    """Undo `flush_subnormals`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _build_control_register_access(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


# ---- calls ---------------------------------------------------------------------------------------------------------


def build_call(context: Any, builder: Any, address: Any, args: list[Any]) -> Any:
    """Build the call of the kernel at an address, with whole numbers."""
    function = ir.FunctionType(ir.VoidType(), [I64] * len(args)).as_pointer()
    builder.call(builder.inttoptr(address, function), args)
    return context.get_dummy_value()


@intrinsic
def call(typing: Any, address: Any, *fields: Any) -> Any:
    """Call the kernel at an address, with `part`, `parts` and its fields."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return build_call(context, builder, args[0], cgutils.unpack_tuple(builder, args[1]))

    return types.void(types.int64, types.StarArgTuple([types.int64] * len(fields))), generate
