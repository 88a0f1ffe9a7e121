"""Parameters of candidates, and when two of their values are the same."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Params = dict[str, Any]
"""One candidate: names of parameters to values."""


def are_equal(a: Any, b: Any) -> bool:
    """Return whether two values of any kind are equal, as far as they say so."""
    try:
        return bool(a == b)
    except Exception:  # arrays, estimators with odd comparisons
        return False


def have_same_values(a: Params, b: Params) -> bool:
    """Return whether two candidates have the same parameters with the same values."""
    return a.keys() == b.keys() and all(a[name] is b[name] or are_equal(a[name], b[name]) for name in a)


def drop_known(drawn: Sequence[Params], known: Sequence[Params]) -> list[Params]:
    """Return the candidates that were drawn, without those that are known already."""
    return [params for params in drawn if not any(have_same_values(params, other) for other in known)]


def is_number(value: Any) -> bool:
    """Return whether a value is a number, which a bool is not."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def to_plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's, and any other value as it is."""
    return value.item() if isinstance(value, np.generic) else value
