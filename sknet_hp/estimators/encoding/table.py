"""Any table, seen as columns: which ones hold numbers, and their cells as floats or as
Python objects.
"""

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
        """Whether the column holds numbers; False for strings, booleans and categories."""

    def is_category(self, column: int) -> bool:
        """Whether the column says of itself that it holds categories."""

    def part(self, rows: slice) -> Table:
        """Some rows of it, without a copy where that is possible."""

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64 into ``out``, of shape (rows, columns); a missing cell
        is NaN.
        """

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Give cells as Python objects, an array of shape (rows,); a missing cell is
        None.
        """
