"""Objects in words that are the same in every process, whatever was done before and in
whatever order modules were imported.
"""

import functools
import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from math import inf
from types import (
    BuiltinMethodType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator

from sknet_hp.search.journal.code import References, code_text, is_installed, is_own, set_attributes, set_globals
from sknet_hp.search.journal.describe import UNKNOWN, draws, has, learned, parts_of

_CONSTANT = (str, bytes, bool, int, float, complex, type(None), type(...))
_CONTAINER = (dict, list, tuple, set, frozenset)
_MOST = 100_000
"""Objects that are looked at within one that has a name; of a program that hangs
together as a whole, all are within all.
"""

_CONTENT = re.compile("=@[0-9a-f]{16}")
"""How the content of what has a name stands in what holds it."""

Told = Callable[[Any], str]
"""Says what a part is, within what holds it."""


class _TooMuch(RecursionError):
    """There are more objects than anybody wants to look at."""


def short(text: str) -> str:
    """Return a short digest."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Description:
    """One description under way.

    Parameters
    ----------
    changing : names of what is not looked at.

    Attributes
    ----------
    uncompared : what can not be compared, in words.
    """

    def __init__(self, changing: Iterable[str] = ()):
        self.changing = frozenset(changing)
        self.uncompared: set[str] = set()
        self._own: dict[str, set[str]] = {}  # by name, what things of that name say by themselves
        self._texts: dict[str, list[str]] = {}  # by name
        self._begun: dict[
            Any, Any
        ] = {}  # what is, or will be, told by name; while it is held here, nothing else has its id
        self._at = ""  # the name of what is looked at
        self._left = inf

    @property
    def named(self) -> dict[str, str]:
        """Digests of the user's functions and classes, and of what they refer to and
        hold, by name; each without what has a name within it.
        """
        return {name: short(" ".join(sorted(own))) for name, own in self._own.items()}

    def whole(self, value: Any) -> str:
        """Return what an object is, with all that it refers to."""
        return f"{self.of(value)} {sorted((name, sorted(texts)) for name, texts in self._texts.items())}"

    def outline(self, value: Any) -> str:
        """Return what an object is, without what it refers to, and without what
        functions and objects of the user's hold.
        """
        return _CONTENT.sub("=@", self.of(value))

    def of(self, value: Any, within: tuple[int, ...] = ()) -> str:
        """Return what an object is, in words. What the user's functions and classes
        refer to stands here by name.
        """
        if type(value) in _CONSTANT or isinstance(value, np.generic):
            return f"{type(value).__name__} {value!r}"
        if id(value) in within:
            return f"what holds it {len(within) - within.index(id(value))} levels up"

        def told(part: Any) -> str:
            return self.of(part, (*within, id(value)))

        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if isinstance(value, BaseEstimator):
            return f"{told(type(value))}({told(value.get_params(deep=False))}){told(learned(value))}"
        if isinstance(value, _CONTAINER):
            return self._container(value, told)
        if isinstance(value, FunctionType):
            return self._function(value, told)
        if isinstance(value, type):
            return self._class(value, told)
        if isinstance(value, (ModuleType, GetSetDescriptorType, MemberDescriptorType)):
            return value.__name__
        if isinstance(value, (MethodType, BuiltinMethodType)) and not isinstance(
            value.__self__, (ModuleType, type(None))
        ):
            return f"{value.__name__} {told(getattr(value, '__func__', None))} of {told(value.__self__)}"
        parts = _parts_of_wrapper(value)
        if parts is not None:
            return f"{type(value).__name__} {told(parts)}"
        if callable(value) and any("__qualname__" in vars(base) for base in type(value).__mro__):
            return self._compiled(value)
        return self._object(value, told)

    # ---- objects ---------------------------------------------------------------------------------------------------

    def _container(self, value: Any, told: Told) -> str:
        if isinstance(value, dict):
            text = "{" + ", ".join(sorted(f"{told(key)}: {told(part)}" for key, part in value.items())) + "}"
        else:
            texts = map(told, value)
            text = "[" + ", ".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts) + "]"
        if type(value) in _CONTAINER:
            return f"{type(value).__name__}{text}"
        factory = value.default_factory if isinstance(value, defaultdict) else None
        return f"{told(type(value))}{text}{told(factory)}{self._attributes(type(value), getattr(value, '__dict__', {}), told)}"

    def _object(self, value: Any, told: Told) -> str:
        kind, parts = type(value), parts_of(value)
        if parts is not UNKNOWN:
            if isinstance(parts, tuple) and len(parts) == 2 and isinstance(parts[1], dict):  # with slots
                parts = (parts[0] or {}) | parts[1]
            return f"{told(kind)} {self._attributes(kind, parts, told) if isinstance(parts, dict) else told(parts)}"
        if callable(value) and has(value, "__wrapped__"):  # compiled when it is called, say
            return f"{told(kind)} around {told(value.__wrapped__)}"
        try:
            return f"{told(kind)} {joblib.hash(value)}"
        except Exception:  # what can not be pickled
            self.uncompared.add(f"{self._at or 'an object'} ({kind.__qualname__})")
            return f"{told(kind)} {self._attributes(kind, getattr(value, '__dict__', {}), told)}"

    def _attributes(self, kind: type, attributes: dict[str, Any], told: Told) -> str:
        """Those of an object; of objects of the user's classes by name."""
        if not _is_own_class(kind):
            return told(attributes)
        return str(
            sorted(f"{name}: {self._held(f'{_name_of(kind)}.{name}', part, told)}" for name, part in attributes.items())
        )

    def _compiled(self, value: Any) -> str:
        name, module = _name_of(value), sys.modules.get(value.__module__)
        if module is not None and is_own(module):
            self.uncompared.add(f"{name} (compiled code)")
        return name

    # ---- functions and classes -------------------------------------------------------------------------------------

    def _function(self, function: FunctionType, told: Told) -> str:
        """A function of a module is told once, by its name; one that another function
        has made wherever it stands.
        """
        name, code = _name_of(function), function.__code__
        if is_installed(code.co_filename) and not _is_made(code):
            return f"{function.__globals__.get('__name__')}.{code.co_qualname}"
        if (
            is_installed(code.co_filename) and "<" not in name and not _is_own_class(function)
        ):  # decorated by its own package
            return name
        if _is_made(code):
            return self._noted(name, self._inside(function, told))
        self._tell_once(function, name, lambda: self._inside(function, self.of))
        return f"{name}=@{short(code_text(code))}"

    def _inside(self, function: FunctionType, told: Told) -> str:
        code, name = function.__code__, _name_of(function)
        defaults = function.__defaults__ or ()
        held = dict(zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
        held = {f"{name}({known})": part for known, part in (held | (function.__kwdefaults__ or {})).items()}
        held |= {f"{known} of {name}": part for known, part in zip(code.co_freevars, _contents(function), strict=True)}
        held |= {f"{name}.{known}": part for known, part in vars(function).items() if known != "__wrapped__"}
        around = [] if is_installed(code.co_filename) else self._around(function)
        return f"{code_text(code)} {sorted(self._held(known, part, told) for known, part in held.items())} {sorted(around)}"

    def _around(self, function: FunctionType) -> Iterator[str]:
        """What a function refers to. What it sets itself is no setting."""
        references, home = References(function), f"{function.__globals__.get('__name__')}."
        self.uncompared |= {f"{unknown}, in {_name_of(function)}" for unknown in references.unknown}
        set_here, set_there = set_globals(function.__code__), set_attributes(function.__code__)
        for name, part in references.found.items():
            of_home = name.removeprefix(home) if name.startswith(home) else ""
            yield self._global(
                name, part, changes=of_home in set_here or (not of_home and name.rpartition(".")[2] in set_there)
            )

    def _class(self, own: type, told: Told) -> str:
        name = _name_of(own)
        if not _is_own_class(own):
            return name
        if "<" in own.__qualname__:
            return self._noted(name, self._inside_class(own, told))
        self._tell_once(own, name, lambda: self._inside_class(own, self.of))
        return name

    def _inside_class(self, own: type, told: Told) -> str:
        functions, changing = {name: list(_functions_of(part)) for name, part in vars(own).items()}, set[str]()
        for name, each in ((name, each) for name, found in functions.items() for each in found):
            itself = None if isinstance(vars(own)[name], classmethod) else next(iter(each.__code__.co_varnames), None)
            changing |= set_attributes(each.__code__, itself)
        inside = [
            f"{name}: {self._held(f'{_name_of(own)}.{name}', part, told, changes=name in changing and not functions[name])}"
            for name, part in vars(own).items()
            if functions[name] or not (name.startswith("__") or name == "_abc_impl")
        ]
        return f"({', '.join(map(told, (type(own), *own.__bases__)))}) {sorted(inside)}"

    # ---- what has a name -------------------------------------------------------------------------------------------

    def _global(self, name: str, value: Any, *, changes: bool) -> str:
        """What a function refers to by a name that nothing else has. It may refer to
        itself, so it is told apart.
        """
        kind = type(value)
        if issubclass(kind, ModuleType) or (
            issubclass(kind, (FunctionType, type)) and not _is_made(getattr(value, "__code__", value))
        ):
            return f"{name}: {self.of(value)}"
        if name not in self._begun:
            self._begun[name] = value
            self._texts.setdefault(name, []).append(self._held(name, value, self.of, changes=changes))
        return name

    def _held(self, name: str, value: Any, told: Told, *, changes: bool = False) -> str:
        """What has a name, but is told within what holds it: others may have the same
        name. It may change while the search runs.
        """
        if issubclass(type(value), (FunctionType, type, ModuleType)):
            return told(value)
        if changes or name in self.changing:
            self.uncompared.add(f"{name} (it changes while the search runs)")
            return "not compared"
        before, outermost, self._at = self._at, self._left == inf, name
        self._left = _MOST if outermost else self._left
        try:
            if draws(value):
                self.uncompared.add(f"{name} (a generator of random numbers)")
                return "not compared"
            return f"{name}=@{short(self._noted(name, told(value)))}"
        except Exception as error:  # whatever an object does when it is looked at; nobody has given it to the search
            if isinstance(error, _TooMuch) and not outermost:
                raise
            self.uncompared.add(
                f"{name} ({'too much to look at' if isinstance(error, RecursionError) else type(error).__name__})"
            )
            return "not compared"
        finally:
            self._at = before
            self._left = inf if outermost else self._left

    def _tell_once(self, part: Any, name: str, tell: Callable[[], str]) -> None:
        if id(part) not in self._begun:
            self._begun[id(part)] = part
            self._texts.setdefault(name, []).append(self._noted(name, tell()))

    def _noted(self, name: str, text: str) -> str:
        """The text, of which is remembered, by name, what it says by itself."""
        self._own.setdefault(name, set()).add(short(_CONTENT.sub("=@", text)))
        return text


def _name_of(part: Any) -> str:
    return f"{part.__module__}.{part.__qualname__}"


def _is_made(part: Any) -> bool:
    """Whether the code of a function, or a class, stands within a function, which may
    make several of them.
    """
    return "<" in (part.__qualname__ if isinstance(part, type) else part.co_qualname)


def _is_own_class(own: Any) -> bool:
    """Whether a class, or what else knows its module, is the user's."""
    module = sys.modules.get(own.__module__)
    return module is None or is_own(module)


def _parts_of_wrapper(value: Any) -> Any:
    """What is around a function, as a list of its parts; None of anything else."""
    if isinstance(value, (functools.partial, functools.partialmethod)):
        return [value.func, value.args, value.keywords]
    if isinstance(value, functools._lru_cache_wrapper):
        return [value.__wrapped__, value.cache_parameters()]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, functools.cached_property):
        return [value.func]
    if isinstance(value, (classmethod, staticmethod)):
        return [value.__func__]
    return [dict(value)] if isinstance(value, MappingProxyType) else None


def _functions_of(part: Any) -> Iterator[FunctionType]:
    """The functions in a member of a class."""
    for each in [part] if isinstance(part, FunctionType) else _parts_of_wrapper(part) or []:
        if isinstance(each, FunctionType):
            yield each


def _contents(function: FunctionType) -> Iterator[Any]:
    """Of its closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing yet
            yield None
