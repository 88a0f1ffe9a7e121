"""The interface to any table: which columns hold numbers, and what their cells are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Numbers(Protocol):
    """Columns of numbers, which are read by position."""

    n_rows: int

    def label(self, column: int) -> str:
        """Name a column in an error message."""

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64, NaN if missing, into ``out``, (rows, columns)."""


class Table(Numbers, Protocol):
    """A table of shape (n_rows, n_columns) whose columns are read by position."""

    n_columns: int

    def is_numeric(self, column: int) -> bool:
        """Return whether it holds numbers, not strings, booleans or categories.

        Durations and times of day are numbers, of seconds.
        """

    def is_date(self, column: int) -> bool:
        """Return whether it holds dates; text that could be read as such is none."""

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories."""

    def select_rows(self, rows: slice) -> Table:
        """Return some rows, without a copy where that is possible."""

    def find_zone(self, column: int) -> str | None:
        """Return the time zone of a column of dates; None if it has none."""

    def read_moments(self, column: int, rows: slice, zone: str | None) -> np.ndarray:
        """Return dates as times of a zone's clock, datetime64[us]; NaT if missing.

        Raises
        ------
        ValueError
            If the column has a time zone and ``zone`` is None, or the other way round.
        """

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects, of shape (rows,); a missing one is None."""
