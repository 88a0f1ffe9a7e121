"""How a tape is run: kernel after kernel, by cores that wait for each other."""

import platform
import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from sknet_hp.nets.compiled.kernel import MOST_FIELDS, Kernel, inline, intrinsic
from sknet_hp.nets.compiled.machine import I32, I64, build_call, flush_subnormals, make_int64, restore_rounding

# ---- a barrier -----------------------------------------------------------------------------------------------------


def _make_atomic(operation: str) -> Any:
    """Make a function (address, value) of an atomic operation on a whole number."""

    @intrinsic
    def run_atomic(typing: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at = builder.inttoptr(args[0], I64.as_pointer())
            if operation == "load":
                return builder.load_atomic(at, "seq_cst", 8)
            if operation == "store":
                builder.store_atomic(args[1], at, "seq_cst", 8)
                return args[1]
            return builder.atomic_rmw(operation, at, args[1], "seq_cst")

        return types.int64(types.int64, types.int64), generate

    return run_atomic


_add, _load, _store = map(_make_atomic, ("add", "load", "store"))

_FUTEX = (
    {"x86_64": 202, "amd64": 202, "aarch64": 98, "arm64": 98}.get(platform.machine().lower())
    if sys.platform == "linux"
    else None
)
_WAIT, _WAKE = 128, 129  # for threads of one process


def _make_futex_call(operation: int) -> Any:
    """Make a function (address, value) that sleeps or wakes others, as Linux does it.

    On other systems it lets other threads go first.
    """

    @intrinsic
    def ask_system(typing: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            if _FUTEX is not None:
                of = ir.FunctionType(I64, [I64] * 7)
                syscall = cgutils.get_or_insert_function(builder.module, of, "syscall")
                zero = make_int64(0)
                builder.call(syscall, [make_int64(_FUTEX), args[0], make_int64(operation), args[1], zero, zero, zero])
            elif sys.platform != "win32":
                of = ir.FunctionType(I32, [])
                builder.call(cgutils.get_or_insert_function(builder.module, of, "sched_yield"), [])
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return ask_system


_sleep_while, _wake = _make_futex_call(_WAIT), _make_futex_call(_WAKE)

_SPINS = 200_000  # looks at a barrier before a thread sleeps: some hundred microseconds

BARRIER = 3
"""Whole numbers of a barrier, zeros at first: parts that have come, how often all have,
and how many sleep.
"""


@inline
def meet(barrier, parts):
    """Wait until all parts have come here.

    `barrier` is the address of `BARRIER` whole numbers. A part that waits long sleeps,
    and the system wakes it on a core that is idle: two that only looked again and again
    could share one.
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


# ---- the tape ------------------------------------------------------------------------------------------------------


@intrinsic
def _call_row(typing: Any, row: Any, part: Any, parts: Any) -> Any:
    """Call the kernel of a row of a tape.

    The row begins with its address; the fields follow. Those that it has not do no
    harm.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        fields = builder.inttoptr(args[0], I64.as_pointer())
        values = [builder.load(builder.gep(fields, [make_int64(i)])) for i in range(1 + MOST_FIELDS)]
        return build_call(context, builder, values[0], [args[1], args[2], *values[1:]])

    return types.void(types.int64, types.int64, types.int64), generate


@inline
def walk(tape, n, part, parts, barrier):
    """Run the n kernels of a tape, one after the other.

    `tape` is the address of rows as `Tape.bind` makes them.
    """
    for i in range(n):
        _call_row(tape + 8 * (1 + MOST_FIELDS) * i, part, parts)
        meet(barrier, parts)


@Kernel
def run_tape(part, parts, tape, n, barrier):
    """Run a tape, for those who are not compiled."""
    before = flush_subnormals()
    walk(tape, n, part, parts, barrier)
    restore_rounding(before)
