"""One column of dates as numbers: elapsed time, and where in the year, week and day."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np

from sknet_hp.estimators.encoding.dates.cycles import CYCLES
from sknet_hp.estimators.encoding.dates.text import parse_dates
from sknet_hp.estimators.encoding.numeric.sample import compute_quantiles
from sknet_hp.estimators.encoding.tables.table import Table

_BULK = (0.01, 0.99)
"""Levels of the quantiles between which elapsed time runs from 0 to 1."""

BEYOND = 1.0
"""How far elapsed time goes on, before the lower quantile and behind the upper one.

Later dates go on with the trend, for as long again as the training rows took.
Placeholders such as 9999-12-31 do not take a network to where it has never been.
"""

_ROUNDED = 0.95
"""The share of a cycle that training rows must span to have gone through it.

Of a year's table, the last days may be missing.
"""

STEPS = 1e6
"""Sines and cosines are multiples of one over this.

Where two should be equal, as those of 0 and of pi, their last bits are not. Bins
between them would have no width, and who computes sines otherwise would miss them.
"""


class DateColumn:
    """Encodes one column of dates as numbers.

    The first is the time elapsed, in units of the time that the training rows span. For
    each cycle of calendar and clock (`CYCLES`) in which training rows differ, and which
    they have gone through, there follow the position in it, its sine and its cosine.
    Bins of the position single out days; sine and cosine know that January comes after
    December, and serve networks without bins.

    Clocks show local time: the zone is that of the training rows.

    Attributes
    ----------
    column : int
        Its number in the table.
    zone_ : str or None
        The time zone, if dates have one.
    start_, span_ : float
        When elapsed time is 0, in seconds since 1970, and how many seconds later it is
        1.
    cycles_ : list of str
        The cycles that have numbers.
    """

    def __init__(self, column: int, zone: str | None):
        self.column = column
        self.zone_ = zone

    def fit(self, moments: np.ndarray, weight: np.ndarray | None) -> Self:
        """Learn from the rows of positive weight, or from all if it is None.

        ``moments`` are what `read` returns.
        """
        counts = ~np.isnat(moments) if weight is None else ~np.isnat(moments) & (weight > 0)
        moments = moments[counts]
        seconds = _count_seconds(moments)
        self.start_, self.span_, self.cycles_ = 0.0, 0.0, []
        if not len(moments):
            return self
        low, high = compute_quantiles(seconds, None if weight is None else weight[counts], _BULK)
        if low == high:
            low, high = seconds.min(), seconds.max()
        self.start_, self.span_ = float(low), float(high - low)
        for name, cycle in CYCLES.items():
            if np.ptp(seconds) >= _ROUNDED * cycle.seconds and np.ptp(cycle.locate(moments)) > 0:
                self.cycles_.append(name)
        return self

    @property
    def names_(self) -> list[str]:
        """What each number stands for."""
        return ["elapsed", *(name + wave for name in self.cycles_ for wave in ("", "_sin", "_cos"))]

    def read(self, table: Table) -> np.ndarray:
        """Return the column as local times, datetime64[us] of shape (n_rows,).

        Text that is no date becomes NaT, with a warning.
        """
        rows = slice(0, table.n_rows)
        if table.is_date(self.column):
            return table.read_moments(self.column, rows, self.zone_)
        cells = table.read_objects(self.column, rows)
        import pandas

        codes, values = pandas.factorize(cells)  # -1 where missing
        texts = [str(value) for value in values]
        parsed = parse_dates(texts, self.zone_)
        strange = np.isnat(parsed)
        if strange.any():
            n_strange = int(strange[codes[codes >= 0]].sum())
            warnings.warn(
                f"{table.label(self.column)} holds dates, but {n_strange:,} of {table.n_rows:,} cells are none, such "
                f"as {texts[int(strange.argmax())]!r}: they count as missing. Write dates as 2025-01-31 or 2025-01-31 "
                f"18:30.",
                UserWarning,
                stacklevel=2,
            )
        return np.append(parsed, np.datetime64("NaT", "us"))[codes]

    def compute_numbers(self, moments: np.ndarray) -> np.ndarray:
        """Return the numbers, (n_rows, len(names_)) float32, NaN if missing."""
        numbers = np.full((len(moments), len(self.names_)), np.nan, np.float32)
        present = ~np.isnat(moments)
        moments = moments[present]
        if not len(moments):
            return numbers
        elapsed = (_count_seconds(moments) - self.start_) / (self.span_ or 1.0)
        numbers[present, 0] = np.clip(elapsed, -BEYOND, 1 + BEYOND)
        for number, name in enumerate(self.cycles_):
            position = CYCLES[name].locate(moments)
            waves = (np.rint(STEPS * wave(2 * np.pi * position)) / STEPS for wave in (np.sin, np.cos))
            for offset, values in enumerate((position, *waves)):
                numbers[present, 1 + 3 * number + offset] = values
        return numbers


def _count_seconds(moments: np.ndarray) -> np.ndarray:
    """Return seconds since 1970 as float64."""
    return moments.astype("datetime64[us]").astype(np.int64) / 1e6
