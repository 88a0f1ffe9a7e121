"""The interface to any table: which columns hold numbers, and what their cells are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Table(Protocol):
    """A table of shape (n_rows, n_columns) whose columns are read by position."""

    n_rows: int
    n_columns: int

    def label(self, column: int) -> str:
        """Name a column in an error message."""

    def is_numeric(self, column: int) -> bool:
        """Return whether it holds numbers, not strings, booleans or categories."""

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories."""

    def select_rows(self, rows: slice) -> Table:
        """Return some rows, without a copy where that is possible."""

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64, NaN if missing, into ``out``, (rows, columns)."""

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects, of shape (rows,); a missing one is None."""
