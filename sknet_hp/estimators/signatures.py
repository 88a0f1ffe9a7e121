"""What follows from the registry of parameters for an estimator's class."""

from collections.abc import Callable
from textwrap import fill
from typing import Any

from sknet_hp.estimators.docstrings import Description, document
from sknet_hp.estimators.parameters import COMMON, Hyperparameter, group_parameters


def list_constraints(own: dict[str, Hyperparameter]) -> dict[str, list[Any]]:
    """Return `_parameter_constraints` of an estimator with parameters of its own."""
    return {name: parameter.allowed for name, parameter in (COMMON | own).items()}


def document_estimator(own: dict[str, Hyperparameter], attributes: dict[str, Description]) -> Callable[[type], type]:
    """Return a class decorator that documents parameters and fitted attributes.

    Where the docstring says ``{groups}``, the parameters are listed by group.
    """
    known = COMMON | own
    describe = document(lambda name, default: (known[name].describe_type(default), known[name].full_text), attributes)

    def write(cls: type) -> type:
        described = describe(cls)
        assert described.__doc__ is not None
        described.__doc__ = described.__doc__.replace("{groups}", list_groups(own))
        return described

    return write


def list_groups(own: dict[str, Hyperparameter]) -> str:
    """Return a list of the groups of parameters, as a docstring of a class has it."""
    groups = group_parameters(own).items()
    items = (f"- {title}: {', '.join(f'`{name}`' for name in names)}." for title, names in groups)
    return "\n".join(fill(item, 84, subsequent_indent="  ") for item in items)
