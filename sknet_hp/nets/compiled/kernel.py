"""How a Python function becomes a kernel: machine code that holds no lock.

It is compiled when it is first used, and kept on disk. A kernel takes whole numbers
only: sizes, addresses of arrays, and small numbers as their bits. So every kernel can
be called through its address, by a tape that knows no more of it, and none is compiled
that no network needs.

    @Kernel
    def double(part, parts, n, x, out):
        begin, end = get_share(n, part, parts)
        x, out = view_vector(x, n), view_vector(out, n)
        for i in range(begin, end):
            out[i] = x[i] + x[i]

`part` of `parts` is the share of the work that is asked for: cores that work on one
network each do theirs. How many there are must not show in the bits, so an element is
always computed by the same operations in the same order.
"""

import ctypes
import hashlib
import inspect
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import numba.extending
import numpy as np
from numba import njit, types
from numba.core.caching import FunctionCache, NullCache
from numba.core.ccallback import CFunc

# No `fastmath`: the order of additions is part of the promise.
_OPTIONS: dict[str, Any] = {"boundscheck": False, "error_model": "numpy"}

inline: Callable[..., Any] = njit(nogil=True, forceinline=True, **_OPTIONS)
"""For functions that kernels are made of."""

intrinsic: Callable[..., Any] = numba.extending.intrinsic
"""For those that are instructions."""

MOST_FIELDS = 16
"""Arguments of a kernel beside `part` and `parts`, at most."""

_SLOW = 2.0  # seconds of compiling after which it is worth a word


# ---- kernels -------------------------------------------------------------------------------------------------------


class Kernel:
    """A compiled function of whole numbers.

    Attributes
    ----------
    fields : the names of its arguments after `part` and `parts`.
    """

    _lock = threading.RLock()
    _seconds = 0.0
    _told = False

    def __init__(self, function: Callable[..., None]):
        self.function = function
        self.name = function.__name__
        self.fields = tuple(inspect.signature(function).parameters)[2:]
        self.n_arguments = 2 + len(self.fields)
        self._made: Any = None
        self.__doc__ = function.__doc__

    @property
    def address(self) -> int:
        """Where its machine code begins.

        That is made, or read from disk, when it is first asked for.
        """
        if self._made is None:
            with Kernel._lock:
                if self._made is None:
                    self._made = self._compile()
        return self._made.address

    def _compile(self) -> Any:
        """Compile the function, or find its machine code; say so if it takes long."""
        begin = time.thread_time()
        made: Any = CFunc(self.function, ((types.int64,) * self.n_arguments, types.void), {}, _OPTIONS)
        kept = made._cache = _open_cache(self.function)
        made.compile()
        if not made.cache_hits:
            Kernel._seconds += time.thread_time() - begin
            if Kernel._seconds > _SLOW and not Kernel._told:
                Kernel._told = True
                where = (
                    f"keeps them in {kept.cache_path}"
                    if isinstance(kept, _Cache)
                    else "can not keep them (set NUMBA_CACHE_DIR to a folder)"
                )
                print(f"sknet_hp compiles its kernels for this CPU, and {where}", file=sys.stderr, flush=True)
        return made

    def __call__(self, *, part: int = 0, parts: int = 1, **fields: object) -> None:
        """Run it alone, on arrays (by their addresses) and numbers."""
        self._call(part, parts, *(encode_field(fields[name]) for name in self.fields))

    @cached_property
    def _call(self) -> Callable[..., None]:
        return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * self.n_arguments)(self.address)


def make_kernel(pattern: Callable[..., None], name: str, **functions: object) -> Kernel:
    """Make a kernel of a function in which some names are yet to be chosen.

    Parameters
    ----------
    pattern : the function.
    name : of the kernel.
    functions : by name, what stands for it.
    """
    chosen = FunctionType(pattern.__code__, pattern.__globals__ | functions, name)
    chosen.__qualname__ = f"{pattern.__name__}.{name}"  # by which its machine code is found again
    chosen.__doc__ = pattern.__doc__
    return Kernel(chosen)


def encode_field(value: object) -> int:
    """Make a field of a value.

    It is the address of an array or a kernel, a float's bits, or a whole number itself.
    """
    if isinstance(value, (int, np.integer, np.bool_)):
        return int(value)
    if isinstance(value, np.ndarray):
        return int(value.ctypes.data)
    if isinstance(value, Kernel):
        return value.address
    if isinstance(value, (float, np.floating)):
        return int(np.float32(value).view(np.int32))
    raise TypeError(f"a kernel takes no {type(value).__name__}")


class _Cache(FunctionCache):
    """Machine code on disk, as numba keeps it.

    It is valid only as long as no file of ours has changed: kernels are made of
    functions of several.
    """

    def __init__(self, function: Callable[..., None]):
        super().__init__(function)
        self._cache_file._source_stamp = _hash_sources()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a file that another version, or a disk that was full, has left
            with suppress(OSError):  # what is saved would be added to its index
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:  # no room on the disk: it will be compiled again
            return


def _open_cache(function: Callable[..., None]) -> Any:
    try:
        return _Cache(function)
    except RuntimeError:  # there is no folder that could be written to
        return NullCache()


_SOURCES = (
    "nets/compiled/**/*.py",
    "training/compiled/**/*.py",
    "training/rules/stopping.py",
    "training/rules/averaging.py",
    "training/rules/optimizer.py",
    "nets/random_bits.py",
)


@cache
def _hash_sources() -> str:
    """Return a digest of all files that kernels are made of."""
    package = Path(__file__).parents[2]
    sha = hashlib.sha256()
    for source in sorted(path for pattern in _SOURCES for path in package.glob(pattern)):
        sha.update(source.read_bytes())
    return sha.hexdigest()
