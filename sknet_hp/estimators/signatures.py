"""What follows from the registry of parameters for an estimator's class."""

from collections.abc import Callable
from typing import Any

from sknet_hp.estimators.docstrings import Description, document
from sknet_hp.estimators.parameters import COMMON, Hyperparameter


def list_constraints(own: dict[str, Hyperparameter]) -> dict[str, list[Any]]:
    """Return `_parameter_constraints` of an estimator with parameters of its own."""
    return {name: parameter.allowed for name, parameter in (COMMON | own).items()}


def document_estimator(own: dict[str, Hyperparameter], attributes: dict[str, Description]) -> Callable[[type], type]:
    """Return a class decorator that documents parameters and fitted attributes."""
    known = COMMON | own
    return document(lambda name, default: (known[name].describe_type(default), known[name].full_text), attributes)
