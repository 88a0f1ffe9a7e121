"""The code of functions, and what it refers to.

It is read from bytecode, since notebooks, `exec` and interactive sessions may have no
source.
"""

import builtins
import dis
import importlib
import importlib.util
import re
import sys
import sysconfig
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

_PLACES = [
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    Path(__file__).parents[2],  # our own, whose version is a part of a journal's identity
]
_INSTALLED = {*_PLACES, *(place.resolve() for place in _PLACES)}
_SILENT = {"EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"}
"""Instructions that may stand between a name and its attribute."""

_LOADS_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_MAKES_CODE = {"__import__", "eval", "exec", "globals"}
"""Builtins that run or find what nobody can know beforehand."""


@cache
def is_installed(file: str) -> bool:
    """Return whether a file of code belongs to Python, an installed package or to us.

    Users do not edit those, they install versions.
    """
    if file.startswith("<frozen"):
        return True
    path = Path(file)
    return not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or any(
        path.is_relative_to(known) for known in _INSTALLED
    )


def is_own(module: ModuleType) -> bool:
    """Return whether a module is the user's: a script, a notebook, their package."""
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if place is None:  # built in, or made by a notebook
        return getattr(module, "__spec__", None) is None
    return not is_installed(place)


def get_name(part: Any) -> str:
    """Return the name of a function or a class, its module included."""
    return f"{part.__module__}.{part.__qualname__}"


def is_made(part: Any) -> bool:
    """Return whether code or a class stands within a function, which may make more."""
    return "<" in (part.__qualname__ if isinstance(part, type) else part.co_qualname)


def is_own_class(own: Any) -> bool:
    """Return whether a class, or what else knows its module, is the user's."""
    module = sys.modules.get(own.__module__)
    return module is None or is_own(module)


# ---- the code itself -----------------------------------------------------------------------------------------------


def describe_code(code: CodeType) -> str:
    """Return a function's code in words.

    Docstrings, names of local variables and numbers of lines are left out.
    """
    used = {each.arg for each in dis.get_instructions(code) if each.opcode in dis.hasconst}
    # A docstring is loaded by nobody.
    constants = [_describe_constant(part) if k in used else "" for k, part in enumerate(code.co_consts)]
    n_arguments = code.co_argcount + code.co_kwonlyargcount
    arguments = (code.co_varnames[:n_arguments], code.co_argcount, code.co_posonlyargcount, code.co_flags)
    return f"{code.co_code.hex()} {code.co_exceptiontable.hex()} {code.co_names} {arguments} {constants}"


def _describe_constant(part: Any) -> str:
    if isinstance(part, CodeType):
        return describe_code(part)
    if isinstance(part, frozenset):  # whose order differs from process to process
        return f"frozenset{sorted(map(_describe_constant, part))}"
    return (
        f"({', '.join(map(_describe_constant, part))})"
        if isinstance(part, tuple)
        else f"{type(part).__name__} {part!r}"
    )


def find_set_globals(code: CodeType) -> set[str]:
    """Return the names of globals that a function sets: counters and the like."""
    own = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_GLOBAL"}
    return own.union(*map(find_set_globals, _iterate_code(code)))


def find_set_attributes(code: CodeType, own: str | None = None) -> set[str]:
    """Return the names of attributes that a function sets.

    Those of its argument `own` are left out.
    """
    names, before = set[str](), None
    for each in dis.get_instructions(code):
        # Some versions of Python load two at a time.
        of_own = own is not None and own in (before if isinstance(before, tuple) else (before,))
        if each.opname == "STORE_ATTR" and not of_own:
            names.add(each.argval)
        before = each.argval
    return names.union(*(find_set_attributes(part, own) for part in _iterate_code(code)))


def _iterate_code(code: CodeType) -> Iterator[CodeType]:
    """Return the code of functions within a function."""
    return (part for part in code.co_consts if isinstance(part, CodeType))


# ---- what it refers to ---------------------------------------------------------------------------------------------


