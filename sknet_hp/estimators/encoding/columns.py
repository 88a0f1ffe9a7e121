"""The columns of an encoded table: where they begin, their names, their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sknet_hp.estimators.encoding.categorical.categories import Codes, OneHot
from sknet_hp.estimators.encoding.categorical.words import Words
from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.numeric.bins import PiecewiseLinear
from sknet_hp.estimators.encoding.numeric.sparse_scaler import SparseScaler
from sknet_hp.estimators.encoding.numeric.standardise import NumericBlocks, Standardiser
from sknet_hp.estimators.encoding.numeric.transforms import ColumnTransform
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.nets.inputs import Inputs

Entries = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Rows, columns and values of what is not zero in sparse columns, each (entries,)."""


class ColumnLayout(NamedTuple):
    """Where the wide columns of each part begin, and how many there are.

    Attributes
    ----------
    n_numbers : numbers and flags; they come first.
    first_bin, first_category : where the bins begin, and the 0/1 columns of categories
        and words.
    width : how many there are, those of codes apart.
    is_sparse : whether the numbers are entries of sparse columns.
    row_bytes : what a row takes in the compact form, entries of sparse columns apart.
    """

    n_numbers: int
    first_bin: int
    first_category: int
    width: int
    is_sparse: bool
    row_bytes: int


@dataclass(frozen=True)
class LearnedColumns:
    """What an encoder has learned of each column of a table.

    Attributes
    ----------
    numeric : the columns that hold numbers.
    dates : a part for each column of dates, whose numbers follow those of `numeric`.
    numbers : brings all numbers onto a common scale; None if there are none.
    bins : their bins; None if they have none.
    categories : a part for each column of categories or text, codes apart.
    codes : a part for each column of categories with learned vectors.
    round_width : whether to add columns of zeros.
    """

    numeric: list[int]
    dates: Sequence[DateColumn]
    numbers: Standardiser | ColumnTransform | SparseScaler | None
    bins: PiecewiseLinear | None
    categories: list[OneHot | Words]
    codes: list[Codes]
    round_width: bool

    @cached_property
    def texts(self) -> list[Words]:
        """The parts of columns of text."""
        return [words for words in self.categories if isinstance(words, Words)]

    @cached_property
    def n_numeric(self) -> int:
        """How many numbers there are, those of dates among them."""
        return len(self.numeric) + sum(len(date.names_) for date in self.dates)

    @cached_property
    def layout(self) -> ColumnLayout:
        """Where the columns of each part begin."""
        n_numbers = 0 if self.numbers is None else self.n_numeric + len(self.numbers.flagged_)
        first_bin = n_numbers + 2 * len(self.texts)
        first_category = first_bin + (0 if self.bins is None else sum(self.bins.counts_))
        end = first_category + sum(len(each.names_) for each in self.categories)
        width = round_up(end) if self.round_width and end > self.n_numeric else end
        is_sparse = isinstance(self.numbers, SparseScaler)
        n_hot = len(self.categories) - len(self.texts)
        n_binned = 0 if self.bins is None else len(self.bins.binned_)
        row_bytes = 4 * (0 if is_sparse else first_bin) + 6 * n_binned + 4 * (n_hot + len(self.codes))
        return ColumnLayout(n_numbers, first_bin, first_category, width, is_sparse, row_bytes)

    def name_columns(self, inputs: list[str]) -> list[str]:
        """Return the names of the encoded columns, given those of the table's."""
        numeric = [inputs[column] for column in self.numeric]
        owners = numeric + [inputs[date.column] for date in self.dates for _ in date.names_]
        numeric += [f"{inputs[date.column]}_{name}" for date in self.dates for name in date.names_]
        names = list(numeric)
        if self.numbers is not None:
            names += [f"{owners[position]}_missing" for position in self.numbers.flagged_]
        names += [f"{inputs[words.column]}_{name}" for words in self.texts for name in words.number_names_]
        if self.bins is not None:
            counts = zip(numeric, self.bins.counts_, strict=True)
            names += [f"{name}_bin{bin}" for name, count in counts for bin in range(count)]
        for each in self.categories:
            names += [f"{inputs[each.column]}_{name}" for name in each.names_]
        names += [f"spare{number}" for number in range(self.layout.width - len(names))]
        return names + [f"{inputs[codes.column]}_code" for codes in self.codes]

    def encode(self, table: Table, blocks: NumericBlocks | None) -> Inputs:
        """Encode a table in the compact form; `blocks` are its numbers, or None."""
        layout, n_rows = self.layout, table.n_rows
        floats = np.empty((n_rows, 0 if layout.is_sparse else layout.first_bin), np.float32)
        arrays: dict[str, np.ndarray] = {}
        entries: list[Entries] = []
        if blocks is not None and self.numbers is not None:
            if isinstance(self.numbers, SparseScaler):
                entries.append(self.numbers.scale_entries(blocks))
            else:
                self.numbers.write(blocks, floats[:, : layout.n_numbers])
            arrays |= self._encode_bins(blocks)
        hot = self._encode_categories(table, floats, entries)
        if hot:
            arrays["hot"] = np.column_stack(hot)
        if self.codes:
            arrays["codes"] = self._encode_codes(table)
        if layout.is_sparse or self.texts:
            arrays |= _compress_rows(entries, n_rows)
        return Inputs(floats, layout.width, **arrays)

    def _encode_bins(self, blocks: NumericBlocks) -> dict[str, np.ndarray]:
        if self.bins is None or not self.bins.binned_:
            return {}
        binned = self.bins.binned_
        bins, shares = (
            np.empty((blocks.n_rows, len(binned)), np.uint16),
            np.empty((blocks.n_rows, len(binned)), np.float32),
        )
        self.bins.write(blocks, bins, shares)
        starts = np.cumsum([0, *(self.bins.counts_[j] for j in binned)], dtype=np.int64)
        return {"bins": bins, "shares": shares, "starts": starts}

    def _encode_categories(self, table: Table, floats: np.ndarray, entries: list[Entries]) -> list[np.ndarray]:
        """Encode categories and text.

        The numbers of a text go into `floats`, its words are added to `entries`.

        Returns
        -------
        hot : for each column of categories, int32 of shape (n_rows,)
            The wide column that is 1, or -1.
        """
        hot = []
        first, number = self.layout.first_category, self.layout.n_numbers
        for each in self.categories:
            if isinstance(each, Words):
                rows, columns = each.write(table, floats[:, number : number + 2])
                entries.append((rows, first + columns, np.ones(len(rows), np.float32)))
                number += 2
            else:
                hot.append(np.empty(table.n_rows, np.int32))
                each.write(table, hot[-1], first)
            first += len(each.names_)
        return hot

    def _encode_codes(self, table: Table) -> np.ndarray:
        out = np.empty((table.n_rows, len(self.codes)), np.int32)
        first = 0
        for number, codes in enumerate(self.codes):
            codes.write(table, out[:, number], first)
            first += codes.n_codes_
        return out


def _compress_rows(entries: list[Entries], n_rows: int) -> dict[str, np.ndarray]:
    """Order entries by row and column, and return them as compressed sparse rows."""
    rows, columns, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    order = np.lexsort((columns, rows))
    starts = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=starts[1:])
    return {"sparse_starts": starts, "sparse_columns": columns[order].astype(np.int32), "sparse_values": values[order]}


def round_up(n: int) -> int:
    """Round a number of columns up, by an eighth at most, so that near ones agree."""
    return n + -n % max(1, 2 ** (n.bit_length() - 4))
