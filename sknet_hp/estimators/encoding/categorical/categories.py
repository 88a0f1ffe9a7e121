"""Columns of categories, as 0/1 columns or as numbers of learned vectors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from sknet_hp.estimators.encoding.tables.cells import BOOLEANS
from sknet_hp.estimators.encoding.tables.table import Table

_BLOCK_ROWS = 16_384  # cells turned into Python objects at a time


class CategoryCounts(NamedTuple):
    """The categories of a column and how often they come, in rows of positive weight.

    Attributes
    ----------
    text : whether there are strings among the cells; numbers and booleans beside them
        count as strings.
    weights, rows : the weight of each category, and how many rows have it; a missing
        cell is None.
    """

    text: bool
    weights: dict[Any, float]
    rows: dict[Any, int]


def count_categories(table: Table, column: int, weight: np.ndarray | None) -> CategoryCounts:
    """Count a column's categories.

    Rows count by ``weight``, of shape (n_rows,), or once each if it is None.
    """
    text = any(isinstance(cell, str) for _, cells in _read_object_blocks(table, column) for cell in cells)
    codes: dict[Any, int] = {}
    sums = np.zeros((1 if weight is None else 2, 0))  # (rows; weights, distinct cells)
    for rows, cells in _read_keys(table, column, text):
        for cell in dict.fromkeys(cells):
            codes.setdefault(cell, len(codes))
        block = np.fromiter(map(codes.__getitem__, cells), np.intp, len(cells))
        counted = [None] if weight is None else [(weight[rows] > 0).astype(np.float64), weight[rows]]
        new = np.stack([np.bincount(block, each, minlength=len(codes)).astype(np.float64) for each in counted])
        new[:, : sums.shape[1]] += sums
        sums = new
    n_rows, weights = sums[0].astype(np.int64).tolist(), sums[-1].tolist()
    found = [(cell, code) for cell, code in codes.items() if n_rows[code] > 0]
    return CategoryCounts(
        text, {cell: weights[code] for cell, code in found}, {cell: n_rows[code] for cell, code in found}
    )


class CategoryColumn:
    """One column of categories, whose cells are read as they were when counted."""

    def __init__(self, column: int, counts: CategoryCounts):
        self.column = column
        self.text_ = counts.text

    def _read_keys(self, table: Table) -> Iterator[tuple[slice, list[Any]]]:
        return _read_keys(table, self.column, self.text_)


class NumberedCategories(CategoryColumn):
    """One column whose categories have a number each, counted from ``first``.

    Missing cells have the number ``missing``, or none if that is None.
    """

    def __init__(self, column: int, counts: CategoryCounts, categories: list[Any], first: int, missing: int | None):
        super().__init__(column, counts)
        self.categories_ = categories
        self._first, self._missing = first, missing

    @cached_property
    def number_of(self) -> dict[Any, int]:
        """The number of each category; that of missing cells under None."""
        numbers = {category: number for number, category in enumerate(self.categories_, self._first)}
        return numbers if self._missing is None else numbers | {None: self._missing}

    def __getstate__(self) -> dict[str, Any]:
        # skops writes the keys of a dict as text, from which neither None nor False comes back.
        return {name: value for name, value in vars(self).items() if name != "number_of"}


class OneHot(NumberedCategories):
    """One column's categories as 0/1 columns.

    There is one for each frequent category, then one for infrequent ones, then one for
    missing cells.

    Attributes
    ----------
    categories_ : list
        The categories with a column each, sorted.
    names_ : list of str
        What each written column stands for.
    """

    def __init__(self, column: int, counts: CategoryCounts, max_categories: int):
        missing = None in counts.rows
        ordered = sorted(counts.rows.keys() - {None})
        frequent = sorted(ordered, key=counts.weights.__getitem__, reverse=True)[:max_categories]  # ties stay sorted
        infrequent = len(ordered) > len(frequent)
        categories = sorted(frequent)
        if categories == [False, True] and isinstance(categories[0], BOOLEANS):
            categories = [True]  # one column tells two values apart, and no third one may come
        self.names_ = [format_category(category) for category in categories]
        self.names_ += ["infrequent"] * infrequent + ["missing"] * missing
        self._unseen = len(categories) if infrequent else -1
        super().__init__(column, counts, categories, 0, len(self.names_) - 1 if missing else None)

    @property
    def unseen(self) -> int:
        """The number of a category that was not seen in training; -1 for none."""
        return self._unseen

    def write(self, table: Table, out: np.ndarray, first: int) -> None:
        """Write which column is 1, counted from ``first``, or -1 for none.

        It is written into ``out``, int32 of shape (n_rows,).

        Raises
        ------
        ValueError
            If the column held only booleans in fit, and now holds something else, which
            would be taken for False.
        """
        only_booleans = self.categories_ == [True] and isinstance(self.categories_[0], BOOLEANS)
        for rows, cells in self._read_keys(table):
            if only_booleans and (strange := set(cells) - {True, False, None}):
                raise ValueError(
                    f"{table.label(self.column)} held only booleans in fit, and now holds {min(strange, key=str)!r}"
                )
            positions = np.fromiter(map(self.number_of.get, cells, repeat(self._unseen)), np.int32, len(cells))
            out[rows] = np.where(positions >= 0, first + positions, -1)


class Codes(NumberedCategories):
    """One column's categories as numbers from 0 on.

    0 stands for categories that came once or not at all in training, 1 for a missing
    cell.

    Attributes
    ----------
    categories_ : list
        The categories with a number of their own, sorted.
    n_codes_ : int
        How many numbers there are.
    unseen : int
        The number of a category that was not seen in training.
    """

    unseen = 0

    def __init__(self, column: int, counts: CategoryCounts):
        known = sorted(category for category, n_rows in counts.rows.items() if category is not None and n_rows > 1)
        super().__init__(column, counts, known, 2, 1)
        self.n_codes_ = 2 + len(known)

    def write(self, table: Table, out: np.ndarray, first: int) -> None:
        """Write the numbers, plus ``first``, into ``out``, int32 of shape (n_rows,)."""
        for rows, cells in self._read_keys(table):
            out[rows] = first + np.fromiter(map(self.number_of.get, cells, repeat(self.unseen)), np.int32, len(cells))


def _read_keys(table: Table, column: int, text: bool) -> Iterator[tuple[slice, list[Any]]]:
    """Yield blocks of rows and their cells, each as the category it counts as.

    In a column with strings that is the cell's text.
    """
    for rows, cells in _read_object_blocks(table, column):
        keys = cells.tolist()
        if text and not set(map(type, keys)) <= {str, type(None)}:
            keys = [key if key is None or isinstance(key, str) else format_category(key) for key in keys]
        yield rows, keys


def _read_object_blocks(table: Table, column: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rows and their cells as Python objects."""
    for start in range(0, table.n_rows, _BLOCK_ROWS):
        rows = slice(start, min(start + _BLOCK_ROWS, table.n_rows))
        yield rows, table.read_objects(column, rows)


def format_category(category: Any) -> str:
    """Return a category as text, whole numbers alike whether they are floats or not."""
    if isinstance(category, (float, np.floating)) and float(category).is_integer():
        return str(int(category))
    return str(category)
