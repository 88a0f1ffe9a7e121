"""Sections of docstrings in numpydoc's form, written from descriptions kept as data."""

from collections.abc import Callable, Mapping
from inspect import cleandoc, signature
from textwrap import fill, indent
from typing import Any

Description = tuple[str, str]
"""The type of a parameter or an attribute, and what it means."""

_WIDTH = 88
"""Columns of a docstring, the margin of `help` included, so that it fits a terminal."""

_INDENT = "    "


def document(
    describe: Callable[[str, Any], Description], attributes: Mapping[str, Description] | None = None
) -> Callable[[type], type]:
    """Return a class decorator that completes a docstring.

    What the class's constructor takes is written where the docstring says
    ``{parameters}``, and `attributes`, if given, where it says ``{attributes}``.

    Parameters
    ----------
    describe : returns the type and the meaning of a parameter, given its name and its
        default (`inspect.Parameter.empty` if it has none).
    attributes : by name.
    """

    def write(cls: type) -> type:
        parameters = {name: describe(name, each.default) for name, each in signature(cls).parameters.items()}
        _fill_in(cls, "{parameters}", parameters)
        if attributes is not None:
            _fill_in(cls, "{attributes}", attributes)
        return cls

    return write


def _fill_in(cls: type, mark: str, entries: Mapping[str, Description]) -> None:
    """Put entries where a class's docstring has a mark, without the source's margin.

    From Python 3.13 on, docstrings have none.
    """
    assert cls.__doc__ is not None, f"{cls.__name__} has no docstring"
    assert mark in cls.__doc__, f"{cls.__name__} says nowhere {mark}"
    lines = "\n".join(_format_entry(name, *description) for name, description in entries.items())
    cls.__doc__ = cleandoc(cls.__doc__).replace(mark, lines)


def _format_entry(name: str, kind: str, text: str) -> str:
    """Return an entry of a section; choices too long for its line are put below."""
    line, width = f"{name} : {kind}", _WIDTH - len(_INDENT)
    if len(line) > width:
        choices, _, default = kind.rpartition(", default=")
        line, text = f"{name} : one of these, default={default}", f"{choices}. {text}"
    return f"{line}\n{indent(fill(text, width - len(_INDENT)), _INDENT)}"
