"""How the values of a hyperparameter stand along an axis."""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from sknet_hp.search.spaces.dimensions import Range
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.views.facts import find_space

MOST_CATEGORIES = 8
"""Different numbers of a list of choices that stand beside each other, evenly."""

ORDERS = 20.0
"""Numbers whose largest is so many times the smallest are taken to be on a log scale,
where no space says it.
"""


@dataclass(frozen=True)
class Scale:
    """The axis of a hyperparameter.

    Attributes
    ----------
    kind : {"linear", "log", "category"}
    categories : list of str
        Along the axis, in order; empty of numbers.
    """

    kind: str
    categories: tuple[str, ...] = ()

    def place(self, values: Iterable[Any]) -> np.ndarray:
        """Return where values stand: numbers as they are, categories from 0.

        NaN stands for what a candidate does not have.
        """
        if self.kind != "category":
            return np.array([float(value) if _is_number(value) else np.nan for value in values])
        known = {text: float(k) for k, text in enumerate(self.categories)}
        return np.array([known.get(write_value(value), np.nan) for value in values])

    def normalise(self, placed: np.ndarray) -> np.ndarray:
        """Return places as numbers in [0, 1], evenly along the axis as it is drawn."""
        even = np.log10(placed) if self.kind == "log" else placed
        low, high = np.nanmin(even), np.nanmax(even)
        return (even - low) / (high - low) if high > low else np.zeros_like(even)


def choose_scale(search: Any, name: str, values: Iterable[Any]) -> Scale:
    """Return the axis of a hyperparameter: logarithmic where the space is.

    Parameters
    ----------
    search : fitted search, or the record of one.
    name : of the hyperparameter.
    values : that candidates have.
    """
    known = [value for value in values if not is_missing(value)]
    space = find_space(search)
    numbers = [float(value) for value in known if _is_number(value)]
    if not known or len(numbers) < len(known):
        return Scale("category", _list_categories(known))
    dimensions = _find_dimensions(space, name)
    is_listed = bool(dimensions) and not any(isinstance(each, Range) for each in dimensions)
    if (is_listed or space is None) and len(set(numbers)) <= MOST_CATEGORIES:
        return Scale("category", _list_categories(known))
    says_log = any(isinstance(each, Range) and each.log for each in dimensions)
    spans = min(numbers) > 0 and max(numbers) >= ORDERS * min(numbers)
    is_silent = is_listed or not any(isinstance(each, Range) and each.low is not None for each in dimensions)
    return Scale("log" if min(numbers) > 0 and (says_log or (is_silent and spans)) else "linear")


def write_value(value: Any) -> str:
    """Return a value of a hyperparameter as text along an axis."""
    if _is_number(value):
        return f"{value:.4g}" if not float(value).is_integer() else str(int(value))
    if isinstance(value, (tuple, list, np.ndarray)):
        return " · ".join(write_value(each) for each in value) or "none"
    text = " ".join(str(value).split())
    return text if len(text) <= 24 else f"{text[:23]}…"


def is_missing(value: Any) -> bool:
    """Return whether a candidate does not have the parameter."""
    return isinstance(value, float) and np.isnan(value)


def _find_dimensions(space: Space | None, name: str) -> list[Any]:
    return [] if space is None else [branch[name] for branch in space.branches if name in branch]


def _is_number(value: Any) -> bool:
    return isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_)) and not is_missing(value)


def _list_categories(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the texts of different values: numbers first, in their order."""
    order = sorted(
        values, key=lambda value: (not _is_number(value), float(value) if _is_number(value) else 0, write_value(value))
    )
    return tuple(dict.fromkeys(write_value(value) for value in order))