class References:
    """What a function refers to beyond its arguments.

    Globals, members of modules, and what it imports itself.

    Parameters
    ----------
    function : that is read; what it imports of the user's own is imported.

    Attributes
    ----------
    found : values by the names of their modules and their own, such as "helpers.LIMIT";
        of a module that is handed on as a whole, all of its own.
    unknown : what is referred to and can not be known, in words.
    """

    def __init__(self, function: FunctionType):
        self._globals, self._home = function.__globals__, str(function.__globals__.get("__name__"))
        self.found: dict[str, Any] = {}
        self.unknown: set[str] = set()
        self._read(function.__code__, {})

    def _read(self, code: CodeType, imported: dict[str, ModuleType]) -> None:
        steps = [each for each in dis.get_instructions(code) if each.opname not in _SILENT]
        cells = {*code.co_cellvars, *code.co_freevars}
        if "import_module" in code.co_names:
            self.unknown.add("what import_module runs or finds")
        for k, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                imported = imported | self._import_names(steps, k)
            *others, last = _list_loaded(step, cells) or [""]
            for name, attributes in [*((name, []) for name in others), (last, _list_attributes(steps, k + 1))]:
                self._follow_name(name, attributes, imported, is_global=step.opname in _LOADS_GLOBAL)
        for part in _iterate_code(code):
            self._read(part, imported)

    def _follow_name(
        self, name: str, attributes: list[str], imported: dict[str, ModuleType], *, is_global: bool
    ) -> None:
        if name in imported:
            self._follow("", imported[name], attributes)
        elif is_global and name in self._globals:
            self._follow(f"{self._home}.{name}", self._globals[name], attributes)
        elif is_global and name in _MAKES_CODE and hasattr(builtins, name):
            self.unknown.add(f"what {name} runs or finds")

    def _follow(self, key: str, value: Any, attributes: list[str]) -> None:
        """Note the member of a module that is meant, or all of a module.

        Members of members are known once the members are.
        """
        for name in attributes:
            if not _is_own_module(value):
                break
            key, value = f"{value.__name__}.{name}", get_member(value, name)
        if _is_own_module(value):
            self.found |= {
                f"{value.__name__}.{name}": part for name, part in vars(value).items() if _is_of(value, name, part)
            }
        else:
            self.found[key or str(value.__name__)] = value

    def _import_names(self, steps: list[dis.Instruction], k: int) -> dict[str, ModuleType]:
        """Return the modules that an import statement names, by their new names.

        What else it takes from a module is noted.
        """
        level, wanted = steps[k - 2].argval, steps[k - 1].argval
        package = self._globals.get("__package__") or self._home.rpartition(".")[0]
        try:
            whole = importlib.util.resolve_name("." * level + steps[k].argval, package) if level else steps[k].argval
            if not _is_own_name(whole):
                return {}  # its name is in the code
            module = importlib.import_module(whole)
        except Exception:  # whatever a module does when it is imported
            self.unknown.add(f"the import of {'.' * level + steps[k].argval}")
            return {}
        if not wanted:  # `import a.b`, which makes a name for a; or `import a.b as c`
            stores = [step for step in steps[k + 1 :] if step.opname.startswith("STORE")]
            return {
                _get_first(stores[0]): sys.modules[whole.partition(".")[0]] if stores[0] is steps[k + 1] else module
            }
        names = dict[str, ModuleType]()
        for step, following in zip(steps[k + 1 :], steps[k + 2 :], strict=False):
            if step.opname == "IMPORT_FROM":
                part = get_member(module, step.argval)
                if isinstance(part, ModuleType):
                    names[_get_first(following)] = part
                else:
                    self.found[f"{whole}.{step.argval}"] = part
            elif not step.opname.startswith("STORE"):
                break
        return names


def get_member(module: ModuleType, name: str) -> Any:
    """Return a member of the user's module, or the module of that name within it.

    It does not matter whether anybody has imported that. None if there is none.
    """
    if name not in vars(module) and hasattr(module, "__path__"):
        try:
            return importlib.import_module(f"{module.__name__}.{name}")
        except Exception:  # whatever it does when it is imported; then nobody gets it
            pass
    return getattr(module, name, None)


def _is_own_module(value: Any) -> bool:
    # Not `isinstance`, which asks objects that may answer with an error.
    return issubclass(type(value), ModuleType) and is_own(value)


def _list_loaded(step: dis.Instruction, cells: Collection[str]) -> list[str]:
    """Return the variables that an instruction loads, the one used next at the end.

    Some versions of Python load, or store and load, two at a time. To hand variables to
    a function within, Python 3.13 loads their cells as if they were variables.
    """
    if step.opname in _LOADS_GLOBAL:
        return [step.argval]
    if "LOAD_FAST" not in step.opname and not re.fullmatch("LOAD_.*DEREF", step.opname):
        return []
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    used = names[-1:] if step.opname.startswith("STORE") else names
    return [name for name in used if "FAST" not in step.opname or name not in cells]


def _list_attributes(steps: list[dis.Instruction], k: int) -> list[str]:
    """Return the attributes that instructions load one after another, from the k-th."""
    names = []
    while k < len(steps) and steps[k].opname in ("LOAD_ATTR", "LOAD_METHOD"):
        names.append(steps[k].argval)
        k += 1
    return names


def _get_first(step: dis.Instruction) -> str:
    return str(step.argval[0] if isinstance(step.argval, tuple) else step.argval)


def _is_of(module: ModuleType, name: str, part: Any) -> bool:
    """Return whether a member is a module's own, whatever others have imported."""
    if name.startswith("__") or isinstance(part, ModuleType):
        return False
    return not isinstance(part, (FunctionType, type)) or part.__module__ == module.__name__


def _is_own_name(module: str) -> bool:
    """Return whether a module is the user's, without importing it if it is not."""
    top = module.partition(".")[0]
    if top in sys.modules:
        return is_own(sys.modules[top])
    spec = importlib.util.find_spec(top)
    if spec is None:
        return False
    place = spec.origin if spec.has_location else next(iter(spec.submodule_search_locations or ()), None)
    return place is not None and not is_installed(place)
