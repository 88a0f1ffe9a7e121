"""A table as checks read it: any table becomes columns of numbers and codes."""

from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from typing import Any

import narwhals.exceptions
import narwhals.stable.v2 as nw
import numpy as np
import scipy.sparse

from sknet_hp.estimators.encoding.dates.text import are_dates, parse_dates

NUMBER, TEXT, DATE = "number", "text", "date"
MOST_CELLS = 4_000_000
MOST_ROWS = 100_000
"""What is read of a table; of a larger one, a sample of rows."""

MOST_SPARSE_COLUMNS = 500
_SEED = 20_240_607


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : in messages: quoted, or "3" for the fourth of an array.
    kind : NUMBER, TEXT (also categories), or DATE.
    cells : array of shape (n_rows,)
        Numbers; codes of strings from 0 on, in the order in which they come; seconds
        since 1970. NaN where missing.
    strings : array of str
        By code; empty unless the kind is TEXT.
    """

    name: str
    kind: str
    cells: np.ndarray
    strings: np.ndarray

    @cached_property
    def present(self) -> np.ndarray:
        """The cells that are not missing."""
        return self.cells[~np.isnan(self.cells)]

    @cached_property
    def counts(self) -> np.ndarray:
        """How many rows each value has, without missing ones."""
        return np.unique(self.present, return_counts=True)[1]

    @property
    def n_distinct(self) -> int:
        """How many values there are, without missing ones."""
        return len(self.counts)


def choose_rows(n_rows: int, n_columns: int) -> np.ndarray:
    """Return which rows of a table are read: all, or a sample, in their order."""
    most = min(MOST_ROWS, max(1_000, MOST_CELLS // max(1, n_columns)))
    if n_rows <= most:
        return np.arange(n_rows)
    # Not RandomState(0): splits that were shuffled by it would have the sample in a few of their folds.
    return np.sort(np.random.default_rng(_SEED).choice(n_rows, most, replace=False))


def read_shape(X: Any) -> tuple[int, int] | None:
    """Return a table's numbers of rows and columns; None for what is no table."""
    shape = np.shape(X) if not hasattr(X, "shape") else X.shape
    return (int(shape[0]), int(shape[1])) if len(shape) == 2 else None


def read_columns(X: Any, rows: np.ndarray) -> list[Column]:
    """Return a table's columns.

    Parameters
    ----------
    X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
    rows : array of int
        Which of its rows.
    """
    if scipy.sparse.issparse(X):
        X = X.tocsr()[rows].tocsc()
        numbers = _choose_columns(X)
        return [_make_column(str(number), X[:, [number]].toarray()[:, 0]) for number in numbers]
    try:
        native = nw.from_native(X, pass_through=True)
    except narwhals.exceptions.DuplicateError:  # two columns of one name
        native = np.asarray(X)
    if isinstance(native, nw.DataFrame):
        return [_read_series(series, rows) for series in native.iter_columns()]
    array = np.asarray(native) if hasattr(native, "dtype") else np.asarray(native, dtype=object)
    return [_make_column(str(number), array[rows, number]) for number in range(array.shape[1])]


def _choose_columns(X: Any) -> np.ndarray:
    """Return which columns of a sparse table are read: those with the most entries."""
    n_entries = np.diff(X.indptr)
    return np.sort(np.argsort(-n_entries, kind="stable")[:MOST_SPARSE_COLUMNS])


def number_rows(X: Any, rows: np.ndarray) -> np.ndarray | None:
    """Return a number for each row of a sparse table, the same for equal rows.

    Its columns do not suffice for that, as not all may have been read. None for other
    tables.
    """
    if not scipy.sparse.issparse(X):
        return None
    X = X.tocsr()[rows]
    X.sum_duplicates()
    X.eliminate_zeros()
    keys: dict[tuple[bytes, bytes], int] = {}
    parts = [slice(*bounds) for bounds in zip(X.indptr[:-1], X.indptr[1:], strict=True)]
    return np.array([keys.setdefault((X.indices[p].tobytes(), X.data[p].tobytes()), len(keys)) for p in parts])


def _read_series(series: Any, rows: np.ndarray) -> Column:
    name = repr(series.name)
    part = series if len(rows) == len(series) else series[rows.tolist()]
    if series.dtype in (nw.Date, nw.Datetime):
        moments = part.dt.timestamp("us").to_numpy().astype(float)
        return Column(name, DATE, moments / 1e6, _NO_STRINGS)
    if series.dtype == nw.Duration:
        return Column(name, NUMBER, part.dt.total_microseconds().to_numpy().astype(float), _NO_STRINGS)
    return _make_column(name, part.to_numpy())


_NO_STRINGS = np.array([], dtype=str)


def _make_column(name: str, cells: np.ndarray) -> Column:
    if cells.dtype.kind in "fiub":
        return _make_numbers(name, cells.astype(float))
    if cells.dtype.kind == "M":
        return Column(name, DATE, _count_seconds(cells), _NO_STRINGS)
    codes, values = _number_values(cells)
    if len(values) and all(isinstance(value, Number) for value in values):
        return _make_numbers(name, _look_up(np.array([float(value) for value in values]), codes))
    strings = np.array([str(value) for value in values], dtype=str)
    if are_dates(strings):
        return Column(name, DATE, _look_up(_count_seconds(parse_dates(strings.tolist())), codes), _NO_STRINGS)
    return Column(name, TEXT, np.where(codes < 0, np.nan, codes), strings)


def _make_numbers(name: str, cells: np.ndarray) -> Column:
    return Column(name, NUMBER, np.where(np.isinf(cells), np.nan, cells), _NO_STRINGS)


def _number_values(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a code for each cell, -1 where missing, and the values by code."""
    import pandas

    cells = cells.astype(object)
    try:
        codes, values = pandas.factorize(cells)
    except TypeError:  # lists and the like have no hash
        codes, values = pandas.factorize(np.array([repr(cell) for cell in cells], dtype=object))
    return codes, values


def _look_up(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return np.append(values, np.nan)[codes]


def _count_seconds(moments: np.ndarray) -> np.ndarray:
    seconds = moments.astype("datetime64[us]").astype(np.int64) / 1e6
    return np.where(np.isnat(moments), np.nan, seconds)
