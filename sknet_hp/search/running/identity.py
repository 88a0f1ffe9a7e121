"""What a search is a function of, as short digests that are the same in every process.

Functions and classes that a user may edit between two runs are their code and what it refers to; those of installed packages are their names.
"""

import dis
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from functools import partial
from inspect import unwrap
from numbers import Integral
from pathlib import Path
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator

from sknet_hp.fusion.backend import Network
from sknet_hp.search.running.parts import learned, parts_of
from sknet_hp.search.spaces.space import Choice, Space

_INSTALLED = [
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    Path(__file__).resolve().parents[2],  # our own, whose version is a part of a journal's identity
]
_CONSTANT = (str, bytes, bool, int, float, complex, np.generic, type(None), type(...))


def digest(value: Any) -> str:
    """A short digest of plain values, arrays, tables, estimators, functions and classes, the same in every process."""
    return hashlib.sha256(_Description().of(value).encode()).hexdigest()[:16]


def unseeded_networks(estimator: Any, space: Space) -> list[str]:
    """The seeds, by their names as parameters, that networks have not got: those within an estimator, and those that a space has for choices.

    What holds a network, and has a seed of its own, gives it one.
    """
    known = {"": estimator, **estimator.get_params(deep=True)}
    chosen = {
        name: value for branch in space.branches for name, d in branch.items() if isinstance(d, Choice) for value in d.values if _unseeded(value)
    }
    found = []
    for path in [path for path, value in [*known.items(), *chosen.items()] if _unseeded(value)]:
        steps = path.split("__") if path else []
        holders = [known.get("__".join(steps[:depth])) for depth in range(len(steps))]
        if not any(isinstance(getattr(holder, "random_state", None), Integral) for holder in holders):
            found.append("__".join([*steps, "random_state"]))
    return found


def _unseeded(value: Any) -> bool:
    return isinstance(value, Network) and getattr(value, "random_state", 0) is None


class _Description:
    """One description under way; what it has told of functions and classes is not told twice."""

    def __init__(self) -> None:
        self._told: dict[int, Any] = {}  # the objects too: while they are alive, nothing else has their ids

    def of(self, value: Any, within: tuple[int, ...] = ()) -> str:
        """What an object is, in words."""
        if id(value) in within:
            return f"what holds it {len(within) - within.index(id(value))} levels up"

        def told(part: Any) -> str:
            return self.of(part, (*within, id(value)))

        if isinstance(value, BaseEstimator):
            return f"{told(type(value))}({told(value.get_params(deep=False))}){told(learned(value))}"
        if isinstance(value, dict):
            return "{" + ", ".join(sorted(f"{told(key)}: {told(part)}" for key, part in value.items())) + "}"
        if isinstance(value, (list, tuple)):
            return f"{type(value).__name__}[" + ", ".join(map(told, value)) + "]"
        if isinstance(value, (set, frozenset)):
            return f"{type(value).__name__}[" + ", ".join(sorted(map(told, value))) + "]"
        if isinstance(value, _CONSTANT):
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, (MethodType, BuiltinMethodType)) and not isinstance(value.__self__, (ModuleType, type(None))):
            return f"{value.__name__} {told(getattr(value, '__func__', None))} of {told(value.__self__)}"
        if isinstance(value, partial):
            return f"partial {told(value.func)} {told(value.args)} {told(value.keywords)}"
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return value.__name__
        if callable(value) and hasattr(value, "__wrapped__"):  # such as a function with a cache
            return told(value.__wrapped__)
        if callable(value) and hasattr(value, "__qualname__"):
            return f"{value.__module__}.{value.__qualname__}"
        parts = parts_of(value)
        if parts is not None:
            return f"{told(type(value))} {told(parts)}"
        try:
            return f"{type(value).__qualname__} {joblib.hash(value)}"
        except Exception:  # what can not be pickled
            return f"{told(type(value))} {told(getattr(value, '__dict__', None))}"

    def _function(self, function: FunctionType) -> str:
        name, code = f"{function.__module__}.{function.__qualname__}", function.__code__
        if "<" not in function.__qualname__ and _is_installed(code.co_filename):  # all lambdas of a module have one name
            return name
        if self._has_told(function):
            return name
        inside = [function.__defaults__, function.__kwdefaults__, *_contents(function)]
        return f"{name} {self._code(code, function.__doc__)} {self.of(inside)} {self.of(_around(function))}"

    def _class(self, own: type) -> str:
        name = f"{own.__module__}.{own.__qualname__}"
        module = sys.modules.get(own.__module__)
        file = getattr(module, "__file__", None)
        if (file is None and own.__module__ != "__main__") or (file is not None and _is_installed(file)) or self._has_told(own):
            return name
        parts, changing = dict[str, Any](), set[str]()
        for known, part in vars(own).items():
            function = _unwrapped(part)
            if isinstance(function, FunctionType):
                changing |= _set_by(function.__code__, None if isinstance(part, classmethod) else next(iter(function.__code__.co_varnames), None))
            if isinstance(function, (FunctionType, type)) or (_is_constant(part) and not known.startswith("__")):
                parts[known] = function
        bases = ", ".join(map(self.of, own.__bases__))
        return f"{name}({bases}) {self.of({known: part for known, part in parts.items() if known not in changing})}"

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


def _unwrapped(part: Any) -> Any:
    """The function within a property, a method, or a function with a cache; anything else as it is."""
    for name in ("fget", "func", "__func__"):
        part = getattr(part, name, None) or part
    return unwrap(part) if callable(part) else part


def _around(function: FunctionType) -> dict[str, Any]:
    """The functions, classes and constants that a function refers to; those of the user's own modules, too. What it sets itself is no setting."""
    names, found = set(_names(function.__code__)), dict[str, Any]()
    for name in names & function.__globals__.keys():
        part = found[name] = function.__globals__[name]
        if isinstance(part, ModuleType) and not _is_installed(getattr(part, "__file__", None) or "<frozen"):
            found |= {f"{name}.{within}": vars(part)[within] for within in names & vars(part).keys()}
    known = {name: _unwrapped(part) for name, part in found.items() if name not in _set_by(function.__code__)}
    return {name: part for name, part in known.items() if _is_constant(part) or isinstance(part, (FunctionType, type))}


def _set_by(code: CodeType, own: str | None = None) -> set[str]:
    """Names of globals, and of attributes of anything but the argument `own`, that a function sets: counters and the like."""
    names, before = set[str](), None
    for instruction in dis.get_instructions(code):
        of_own = own is not None and own in (before if isinstance(before, tuple) else (before,))  # some versions of Python load two at a time
        if instruction.opname == "STORE_GLOBAL" or (instruction.opname == "STORE_ATTR" and not of_own):
            names.add(instruction.argval)
        before = instruction.argval
    return names.union(*(_set_by(part, own) for part in code.co_consts if isinstance(part, CodeType)))


def _names(code: CodeType) -> Iterator[str]:
    """What a function, and those within it, refer to."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _contents(function: FunctionType) -> Iterator[Any]:
    """Of its closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing yet
            yield None
