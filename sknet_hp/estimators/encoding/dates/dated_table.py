"""A table whose dates are also there as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.tables.table import Table


class DatedTable:
    """The numbers of a table, those of its dates among them.

    The latter are columns behind the table's own, those of one date side by side.

    Parameters
    ----------
    dates : that have learned.
    moments : what each has read in the table.
    """

    def __init__(self, table: Table, dates: Sequence[DateColumn], moments: Sequence[np.ndarray]):
        self._table = table
        self.n_rows = table.n_rows
        numbers = [date.compute_numbers(own) for date, own in zip(dates, moments, strict=True)]
        self._numbers = np.concatenate(numbers, axis=1)  # once, as rows are read often
        self._owners = [date.column for date in dates for _ in date.names_]

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
        out[:, first:] = self._numbers[rows]
