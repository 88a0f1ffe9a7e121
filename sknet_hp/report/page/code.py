"""Python code that makes an estimator, a search or a space again."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils._pprint import _changed_params

from sknet_hp.search.spaces.dimensions import Choice, Range
from sknet_hp.search.spaces.values import are_equal

WIDTH = 88
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_PLAIN = (str, bytes, bool, int, float, complex, type(None))


class Name(str):
    """A variable that the code uses, by its name."""


@dataclass(frozen=True)
class Call:
    """A call of a function, which is written as code like other values.

    Attributes
    ----------
    function : that can be imported.
    arguments : given by their place.
    keywords : given by name.
    """

    function: Callable[..., Any]
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]


class CodeWriter:
    """Writes values as code, and collects what must be imported for it.

    Attributes
    ----------
    imports : lines that the code needs.
    unknown : what has no code, such as functions of the user's own, by name.
    """

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.unknown: list[str] = []

    def write(self, value: Any, indent: int = 0) -> str:
        """Return code for a value; long calls run over several lines.

        Parameters
        ----------
        value : of any kind.
        indent : columns that are taken before it.
        """
        if isinstance(value, Name):
            return str(value)
        if isinstance(value, Call):
            return self._write_call(value, indent)
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not np.isfinite(value):
            return f'float("{value}")'
        if isinstance(value, _PLAIN):
            return repr(value).replace("'", '"') if isinstance(value, str) and '"' not in value else repr(value)
        if isinstance(value, np.ndarray):
            return self.write(value.tolist(), indent)
        if isinstance(value, (list, tuple, set)):
            return self._write_sequence(value, indent)
        if isinstance(value, Mapping):
            parts = [f"{self.write(key)}: {self.write(each, indent + 4)}" for key, each in value.items()]
            return _wrap("{", parts, "}", indent)
        if isinstance(value, Choice):
            return self._write_sequence(value.values, indent)
        if isinstance(value, Range) and value.low is not None:
            return self.write((value.low, value.high, *(["log-uniform"] if value.log else [])))
        if isinstance(value, BaseEstimator):
            return self._write_estimator(value, indent)
        return self._write_other(value, indent)

    def _write_sequence(self, value: Any, indent: int) -> str:
        begin, end = ("[", "]") if isinstance(value, list) else ("(", ")") if isinstance(value, tuple) else ("{", "}")
        parts = [self.write(each, indent + 4) for each in value]
        if isinstance(value, tuple) and len(parts) == 1:
            return f"({parts[0]},)"
        return _wrap(begin, parts, end, indent)

    def _write_estimator(self, value: Any, indent: int) -> str:
        kind = type(value)
        name = self._import(kind)
        changed = {"steps": value.steps} if isinstance(value, Pipeline) else _changed_params(value)
        params = {key: changed[key] for key in signature(kind).parameters if key in changed}
        parts = [f"{key}={self.write(each, indent + 4)}" for key, each in params.items()]
        return _wrap(f"{name}(", parts, ")", indent)

    def _write_call(self, call: Call, indent: int) -> str:
        parts = [self.write(each, indent + 4) for each in call.arguments]
        parts += [f"{key}={self.write(each, indent + 4)}" for key, each in call.keywords.items()]
        return _wrap(f"{self._import(call.function)}(", parts, ")", indent)

    def _write_other(self, value: Any, indent: int) -> str:
        frozen = getattr(value, "dist", None)
        if frozen is not None and hasattr(frozen, "name"):  # a distribution of SciPy
            from scipy import stats

            if hasattr(stats, frozen.name):
                self.imports.add(f"from scipy.stats import {frozen.name}")
                keywords = [f"{name}={self.write(each)}" for name, each in value.kwds.items()]
                return f"{frozen.name}({', '.join([*map(self.write, value.args), *keywords])})"
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return self._import(value)
        if hasattr(value, "get_n_splits"):  # splitters show how they were made
            self._import(type(value))
            return repr(value)
        arguments = _find_arguments(value)
        if arguments is not None:
            return self._write_call(Call(type(value), [], arguments), indent)
        self.unknown.append(" ".join(repr(value).split()))
        return "..."

    def _import(self, kind: Any) -> str:
        name, module = kind.__qualname__, find_public_module(kind)
        if module in ("__main__", "builtins") or "<" in name or "." in name:
            if module != "builtins":
                self.unknown.append(name)
            return str(name)
        self.imports.add(f"from {module} import {name}")
        return str(name)


def _find_arguments(value: Any) -> dict[str, Any] | None:
    """Return what an object was made with, where its attributes tell it.

    Only what differs from the defaults; None where it is not known.
    """
    kind = type(value)
    if "<" in kind.__qualname__ or kind.__module__ in ("__main__", "builtins"):
        return None
    try:
        given = list(signature(kind).parameters.values())
    except (TypeError, ValueError):  # of C, say
        return None
    if not given or not all(each.kind in _BY_NAME and hasattr(value, each.name) for each in given):
        return None
    held = {each.name: getattr(value, each.name) for each in given}
    return {each.name: held[each.name] for each in given if not are_equal(held[each.name], each.default)}


def find_public_module(kind: Any) -> str:
    """Return the shortest module from which a class or function can be imported."""
    parts = kind.__module__.split(".")
    for n in range(1, len(parts) + 1):
        module = ".".join(parts[:n])
        if getattr(sys.modules.get(module), kind.__qualname__, None) is kind:
            return module
    return str(kind.__module__)


def _wrap(begin: str, parts: list[str], end: str, indent: int) -> str:
    """Return parts between brackets, in one line where they fit."""
    line = f"{begin}{', '.join(parts)}{end}"
    if len(line) + indent <= WIDTH and "\n" not in line:
        return line
    inner, outer = " " * (indent + 4), " " * indent
    return f"{begin}\n{inner}" + f",\n{inner}".join(parts) + f",\n{outer}{end}"
