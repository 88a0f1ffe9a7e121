"""The searched parameters of a search as axes: how each is scaled and labelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknet_hp.formatting.values import format_value
from sknet_hp.report.searches import get_results
from sknet_hp.search.spaces.dimensions import Range
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import is_number
from sknet_hp.search.views.facts import find_space, get_own_values

LOG_FROM = 50.0
"""Positive numbers of an unknown distribution that span more than this factor are drawn
on a logarithmic scale.
"""
MOST_CHOICES = 8
"""Numbers that take more values than these are drawn as numbers, others as choices."""
MOST_LETTERS = 16


@dataclass(frozen=True)
class ParameterAxis:
    """One searched parameter.

    Attributes
    ----------
    name : of the parameter, as in `params`.
    label : the same, without steps of a pipeline where it is clear.
    kind : {"log", "linear", "choice"}
    low, high : of numbers, the least and the greatest that were tried, or may be.
    choices : what choices are called, numbers in their order first.
    integer : whether numbers are whole.
    """

    name: str
    label: str
    kind: str
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    integer: bool = False

    def place(self, values: Sequence[Any]) -> np.ndarray:
        """Return where values lie, from 0 to 1; NaN where there is none.

        Each choice has an equal stretch, and lies in its middle.
        """
        if self.kind == "choice":
            places = {choice: (k + 0.5) / len(self.choices) for k, choice in enumerate(self.choices)}
            return np.array([places.get(format_choice(value), np.nan) for value in values])
        numbers = np.array([float(value) if is_number(value) else np.nan for value in values])
        low, high = self.low, self.high
        if self.kind == "log":
            numbers, low, high = np.log(numbers), np.log(low), np.log(high)
        return (numbers - low) / (high - low)

    def measure(self, values: Sequence[Any]) -> np.ndarray:
        """Return values in units of the axis: numbers as they are, choices from 0.

        NaN where there is none.
        """
        if self.kind == "choice":
            return self.place(values) * len(self.choices) - 0.5
        return np.array([float(value) if is_number(value) else np.nan for value in values])


def read_axes(search: Any) -> list[ParameterAxis]:
    """Return the parameters that candidates differ in, in the order of the space.

    Whether a scale is logarithmic is what the space says; where it does not, what the
    values look like.
    """
    settings = list_settings(search)
    names = list(dict.fromkeys(name for params in settings for name in params))
    labels, space = shorten_names(names), find_space(search)
    axes = []
    for name in names:
        values = [params[name] for params in settings if name in params]
        if len(set(map(repr, values))) > 1:
            axes.append(_make_axis(name, labels[name], values, _find_range(space, name)))
    return axes


def list_settings(search: Any) -> list[dict[str, Any]]:
    """Return the parameters of each row of `cv_results_`, without the resource.

    Where a candidate does not have one that others have, it is what the estimator has,
    unless a part of the estimator is itself searched.
    """
    resource = getattr(search, "resource_", getattr(search, "resource", None))
    settings = [{k: v for k, v in params.items() if k != resource} for params in get_results(search)["params"]]
    names = dict.fromkeys(name for params in settings for name in params)
    own = get_own_values(search)
    fixed = {name: own[name] for name in names if name in own and not any(name.startswith(f"{k}__") for k in names)}
    known = [fixed | params for params in settings]
    return [{name: params[name] for name in names if name in params} for params in known]  # in the order of the space


def format_choice(value: Any) -> str:
    """Return a value of any kind in a few letters."""
    return format_value(value, most=MOST_LETTERS)


def shorten_names(names: Sequence[str]) -> dict[str, str]:
    """Return names without the steps before them, where they stay different."""
    short = {name: name.rsplit("__", 1)[-1] for name in names}
    twice = [label for label in short.values() if list(short.values()).count(label) > 1]
    return {name: name if label in twice else label for name, label in short.items()}


def _find_range(space: Space | None, name: str) -> Range | None:
    """Return the range of a parameter; None of choices, or where it is not known."""
    found = [branch[name] for branch in space.branches if name in branch] if space is not None else []
    return found[0] if found and isinstance(found[0], Range) else None


def _make_axis(name: str, label: str, values: Sequence[Any], known: Range | None) -> ParameterAxis:
    written = {format_choice(value): value for value in values}
    all_numbers = all(map(is_number, values))
    few = len(set(map(repr, values))) <= MOST_CHOICES and (known is None or (known.integer and _is_short(known)))
    if not all_numbers or few:
        return ParameterAxis(
            name, label, "choice", choices=tuple(sorted(written, key=lambda text: _key(written[text])))
        )
    numbers = np.array(values, dtype=float)
    low, high = float(numbers.min()), float(numbers.max())
    if known is not None and known.low is not None and known.high is not None:
        low, high = min(low, float(known.low)), max(high, float(known.high))
    bounded = known is not None and known.low is not None
    log = known.log if known is not None and bounded else low > 0 and high / low > LOG_FROM
    whole = bool(np.mod(numbers, 1).max() == 0)
    return ParameterAxis(name, label, "log" if log and low > 0 else "linear", low, high, integer=whole)


def _is_short(known: Range) -> bool:
    """Return whether a range has so few whole numbers that they can all be choices."""
    return known.low is not None and known.high is not None and known.high - known.low < MOST_CHOICES


def _key(value: Any) -> tuple[bool, float, str]:
    """Return what choices are sorted by: numbers first, by size; the rest by name."""
    return (False, float(value), "") if is_number(value) else (True, 0.0, format_choice(value))
