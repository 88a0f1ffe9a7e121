"""Copies of what tasks share, so that each task works on its own.

Two tasks that fit one estimator at the same time would spoil each other's numbers.
Joblib's processes are safe from it, because what a task is given is pickled on its way;
tasks in threads are given a copy made likewise.
"""

import builtins
import contextvars
import dis
import functools
import io
import pickle
import queue
import re
import sys
import threading
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import cloudpickle
import numpy as np

_PLAIN = frozenset([type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset])
"""What the pickler knows by itself, and meets most often."""

_UNCHANGING = (type, ModuleType, CodeType, re.Pattern, np.dtype, np.ufunc, contextvars.ContextVar)

# Where tasks wait for each other, as users of threads mean it: a copy would keep them apart.
_MEETING_POINTS = (
    type(threading.Lock()),
    type(threading.RLock()),
    threading.Barrier,
    threading.Condition,
    threading.Event,
    threading.Semaphore,
    queue.Queue,
    queue.SimpleQueue,
)


CopiedCall = tuple[Any, tuple, dict]
"""A function, its arguments and its keyword arguments."""


def clones_by_itself(function: Any) -> bool:
    """Return whether a task's function clones what it fits.

    Functions of scikit-learn and our own do; methods do not count.
    """
    function = getattr(function, "function", function)  # of `sklearn.utils.parallel.delayed`
    module = function.__globals__.get("__name__") if isinstance(function, FunctionType) else None
    return (module or "").partition(".")[0] in ("sklearn", "sknet_hp")


def copy_calls(calls: list[CopiedCall], max_bytes: float) -> list[CopiedCall]:
    """Copy the calls of a task as pickling would; what they share, their copies share.

    Copied with a function are the variables it closes over, the object it is a method
    of, and the global variables it uses, if it can't be imported (it stands in a
    notebook or in another function) or if there is an estimator among them. Not copied
    are classes, modules and other functions; locks, events, barriers and queues that
    are arguments or variables of a function; and arrays of more than `max_bytes` bytes,
    which joblib's processes share too, though read-only. Large frames are copied so
    that they share their cells until one is written to.

    Raises
    ------
    Exception
        If something can't be copied, such as an open file, a generator, or an object
        that holds a lock.
    """
    file = io.BytesIO()
    pickler = _Pickler(file, calls, max_bytes)
    pickler.dump(calls)
    file.seek(0)
    return _Unpickler(file, pickler.uncopied).load()


class _Pickler(cloudpickle.Pickler):
    """Writes what is to be copied, and keeps apart what is not."""

    def __init__(self, file: io.BytesIO, calls: list[CopiedCall], max_bytes: float):
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.max_bytes = max_bytes
        self.uncopied: list[tuple[Any, Any]] = []  # what is not copied, and what stands for it
        self._positions: dict[int, int] = {}  # among these, by id
        self._globals: dict[int, dict[str, Any]] = {}  # of the copies, by the id of the functions' own
        self._share_meeting_points(value for _, args, kwargs in calls for value in [*args, *kwargs.values()])

    def persistent_id(self, obj: Any) -> int | None:
        if type(obj) in _PLAIN:
            return None
        if id(obj) not in self._positions:
            substitute = self._find_substitute(obj)
            if substitute is None:
                return None
            self._leave_uncopied(obj, substitute)
        return self._positions[id(obj)]

    def _leave_uncopied(self, value: Any, substitute: Any) -> None:
        self._positions[id(value)] = len(self.uncopied)
        self.uncopied.append((value, substitute))

    def _share_meeting_points(self, values: Any) -> None:
        for value in values:
            if isinstance(value, _MEETING_POINTS):
                self._leave_uncopied(value, value)

    def _find_substitute(self, value: Any) -> Any:
        """Return what stands for a value in the copy; None for a copy of it."""
        if isinstance(value, FunctionType):
            return value if _is_importable(value) and not _uses_estimator(value, set()) else None
        if isinstance(value, np.ndarray):
            return value if value.nbytes > self.max_bytes or isinstance(value, np.memmap) else None
        if isinstance(value, _UNCHANGING):
            return value
        library = type(value).__module__.partition(".")[0]
        if library == "pyarrow" and hasattr(value, "nbytes"):
            return value
        if library == "polars" and hasattr(value, "clone"):
            return value.clone()
        if (
            library == "pandas"
            and hasattr(value, "memory_usage")
            and hasattr(value, "iloc")
            and 8 * value.size > self.max_bytes
        ):
            return value.copy(deep=not _copies_on_write())
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, CellType):
            return CellType, (), _read_cell(obj), None, None, _fill_cell
        if isinstance(obj, FunctionType):
            return self._reduce_function(obj)
        return super().reducer_override(obj)

    def _reduce_function(self, function: FunctionType) -> tuple:
        """Reduce a function to a new one over the same code.

        It is completed when it is there, since functions refer to themselves.
        """
        used = _find_used_globals(function)
        self._share_meeting_points(used.values())
        self._share_meeting_points(value for cell in function.__closure__ or () for value in _read_cell(cell) or ())
        names: dict[str, Any] = {
            name: function.__globals__[name] for name in ("__name__", "__package__") if name in function.__globals__
        }
        new_globals = self._globals.setdefault(id(function.__globals__), names)
        attributes = {
            name: getattr(function, name)
            for name in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__kwdefaults__")
        }
        state = used, attributes, function.__dict__
        return (
            _make_function,
            (function.__code__, new_globals, function.__closure__),
            state,
            None,
            None,
            _complete_function,
        )


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, uncopied: list[tuple[Any, Any]]):
        super().__init__(file)
        self._uncopied = uncopied

    def persistent_load(self, pid: Any) -> Any:
        return self._uncopied[pid][1]


