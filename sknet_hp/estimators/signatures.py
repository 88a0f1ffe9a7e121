"""What follows from the registry of parameters for an estimator's class: its
constraints and its docstring.
"""

from collections.abc import Callable
from inspect import signature
from textwrap import fill, indent
from typing import Any

from sknet_hp.estimators.parameters import COMMON, Parameter


def constraints(own: dict[str, Parameter]) -> dict[str, list[Any]]:
    """`_parameter_constraints` of an estimator."""
    return {name: parameter.allowed for name, parameter in (COMMON | own).items()}


def documented(own: dict[str, Parameter]) -> Callable[[type], type]:
    """A class decorator that writes the section on parameters into a docstring, where it says ``{parameters}``."""

    def write(cls: type) -> type:
        known, lines = COMMON | own, []
        for name, argument in signature(cls).parameters.items():
            lines += [
                f"{name} : {known[name].type_with(argument.default)}",
                indent(fill(known[name].full_text, 130), "    "),
            ]
        assert cls.__doc__ is not None
        cls.__doc__ = cls.__doc__.replace("{parameters}", indent("\n".join(lines), "    ").lstrip())
        return cls

    return write
