"""What a search is a function of, as short digests that are the same in every process.

Functions and classes that a user may edit between two runs are their code and what it refers to; those of installed packages are their names.
"""

import dis
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator

_INSTALLED = [
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    Path(__file__).resolve().parents[2],  # our own, whose version is a part of a journal's identity
]
_CONSTANT = (str, bytes, bool, int, float, complex, np.generic, type(None), type(...))


def digest(value: Any) -> str:
    """A short digest of plain values, arrays, tables, estimators, functions and classes, the same in every process."""
    return hashlib.sha256(_Description().of(value).encode()).hexdigest()[:16]


class _Description:
    """One description under way; what it has told of functions and classes is not told twice."""

    def __init__(self) -> None:
        self._told: dict[int, Any] = {}  # the objects too: while they are alive, nothing else has their ids

    def of(self, value: Any, within: tuple[int, ...] = ()) -> str:
        """What an object is, in words."""

        def told(part: Any) -> str:
            return self.of(part, (*within, id(value)))

        if isinstance(value, BaseEstimator):
            return f"{told(type(value))}({told(value.get_params(deep=False))})"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {told(part)}" for key, part in sorted(value.items(), key=lambda item: str(item[0]))) + "}"
        if isinstance(value, (list, tuple)):
            return f"{type(value).__name__}[" + ", ".join(map(told, value)) + "]"
        if isinstance(value, (set, frozenset)):
            return f"{type(value).__name__}[" + ", ".join(sorted(map(told, value))) + "]"
        if isinstance(value, _CONSTANT):
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, MethodType):
            return f"{told(value.__func__)} of {told(value.__self__)}"
        if isinstance(value, partial):
            return f"partial {told(value.func)} {told(value.args)} {told(value.keywords)}"
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if callable(value) and hasattr(value, "__wrapped__"):  # such as a function with a cache
            return told(value.__wrapped__)
        if callable(value) and hasattr(value, "__qualname__"):
            return f"{value.__module__}.{value.__qualname__}"
        if hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen distribution of SciPy, whose pickle differs from process to process
            return f"{type(value.dist).__name__} {told(value.args)} {told(value.kwds)}"
        if _is_plain(value) and id(value) not in within:  # and so does that of what holds one, such as dimensions of a space
            return f"{told(type(value))} {told(vars(value))}"
        try:
            return f"{type(value).__qualname__} {joblib.hash(value)}"
        except Exception:  # what can not be pickled
            return f"{type(value).__qualname__} {told(vars(value)) if hasattr(value, '__dict__') and id(value) not in within else ''}"

    def _function(self, function: FunctionType) -> str:
        name, code = f"{function.__module__}.{function.__qualname__}", function.__code__
        if "<" not in function.__qualname__ and _is_installed(code.co_filename):  # all lambdas of a module have one name
            return name
        if self._has_told(function):
            return name
        inside = [function.__defaults__, function.__kwdefaults__, *_contents(function)]
        around = {known: function.__globals__[known] for known in sorted(set(_names(code)) - _written(code)) if known in function.__globals__}
        around = {known: part for known, part in around.items() if _is_constant(part) or isinstance(part, (FunctionType, type))}
        return f"{name} {self._code(code, function.__doc__)} {self.of(inside)} {self.of(around)}"

    def _class(self, own: type) -> str:
        name = f"{own.__module__}.{own.__qualname__}"
        module = sys.modules.get(own.__module__)
        file = getattr(module, "__file__", None)
        if (file is None and own.__module__ != "__main__") or (file is not None and _is_installed(file)) or self._has_told(own):
            return name
        members = {known: part.fget if isinstance(part, property) else getattr(part, "__func__", part) for known, part in sorted(vars(own).items())}
        parts: dict[str, Any] = {known: part for known, part in members.items() if isinstance(part, (FunctionType, type))}
        counted = set().union(*(_written(part.__code__) for part in parts.values() if isinstance(part, FunctionType)))
        parts |= {known: part for known, part in members.items() if _is_constant(part) and known not in counted and not known.startswith("__")}
        return f"{name}({', '.join(map(self.of, own.__bases__))}) {self.of(parts)}"

    def _code(self, code: CodeType, doc: str | None = None) -> str:
        constants = [part for k, part in enumerate(code.co_consts) if k or part is None or part != doc]
        told = [self._code(part) if isinstance(part, CodeType) else self.of(part) for part in constants]
        return f"{code.co_code.hex()} {code.co_names} {told}"

    def _has_told(self, part: Any) -> bool:
        known = id(part) in self._told
        self._told[id(part)] = part
        return known


def _is_installed(file: str) -> bool:
    if file.startswith("<frozen"):
        return True
    path = Path(file)
    return not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or any(path.is_relative_to(known) for known in _INSTALLED)


def _is_constant(value: Any) -> bool:
    return isinstance(value, _CONSTANT) or (isinstance(value, (tuple, frozenset)) and all(map(_is_constant, value)))


def _names(code: CodeType) -> Iterator[str]:
    """What a function, and those within it, refer to."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _written(code: CodeType) -> set[str]:
    """Attributes and globals that a function sets, such as the counter of a class: these are no constants."""
    inside = [_written(part) for part in code.co_consts if isinstance(part, CodeType)]
    return {step.argval for step in dis.get_instructions(code) if step.opname in ("STORE_ATTR", "STORE_GLOBAL")}.union(*inside)


def _contents(function: FunctionType) -> Iterator[Any]:
    """Of its closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing yet
            yield None


def _is_plain(value: Any) -> bool:
    """Whether an object is its attributes, and nothing that only its own way of being pickled would tell."""
    own = type(value)
    return hasattr(value, "__dict__") and all(getattr(own, name) is getattr(object, name) for name in ("__reduce_ex__", "__reduce__", "__getstate__"))
