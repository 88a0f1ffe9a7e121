"""A table whose dates are also there as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.tables.table import Table


class DatedTable:
    """The numbers of a table, those of its dates among them.

    The latter are columns behind the table's own, those of one date side by side.
    """

    def __init__(self, table: Table, dates: Sequence[DateColumn]):
        self._table, self._dates = table, dates
        self.n_rows = table.n_rows
        self._owners = [date.column for date in dates for _ in date.names_]

    @cached_property
    def _moments(self) -> list[np.ndarray]:
        """The dates, read once, as what learns and encodes goes over rows often."""
        return [date.read(self._table) for date in self._dates]

    @property
    def added(self) -> list[int]:
        """The columns of the dates' numbers."""
        return [self._table.n_columns + number for number in range(len(self._owners))]

    def label(self, column: int) -> str:
        """Name a column in an error message."""
        own = column < self._table.n_columns
        return self._table.label(column if own else self._owners[column - self._table.n_columns])

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64; a missing one is NaN.

        ``columns`` are some of the table's own, and then all that are added.
        """
        first = len(columns) - len(self._owners)
        if first:
            self._table.read_floats(columns[:first], rows, out[:, :first])
        for date, moments in zip(self._dates, self._moments, strict=True):
            stop = first + len(date.names_)
            date.write(moments[rows], out[:, first:stop])
            first = stop
