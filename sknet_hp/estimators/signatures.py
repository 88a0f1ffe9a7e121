"""What follows from the registry of parameters for an estimator's class."""

from collections.abc import Callable
from typing import Any

from sknet_hp.estimators.docstrings import document
from sknet_hp.estimators.parameters import COMMON, Parameter


def list_constraints(own: dict[str, Parameter]) -> dict[str, list[Any]]:
    """Return `_parameter_constraints` of an estimator with parameters of its own."""
    return {name: parameter.allowed for name, parameter in (COMMON | own).items()}


def document_parameters(own: dict[str, Parameter]) -> Callable[[type], type]:
    """Return a class decorator that writes the section on parameters of a docstring."""
    known = COMMON | own
    return document(lambda name, default: (known[name].describe_type(default), known[name].full_text))
