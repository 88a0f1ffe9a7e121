"""Objects in words that are the same in every process.

They do not depend on what was done before, nor on the order of imports.
"""

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
    get_name,
    is_installed,
    is_made,
    is_own,
    is_own_class,
)
from sknet_hp.search.journal.parts import (
    UNKNOWN,
    collect_learned,
    has_own,
    is_generator,
    iterate_closure,
    iterate_functions,
    take_apart,
    unwrap,
)

_CONSTANT = (str, bytes, bool, int, float, complex, type(None), type(...))
_CONTAINER = (dict, list, tuple, set, frozenset)
_MOST = 100_000
"""Objects that are looked at within one that has a name, at most.

In a program that hangs together as a whole, all are within all.
"""

_CONTENT = re.compile("=@[0-9a-f]{16}")
"""How the content of what has a name stands in what holds it."""

Tell = Callable[[Any], str]
"""Returns what a part is, within what holds it."""


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
        # What is, or will be, told by name; while it is held here, nothing else has its id.
        self._begun: dict[Any, Any] = {}
        self._at = ""  # the name of what is looked at
        self._left = inf

    @property
    def named(self) -> dict[str, str]:
        """Digests, by name, of the user's functions and classes and what they refer to.

        Each is without what has a name within it.
        """
        return {name: hash_text(" ".join(sorted(own))) for name, own in self._own.items()}

    def describe_whole(self, value: Any) -> str:
        """Return what an object is, with all that it refers to."""
        return f"{self.describe(value)} {sorted((name, sorted(texts)) for name, texts in self._texts.items())}"

    def describe_outline(self, value: Any) -> str:
        """Return what an object is, without what it refers to.

        What functions and objects of the user's hold is left out, too.
        """
        return _CONTENT.sub("=@", self.describe(value))

    def describe(self, value: Any, within: tuple[int, ...] = ()) -> str:
        """Return what an object is, in words.

        What the user's functions and classes refer to stands here by name.
        """
        if type(value) in _CONSTANT or isinstance(value, np.generic):
            return f"{type(value).__name__} {value!r}"
        if id(value) in within:
            return f"what holds it {len(within) - within.index(id(value))} levels up"

        def tell(part: Any) -> str:
            return self.describe(part, (*within, id(value)))

        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if isinstance(value, BaseEstimator):
            return f"{tell(type(value))}({tell(value.get_params(deep=False))}){tell(collect_learned(value))}"
        if isinstance(value, _CONTAINER):
            return self._describe_container(value, tell)
        if isinstance(value, FunctionType):
            return self._describe_function(value, tell)
        if isinstance(value, type):
            return self._describe_class(value, tell)
        if isinstance(value, (ModuleType, GetSetDescriptorType, MemberDescriptorType)):
            return value.__name__
        if isinstance(value, (MethodType, BuiltinMethodType)) and not isinstance(
            value.__self__, (ModuleType, type(None))
        ):
            return f"{value.__name__} {tell(getattr(value, '__func__', None))} of {tell(value.__self__)}"
        parts = unwrap(value)
        if parts is not None:
            return f"{type(value).__name__} {tell(parts)}"
        if callable(value) and any("__qualname__" in vars(base) for base in type(value).__mro__):
            return self._describe_compiled(value)
        return self._describe_object(value, tell)

    # ---- objects ---------------------------------------------------------------------------------------------------

    def _describe_container(self, value: Any, tell: Tell) -> str:
        if isinstance(value, dict):
            text = "{" + ", ".join(sorted(f"{tell(key)}: {tell(part)}" for key, part in value.items())) + "}"
        else:
            texts = map(tell, value)
            text = "[" + ", ".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts) + "]"
        if type(value) in _CONTAINER:
            return f"{type(value).__name__}{text}"
        factory = value.default_factory if isinstance(value, defaultdict) else None
        head = f"{tell(type(value))}{text}{tell(factory)}"
        return f"{head}{self._describe_attributes(type(value), getattr(value, '__dict__', {}), tell)}"

    def _describe_object(self, value: Any, tell: Tell) -> str:
        kind, parts = type(value), take_apart(value)
        if parts is not UNKNOWN:
            if isinstance(parts, tuple) and len(parts) == 2 and isinstance(parts[1], dict):  # with slots
                parts = (parts[0] or {}) | parts[1]
            name = tell(kind)
            text = self._describe_attributes(kind, parts, tell) if isinstance(parts, dict) else tell(parts)
            return f"{name} {text}"
        if callable(value) and has_own(value, "__wrapped__"):  # compiled when it is called, say
            return f"{tell(kind)} around {tell(value.__wrapped__)}"
        try:
            return f"{tell(kind)} {joblib.hash(value)}"
        except Exception:  # what can not be pickled
            self.uncompared.add(f"{self._at or 'an object'} ({kind.__qualname__})")
            return f"{tell(kind)} {self._describe_attributes(kind, getattr(value, '__dict__', {}), tell)}"

    def _describe_attributes(self, kind: type, attributes: dict[str, Any], tell: Tell) -> str:
        """Return what an object's attributes are; of objects of the user's by name."""
        if not is_own_class(kind):
            return tell(attributes)
        own = get_name(kind)
        return str(
            sorted(f"{name}: {self._describe_held(f'{own}.{name}', part, tell)}" for name, part in attributes.items())
        )

    def _describe_compiled(self, value: Any) -> str:
        name, module = get_name(value), sys.modules.get(value.__module__)
        if module is not None and is_own(module):
            self.uncompared.add(f"{name} (compiled code)")
        return name

    # ---- functions and classes -------------------------------------------------------------------------------------

    def _describe_function(self, function: FunctionType, tell: Tell) -> str:
        """Return what a function is.

        A function of a module is told once, by its name; one that another function has
        made wherever it stands.
        """
        name, code = get_name(function), function.__code__
        if is_installed(code.co_filename) and not is_made(code):
            return f"{function.__globals__.get('__name__')}.{code.co_qualname}"
        if is_installed(code.co_filename) and "<" not in name and not is_own_class(function):
            return name  # decorated by its own package
        if is_made(code):
            return self._note(name, self._describe_inside(function, tell))
        self._tell_once(function, name, lambda: self._describe_inside(function, self.describe))
        return f"{name}=@{hash_text(describe_code(code))}"

    def _describe_inside(self, function: FunctionType, tell: Tell) -> str:
        """Return the code of a function, what it holds, and what it refers to."""
        code, name = function.__code__, get_name(function)
        defaults = function.__defaults__ or ()
        held = dict(zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
        held = {f"{name}({known})": part for known, part in (held | (function.__kwdefaults__ or {})).items()}
        held |= {
            f"{known} of {name}": part for known, part in zip(code.co_freevars, iterate_closure(function), strict=True)
        }
        held |= {f"{name}.{known}": part for known, part in vars(function).items() if known != "__wrapped__"}
        around = [] if is_installed(code.co_filename) else self._describe_references(function)
        text = f"{describe_code(code)} {sorted(self._describe_held(known, part, tell) for known, part in held.items())}"
        return f"{text} {sorted(around)}"

    def _describe_references(self, function: FunctionType) -> Iterator[str]:
        """Return what a function refers to. What it sets itself is no setting."""
        references, home = References(function), f"{function.__globals__.get('__name__')}."
        self.uncompared |= {f"{unknown}, in {get_name(function)}" for unknown in references.unknown}
        set_here, set_there = find_set_globals(function.__code__), find_set_attributes(function.__code__)
        for name, part in references.found.items():
            of_home = name.removeprefix(home) if name.startswith(home) else ""
            yield self._describe_global(
                name, part, changes=of_home in set_here or (not of_home and name.rpartition(".")[2] in set_there)
            )

    def _describe_class(self, own: type, tell: Tell) -> str:
        name = get_name(own)
        if not is_own_class(own):
            return name
        if "<" in own.__qualname__:
            return self._note(name, self._describe_class_inside(own, tell))
        self._tell_once(own, name, lambda: self._describe_class_inside(own, self.describe))
        return name

    def _describe_class_inside(self, own: type, tell: Tell) -> str:
        """Return the bases of a class and its members."""
        functions, changing = {name: list(iterate_functions(part)) for name, part in vars(own).items()}, set[str]()
        for name, each in ((name, each) for name, found in functions.items() for each in found):
            itself = None if isinstance(vars(own)[name], classmethod) else next(iter(each.__code__.co_varnames), None)
            changing |= find_set_attributes(each.__code__, itself)

        def tell_member(name: str, part: Any) -> str:
            changes = name in changing and not functions[name]
            return f"{name}: {self._describe_held(f'{get_name(own)}.{name}', part, tell, changes=changes)}"

        inside = [
            tell_member(name, part)
            for name, part in vars(own).items()
            if functions[name] or not (name.startswith("__") or name == "_abc_impl")
        ]
        return f"({', '.join(map(tell, (type(own), *own.__bases__)))}) {sorted(inside)}"

    # ---- what has a name -------------------------------------------------------------------------------------------

    def _describe_global(self, name: str, value: Any, *, changes: bool) -> str:
        """Return the name that a function refers to, and note what it stands for.

        Nothing else has that name. It may refer to itself, so it is told apart.
        """
        kind = type(value)
        if issubclass(kind, ModuleType) or (
            issubclass(kind, (FunctionType, type)) and not is_made(getattr(value, "__code__", value))
        ):
            return f"{name}: {self.describe(value)}"
        if name not in self._begun:
            self._begun[name] = value
            self._texts.setdefault(name, []).append(self._describe_held(name, value, self.describe, changes=changes))
        return name

    def _describe_held(self, name: str, value: Any, tell: Tell, *, changes: bool = False) -> str:
        """Return what has a name, but is told within what holds it.

        Others may have the same name. It may change while the search runs.
        """
        if issubclass(type(value), (FunctionType, type, ModuleType)):
            return tell(value)
        if changes or name in self.changing:
            self.uncompared.add(f"{name} (it changes while the search runs)")
            return "not compared"
        before, outermost, self._at = self._at, self._left == inf, name
        self._left = _MOST if outermost else self._left
        try:
            if is_generator(value):
                self.uncompared.add(f"{name} (a generator of random numbers)")
                return "not compared"
            return f"{name}=@{hash_text(self._note(name, tell(value)))}"
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

    def _tell_once(self, part: Any, name: str, describe: Callable[[], str]) -> None:
        """Note what a function or class is, unless that is done already."""
        if id(part) not in self._begun:
            self._begun[id(part)] = part
            self._texts.setdefault(name, []).append(self._note(name, describe()))

    def _note(self, name: str, text: str) -> str:
        """Return a text, after noting, by name, what it says by itself."""
        self._own.setdefault(name, set()).add(hash_text(_CONTENT.sub("=@", text)))
        return text
