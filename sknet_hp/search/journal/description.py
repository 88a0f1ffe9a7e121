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

from sknet_hp.search.journal.code import (
    References,
    describe_code,
    find_set_attributes,
    find_set_globals,
    is_installed,
    is_own,
)
from sknet_hp.search.journal.describe import UNKNOWN, collect_learned, has_own, is_generator, take_apart

_CONSTANT = (str, bytes, bool, int, float, complex, type(None), type(...))
_CONTAINER = (dict, list, tuple, set, frozenset)
_MOST = 100_000
"""Objects that are looked at within one that has a name; of a program that hangs
together as a whole, all are within all.
"""

_CONTENT = re.compile("=@[0-9a-f]{16}")
"""How the content of what has a name stands in what holds it."""

Describe = Callable[[Any], str]
"""Says what a part is, within what holds it."""


class _TooMuch(RecursionError):
    """There are more objects than anybody wants to look at."""


def hash_text(text: str) -> str:
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
        return {name: hash_text(" ".join(sorted(own))) for name, own in self._own.items()}

    def describe_whole(self, value: Any) -> str:
        """Return what an object is, with all that it refers to."""
        return f"{self.describe(value)} {sorted((name, sorted(texts)) for name, texts in self._texts.items())}"

    def describe_outline(self, value: Any) -> str:
        """Return what an object is, without what it refers to, and without what
        functions and objects of the user's hold.
        """
        return _CONTENT.sub("=@", self.describe(value))

    def describe(self, value: Any, within: tuple[int, ...] = ()) -> str:
        """Return what an object is, in words. What the user's functions and classes
        refer to stands here by name.
        """
        if type(value) in _CONSTANT or isinstance(value, np.generic):
            return f"{type(value).__name__} {value!r}"
        if id(value) in within:
            return f"what holds it {len(within) - within.index(id(value))} levels up"

        def describe_part(part: Any) -> str:
            return self.describe(part, (*within, id(value)))

        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if isinstance(value, BaseEstimator):
            return f"{describe_part(type(value))}({describe_part(value.get_params(deep=False))}){describe_part(collect_learned(value))}"
        if isinstance(value, _CONTAINER):
            return self._describe_container(value, describe_part)
        if isinstance(value, FunctionType):
            return self._describe_function(value, describe_part)
        if isinstance(value, type):
            return self._describe_class(value, describe_part)
        if isinstance(value, (ModuleType, GetSetDescriptorType, MemberDescriptorType)):
            return value.__name__
        if isinstance(value, (MethodType, BuiltinMethodType)) and not isinstance(
            value.__self__, (ModuleType, type(None))
        ):
            return (
                f"{value.__name__} {describe_part(getattr(value, '__func__', None))} of {describe_part(value.__self__)}"
            )
        parts = unwrap(value)
        if parts is not None:
            return f"{type(value).__name__} {describe_part(parts)}"
        if callable(value) and any("__qualname__" in vars(base) for base in type(value).__mro__):
            return self._describe_compiled(value)
        return self._describe_object(value, describe_part)

    # ---- objects ---------------------------------------------------------------------------------------------------

    def _describe_container(self, value: Any, describe_part: Describe) -> str:
        if isinstance(value, dict):
            text = (
                "{"
                + ", ".join(sorted(f"{describe_part(key)}: {describe_part(part)}" for key, part in value.items()))
                + "}"
            )
        else:
            texts = map(describe_part, value)
            text = "[" + ", ".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts) + "]"
        if type(value) in _CONTAINER:
            return f"{type(value).__name__}{text}"
        factory = value.default_factory if isinstance(value, defaultdict) else None
        return f"{describe_part(type(value))}{text}{describe_part(factory)}{self._describe_attributes(type(value), getattr(value, '__dict__', {}), describe_part)}"

    def _describe_object(self, value: Any, describe_part: Describe) -> str:
        kind, parts = type(value), take_apart(value)
        if parts is not UNKNOWN:
            if isinstance(parts, tuple) and len(parts) == 2 and isinstance(parts[1], dict):  # with slots
                parts = (parts[0] or {}) | parts[1]
            return f"{describe_part(kind)} {self._describe_attributes(kind, parts, describe_part) if isinstance(parts, dict) else describe_part(parts)}"
        if callable(value) and has_own(value, "__wrapped__"):  # compiled when it is called, say
            return f"{describe_part(kind)} around {describe_part(value.__wrapped__)}"
        try:
            return f"{describe_part(kind)} {joblib.hash(value)}"
        except Exception:  # what can not be pickled
            self.uncompared.add(f"{self._at or 'an object'} ({kind.__qualname__})")
            return f"{describe_part(kind)} {self._describe_attributes(kind, getattr(value, '__dict__', {}), describe_part)}"

    def _describe_attributes(self, kind: type, attributes: dict[str, Any], describe_part: Describe) -> str:
        """Those of an object; of objects of the user's classes by name."""
        if not _is_own_class(kind):
            return describe_part(attributes)
        return str(
            sorted(
                f"{name}: {self._describe_held(f'{get_name(kind)}.{name}', part, describe_part)}"
                for name, part in attributes.items()
            )
        )

    def _describe_compiled(self, value: Any) -> str:
        name, module = get_name(value), sys.modules.get(value.__module__)
        if module is not None and is_own(module):
            self.uncompared.add(f"{name} (compiled code)")
        return name

    # ---- functions and classes -------------------------------------------------------------------------------------

    def _describe_function(self, function: FunctionType, describe_part: Describe) -> str:
        """A function of a module is told once, by its name; one that another function
        has made wherever it stands.
        """
        name, code = get_name(function), function.__code__
        if is_installed(code.co_filename) and not _is_made(code):
            return f"{function.__globals__.get('__name__')}.{code.co_qualname}"
        if (
            is_installed(code.co_filename) and "<" not in name and not _is_own_class(function)
        ):  # decorated by its own package
            return name
        if _is_made(code):
            return self._note(name, self._describe_inside(function, describe_part))
        self._tell_once(function, name, lambda: self._describe_inside(function, self.describe))
        return f"{name}=@{hash_text(describe_code(code))}"

    def _describe_inside(self, function: FunctionType, describe_part: Describe) -> str:
        code, name = function.__code__, get_name(function)
        defaults = function.__defaults__ or ()
        held = dict(zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
        held = {f"{name}({known})": part for known, part in (held | (function.__kwdefaults__ or {})).items()}
        held |= {
            f"{known} of {name}": part for known, part in zip(code.co_freevars, iterate_closure(function), strict=True)
        }
        held |= {f"{name}.{known}": part for known, part in vars(function).items() if known != "__wrapped__"}
        around = [] if is_installed(code.co_filename) else self._describe_references(function)
        return f"{describe_code(code)} {sorted(self._describe_held(known, part, describe_part) for known, part in held.items())} {sorted(around)}"

    def _describe_references(self, function: FunctionType) -> Iterator[str]:
        """What a function refers to. What it sets itself is no setting."""
        references, home = References(function), f"{function.__globals__.get('__name__')}."
        self.uncompared |= {f"{unknown}, in {get_name(function)}" for unknown in references.unknown}
        set_here, set_there = find_set_globals(function.__code__), find_set_attributes(function.__code__)
        for name, part in references.found.items():
            of_home = name.removeprefix(home) if name.startswith(home) else ""
            yield self._describe_global(
                name, part, changes=of_home in set_here or (not of_home and name.rpartition(".")[2] in set_there)
            )

    def _describe_class(self, own: type, describe_part: Describe) -> str:
        name = get_name(own)
        if not _is_own_class(own):
            return name
        if "<" in own.__qualname__:
            return self._note(name, self._describe_class_inside(own, describe_part))
        self._tell_once(own, name, lambda: self._describe_class_inside(own, self.describe))
        return name

    def _describe_class_inside(self, own: type, describe_part: Describe) -> str:
        functions, changing = {name: list(iterate_functions(part)) for name, part in vars(own).items()}, set[str]()
        for name, each in ((name, each) for name, found in functions.items() for each in found):
            itself = None if isinstance(vars(own)[name], classmethod) else next(iter(each.__code__.co_varnames), None)
            changing |= find_set_attributes(each.__code__, itself)
        inside = [
            f"{name}: {self._describe_held(f'{get_name(own)}.{name}', part, describe_part, changes=name in changing and not functions[name])}"
            for name, part in vars(own).items()
            if functions[name] or not (name.startswith("__") or name == "_abc_impl")
        ]
        return f"({', '.join(map(describe_part, (type(own), *own.__bases__)))}) {sorted(inside)}"

    # ---- what has a name -------------------------------------------------------------------------------------------

    def _describe_global(self, name: str, value: Any, *, changes: bool) -> str:
        """What a function refers to by a name that nothing else has. It may refer to
        itself, so it is told apart.
        """
        kind = type(value)
        if issubclass(kind, ModuleType) or (
            issubclass(kind, (FunctionType, type)) and not _is_made(getattr(value, "__code__", value))
        ):
            return f"{name}: {self.describe(value)}"
        if name not in self._begun:
            self._begun[name] = value
            self._texts.setdefault(name, []).append(self._describe_held(name, value, self.describe, changes=changes))
        return name

    def _describe_held(self, name: str, value: Any, describe_part: Describe, *, changes: bool = False) -> str:
        """What has a name, but is told within what holds it: others may have the same
        name. It may change while the search runs.
        """
        if issubclass(type(value), (FunctionType, type, ModuleType)):
            return describe_part(value)
        if changes or name in self.changing:
            self.uncompared.add(f"{name} (it changes while the search runs)")
            return "not compared"
        before, outermost, self._at = self._at, self._left == inf, name
        self._left = _MOST if outermost else self._left
        try:
            if is_generator(value):
                self.uncompared.add(f"{name} (a generator of random numbers)")
                return "not compared"
            return f"{name}=@{hash_text(self._note(name, describe_part(value)))}"
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
            self._texts.setdefault(name, []).append(self._note(name, tell()))

    def _note(self, name: str, text: str) -> str:
        """The text, of which is remembered, by name, what it says by itself."""
        self._own.setdefault(name, set()).add(hash_text(_CONTENT.sub("=@", text)))
        return text


def get_name(part: Any) -> str:
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


def unwrap(value: Any) -> Any:
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


def iterate_functions(part: Any) -> Iterator[FunctionType]:
    """The functions in a member of a class."""
    for each in [part] if isinstance(part, FunctionType) else unwrap(part) or []:
        if isinstance(each, FunctionType):
            yield each


def iterate_closure(function: FunctionType) -> Iterator[Any]:
    """Of its closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing yet
            yield None
