"""Dimensions of numbers, as checks of searches read and change them."""

from collections.abc import Mapping, Sequence
from math import isfinite, log
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.values import Params, is_number

FURTHER = 2
"""So many values are added to a list of choices."""

_FEW_DIGITS = 2


def locate(dimension: Dimension, value: Any) -> float:
    """Return where a number is between the ends of its dimension, 0 and 1.

    It may be below or above them. NaN if it is no number, or the dimension has no ends.
    """
    if not is_number(value):
        return np.nan
    if isinstance(dimension, Choice):
        values = list_numbers(dimension)
        if len(values) < 3 or not np.isfinite(values).all():  # of two values one is always the best
            return np.nan
        places = np.arange(len(values)) / (len(values) - 1)
        if values[0] <= value <= values[-1]:
            return float(np.interp(value, values, places))
        return -0.5 if value < values[0] else 1.5
    low, high = dimension.low, dimension.high
    if low is None or high is None or not low < high or (dimension.log and value <= 0):
        return np.nan
    if dimension.log:
        return log(value / low) / log(high / low)
    return float((value - low) / (high - low))


def list_numbers(choice: Choice) -> list[Any]:
    """Return the values of a choice among numbers, sorted; none if there are others."""
    return sorted(set(choice.values)) if all(is_number(value) for value in choice.values) else []


def find_limits(estimator: Any, params: Params, name: str, value: Any) -> Interval | None:
    """Return which numbers an estimator allows, None if it does not say.

    Parameters
    ----------
    estimator : that is searched over.
    params : of the candidate.
    name : of its parameter.
    value : one that is allowed.
    """
    *path, own = name.split("__")
    step = "__".join(path)
    owner = params[step] if step in params else estimator.get_params(deep=True).get(step) if step else estimator
    allowed: Sequence[Any] = getattr(owner, "_parameter_constraints", {}).get(own, ())
    for interval in allowed:
        if isinstance(interval, Interval) and interval.is_satisfied_by(value):
            return interval
    return None


def widen(dimension: Dimension, limits: Interval | None, *, upward: bool) -> Dimension | None:
    """Return a dimension that goes further on one side; None if there is no room.

    A range goes on for half of its extent, choices for two values more.
    """
    if isinstance(dimension, Choice):
        added = [value for value in _go_on(list_numbers(dimension), upward) if _is_allowed(value, limits)]
        return Choice(sorted([*list_numbers(dimension), *added])) if added else None
    low, high = dimension.low, dimension.high
    if low is None or high is None:
        return None
    reach = min(max((high / low) ** 0.5, 3), 100) if dimension.log else (high - low) / 2
    if upward:
        high = _fit_in(high, high * reach if dimension.log else high + reach, limits, dimension.integer)
    else:
        low = _fit_in(low, low / reach if dimension.log else low - reach, limits, dimension.integer)
    if (low, high) == (dimension.low, dimension.high) or (dimension.log and low <= 0):
        return None
    return Range.from_bounds(low, high, log=dimension.log, integer=dimension.integer)


def _go_on(values: list[Any], upward: bool) -> list[Any]:
    """Return the next values of a series, which grows by steps or by factors."""
    end, before = (values[-1], values[-2]) if upward else (values[0], values[1])
    whole = all(isinstance(value, Integral) for value in values)
    grows = values[0] > 0 and len(values) > 2 and values[-1] / values[-2] > 1.01 * (2 - values[-3] / values[-2])
    further = [end * (end / before) ** k if grows else end + k * (end - before) for k in range(1, FURTHER + 1)]
    rounded = [round(value) if whole else float(f"{value:.{_FEW_DIGITS}g}") for value in further]
    return list(dict.fromkeys(value for value in rounded if value not in values))


def _fit_in(end: float, wanted: float, limits: Interval | None, integer: bool) -> float:
    """Return how far an end of a range can go towards a value, within limits."""
    if limits is not None and not _is_allowed(wanted, limits):
        bound = limits.right if wanted > end else limits.left
        if bound is None or not isfinite(bound):
            return end
        # Up to a limit that is not allowed itself it goes half of the way.
        wanted = bound if _is_allowed(bound, limits) else (end + bound) / 2
    rounded = round(wanted) if integer else float(f"{wanted:.{_FEW_DIGITS}g}")
    return rounded if _is_allowed(rounded, limits) else end


def _is_allowed(value: Any, limits: Interval | None) -> bool:
    return limits is None or limits.is_satisfied_by(int(value) if limits.type is Integral else value)


def replace_in_space(given: Any, old: Mapping[str, Dimension], changed: Mapping[str, Any]) -> Any:
    """Return a space as it was given, with other dimensions for some names.

    Parameters
    ----------
    given : dict, or list of dicts (scikit-optimize also takes pairs of a dict and a
        number).
    old : the branch that is changed.
    changed : dimensions by name, as the search takes them.
    """
    if isinstance(given, Mapping):
        return {**given, **changed} if set(given) == set(old) else given
    replaced, done = [], False
    for branch in given:
        own = branch[0] if isinstance(branch, tuple) else branch
        if not done and set(own) == set(old):
            own, done = {**own, **changed}, True
        replaced.append((own, *branch[1:]) if isinstance(branch, tuple) else own)
    return replaced


def write_dimension(dimension: Dimension) -> Any:
    """Return a dimension as users write it."""
    if isinstance(dimension, Choice):
        return list(dimension.values)
    return (dimension.low, dimension.high, "log-uniform") if dimension.log else (dimension.low, dimension.high)
