"""Values as JSON can hold them, and back, none of them changed."""

import math
from typing import Any

import numpy as np


def to_plain(value: Any) -> Any:
    """Return a value as lists, dicts of a name to a value, and Python's own numbers.

    Raises
    ------
    TypeError
        If it is something else, such as a function or an estimator.
    """
    if value is None or isinstance(value, (bool, str)):
        return str(value) if isinstance(value, np.str_) else value
    if isinstance(value, np.generic):
        return {"numpy": [value.dtype.str, to_plain(value.item())]}
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) in (list, tuple):
        return {type(value).__name__: [to_plain(part) for part in value]}
    if type(value) is dict:
        return {"dict": [[to_plain(key), to_plain(part)] for key, part in value.items()]}
    raise TypeError(f"{value!r} ({type(value).__name__}) cannot be written as plain values")


def from_plain(value: Any) -> Any:
    """Return the value that `to_plain` was given."""
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "numpy":
        name, item = content
        return np.dtype(name).type(from_plain(item))
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {from_plain(key): from_plain(part) for key, part in content}
    parts = [from_plain(part) for part in content]
    return parts if kind == "list" else tuple(parts)