# ---- functions -----------------------------------------------------------------------------------------------------


def _copies_on_write() -> bool:
    """Return whether what is written to a frame leaves shallow copies of it alone.

    It never does from pandas 3 on, and before where users have asked for it.
    """
    pandas = sys.modules["pandas"]
    return not pandas.__version__.startswith("2.") or pandas.options.mode.copy_on_write is True


def _is_importable(function: FunctionType) -> bool:
    """Return whether another process would find the function by its name."""
    found: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is function and function.__module__ != "__main__"


def _uses_estimator(function: FunctionType, seen: set[FunctionType]) -> bool:
    """Return whether a function has an estimator among its global variables.

    Functions of the same package that it uses count too.
    """
    seen.add(function)
    for value in _find_used_globals(function).values():
        if isinstance(value, FunctionType):
            if value not in seen and _find_package(value) == _find_package(function) and _uses_estimator(value, seen):
                return True
        elif (
            not isinstance(value, (type, ModuleType))
            and hasattr(value, "fit")
            and (hasattr(value, "get_params") or hasattr(value, "predict"))
        ):
            return True
    return False


def _find_package(function: FunctionType) -> str:
    return (function.__globals__.get("__name__") or "").partition(".")[0]


def _find_used_globals(function: FunctionType) -> dict[str, Any]:
    return {
        name: function.__globals__[name]
        for name in _list_global_names(function.__code__)
        if name in function.__globals__
    }


@functools.lru_cache(maxsize=1000)
def _list_global_names(code: CodeType) -> tuple[str, ...]:
    """List the global variables of a function and of those within it, in order."""
    own = [each.argval for each in dis.get_instructions(code) if "GLOBAL" in each.opname or each.opname == "LOAD_NAME"]
    within = [
        name for constant in code.co_consts if isinstance(constant, CodeType) for name in _list_global_names(constant)
    ]
    return tuple(dict.fromkeys(own + within))


def _make_function(code: CodeType, global_variables: dict[str, Any], closure: tuple[CellType, ...] | None) -> Callable:
    global_variables["__builtins__"] = builtins
    return FunctionType(code, global_variables, closure=closure)


def _complete_function(function: Any, state: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    used, attributes, own = state
    function.__globals__.update(used)
    function.__dict__.update(own)
    for name, value in attributes.items():
        setattr(function, name, value)


def _read_cell(cell: CellType) -> tuple[Any] | None:
    """Return what a variable of an enclosing function holds, in a tuple.

    None if it has no value yet.
    """
    try:
        return (cell.cell_contents,)
    except ValueError:
        return None


def _fill_cell(cell: CellType, contents: tuple[Any]) -> None:
    cell.cell_contents = contents[0]
