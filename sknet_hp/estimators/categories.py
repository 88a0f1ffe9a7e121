"""A table's categorical columns: as 0/1 columns, or as numbers of learned vectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from sknet_hp.estimators.frames import BOOLEANS
from sknet_hp.estimators.table import Table

_BLOCK_ROWS = 16_384  # cells turned into Python objects at a time


class _OfColumn:
    """One column of categories.

    Attributes
    ----------
    text_ : bool
        Whether there are strings among the cells; numbers and booleans beside them count as strings.
    """

    def __init__(self, column: int):
        self.column = column

    def _learn(self, table: Table, weight: np.ndarray | None) -> dict[Any, float]:
        """The weight of each category, a missing cell being None; ``weight``, of shape (n_rows,), counts rows, all once if None."""
        self.text_ = any(isinstance(cell, str) for _, cells in _object_blocks(table, self.column) for cell in cells)
        return {category: total for category, total in self._count(table, weight).items() if total > 0}

    def _key_blocks(self, table: Table) -> Iterator[tuple[slice, list[Any]]]:
        """Read the cells, block by block, each as what it is counted under: its text in a column with strings."""
        for rows, cells in _object_blocks(table, self.column):
            keys = cells.tolist()
            if self.text_ and not set(map(type, keys)) <= {str, type(None)}:
                keys = [key if key is None or isinstance(key, str) else _text(key) for key in keys]
            yield rows, keys

    def _count(self, table: Table, weight: np.ndarray | None) -> dict[Any, float]:
        """Sum the weight of each distinct cell, a missing one being None."""
        codes: dict[Any, int] = {}
        totals = np.zeros(0)
        for rows, cells in self._key_blocks(table):
            for cell in dict.fromkeys(cells):
                codes.setdefault(cell, len(codes))
            block = np.fromiter(map(codes.__getitem__, cells), np.intp, len(cells))
            counts = np.bincount(block, None if weight is None else weight[rows], minlength=len(codes)).astype(np.float64)
            counts[: len(totals)] += totals
            totals = counts
        return dict(zip(codes, totals.tolist(), strict=True))


class OneHot(_OfColumn):
    """One column's categories as 0/1 columns: its frequent categories, then infrequent, then missing.

    Attributes
    ----------
    categories_ : list
        The categories with a column each, sorted.
    names_ : list of str
        What each written column stands for.
    """

    def __init__(self, column: int, max_categories: int):
        super().__init__(column)
        self.max_categories = max_categories

    def fit(self, table: Table, weight: np.ndarray | None) -> OneHot:
        """Learn the categories; ``weight``, of shape (n_rows,), counts rows, all once if None."""
        totals = self._learn(table, weight)
        missing = totals.pop(None, 0.0) > 0
        ordered = sorted(totals)
        frequent = sorted(ordered, key=totals.__getitem__, reverse=True)[: self.max_categories]  # ties stay sorted
        infrequent = len(ordered) > len(frequent)
        self.categories_ = sorted(frequent)
        if self.categories_ == [False, True] and isinstance(self.categories_[0], BOOLEANS):
            self.categories_ = [True]  # one column tells two values apart, and no third one can come
        self.names_ = [_text(category) for category in self.categories_]
        self.names_ += ["infrequent"] * infrequent + ["missing"] * missing
        self._positions = {category: position for position, category in enumerate(self.categories_)}
        self._unseen = len(self.categories_) if infrequent else -1
        if missing:
            self._positions[None] = len(self.names_) - 1
        return self

    def write(self, table: Table, out: np.ndarray) -> None:
        """Write 0/1 columns into ``out``, of shape (n_rows, len(names_))."""
        out[...] = 0.0
        for rows, cells in self._key_blocks(table):
            positions = np.fromiter(map(self._positions.get, cells, repeat(self._unseen)), np.intp, len(cells))
            known = np.flatnonzero(positions >= 0)
            out[rows.start + known, positions[known]] = 1.0


class Codes(_OfColumn):
    """One column's categories as numbers, from 0 on: 0 stands for those that came once or not at all in training, 1 for a missing cell.

    Attributes
    ----------
    n_codes_ : int
        How many numbers there are.
    """

    def fit(self, table: Table, weight: np.ndarray | None) -> Codes:
        """Learn the categories from the rows whose ``weight``, of shape (n_rows,), is not zero; from all if None."""
        totals = self._learn(table, None if weight is None else (weight > 0).astype(np.float64))
        known = sorted(category for category, total in totals.items() if category is not None and total > 1)
        self._numbers: dict[Any, int] = {None: 1} | {category: number for number, category in enumerate(known, 2)}
        self.n_codes_ = 2 + len(known)
        return self

    def write(self, table: Table, out: np.ndarray, first: int) -> None:
        """Write the numbers, counted from ``first``, into ``out``, of shape (n_rows,)."""
        for rows, cells in self._key_blocks(table):
            out[rows] = first + np.fromiter(map(self._numbers.get, cells, repeat(0)), np.intp, len(cells))


def _object_blocks(table: Table, column: int) -> Iterator[tuple[slice, np.ndarray]]:
    for start in range(0, table.n_rows, _BLOCK_ROWS):
        rows = slice(start, min(start + _BLOCK_ROWS, table.n_rows))
        yield rows, table.read_objects(column, rows)


def _text(category: Any) -> str:
    """Name a category; a whole number's name does not depend on whether its column held floats."""
    if isinstance(category, (float, np.floating)) and float(category).is_integer():
        return str(int(category))
    return str(category)
