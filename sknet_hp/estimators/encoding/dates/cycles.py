"""The cycles of the calendar and of the clock, as positions from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

DAY = 86_400  # seconds
_MONDAY = 3  # days from 1970-01-01, a Thursday, back to a Monday


class Cycle(NamedTuple):
    """A cycle that dates go through again and again.

    Attributes
    ----------
    seconds : how long it takes, at most.
    locate : from datetime64[us] of shape (n,), none missing, to positions from 0 on,
        and below 1.
    """

    seconds: int
    locate: Callable[[np.ndarray], np.ndarray]


def locate_in_year(moments: np.ndarray) -> np.ndarray:
    """Return how much of its year is over on a day."""
    return _locate_days(moments, "Y")


def locate_in_month(moments: np.ndarray) -> np.ndarray:
    """Return how much of its month is over on a day."""
    return _locate_days(moments, "M")


def _locate_days(moments: np.ndarray, unit: Literal["Y", "M"]) -> np.ndarray:
    """Return how much of its year or month is over on a day.

    Where days come again, each is looked up in the calendar once.
    """
    days = moments.astype("datetime64[D]")
    first, last = days.min(), days.max()
    if (last - first).astype(np.int64) >= len(days):
        return _divide(days, unit)
    day = np.timedelta64(1, "D")
    return _divide(np.arange(first, last + day, day), unit)[(days - first).astype(np.int64)]


def _divide(days: np.ndarray, unit: Literal["Y", "M"]) -> np.ndarray:
    begin = days.astype(f"datetime64[{unit}]")
    edges = begin.astype("datetime64[D]"), (begin + np.timedelta64(1, unit)).astype("datetime64[D]")
    return (days - edges[0]) / (edges[1] - edges[0])


def locate_in_week(moments: np.ndarray) -> np.ndarray:
    """Return the day of the week in sevenths, from Monday on."""
    days = moments.astype("datetime64[D]").astype(np.int64)
    return (days + _MONDAY) % 7 / 7


def locate_in_day(moments: np.ndarray) -> np.ndarray:
    """Return how much of its day is over."""
    return (moments - moments.astype("datetime64[D]")) / np.timedelta64(DAY, "s")


CYCLES: dict[str, Cycle] = {
    "year": Cycle(366 * DAY, locate_in_year),
    "month": Cycle(31 * DAY, locate_in_month),
    "week": Cycle(7 * DAY, locate_in_week),
    "day": Cycle(DAY, locate_in_day),
}
"""By the name that stands in names of columns.

Positions in the year, month and week are those of whole days, so that what happens on
Saturdays happens at one place of the week, whatever the hour.
"""
