"""Arrays and dataframes as tables, read through one interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import narwhals.exceptions
import narwhals.stable.v2 as nw
import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from sknet_hp.estimators.encoding.tables.cells import (
    Kind,
    convert_to_floats,
    convert_to_moments,
    convert_to_objects,
    find_kind,
    name_categories,
)
from sknet_hp.estimators.encoding.tables.moments import check_zones, find_zone
from sknet_hp.estimators.encoding.tables.sparse import SparseTable
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.estimators.types import TableLike


def open_table(X: TableLike, estimator: BaseEstimator) -> Table:
    """Open an array, a list of rows, a dataframe or a sparse matrix as a `Table`.

    Parameters
    ----------
    X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
        Dataframes are those that narwhals reads, pandas and polars among them; sparse
        ones are SciPy's, of any format.
    estimator : estimator instance
        Named in scikit-learn's error messages.

    Raises
    ------
    TypeError
        For bytes, dates beside other cells, a lazy frame, and whatever is not a table.
    ValueError
        For complex data, for an input that is not two-dimensional, and for one without
        rows or columns.
    """
    if type(X) is np.ndarray:
        return ArrayTable(_convert_to_array(X, estimator))
    if scipy.sparse.issparse(X):
        return SparseTable(X, estimator)
    try:
        native = nw.from_native(X, pass_through=True)
    except narwhals.exceptions.DuplicateError as error:
        raise type(error)(f"{error}\nRename these columns of X, or drop all but one.") from None
    if isinstance(native, nw.LazyFrame):
        raise TypeError("X is a lazy frame, whose rows are not there yet. Collect it into a dataframe first.")
    if isinstance(native, nw.DataFrame):
        if 0 in native.shape:
            _refuse(np.empty(native.shape), estimator)
        return FrameTable(native)
    return ArrayTable(_convert_to_array(X, estimator))


def _convert_to_array(X: TableLike, estimator: BaseEstimator) -> np.ndarray:
    """Turn an array-like into a two-dimensional array that has rows and columns."""
    if isinstance(X, np.matrix):
        _refuse(X, estimator)
    array = np.asarray(X)  # shape (n_rows, n_columns)
    if array.dtype.kind == "U" and not hasattr(X, "dtype"):
        array = np.asarray(X, dtype=object)  # else the numbers of a list of mixed rows turn into strings
    if array.ndim != 2 or array.size == 0 or array.dtype.kind == "c":
        _refuse(X, estimator)
    return array


def _refuse(X: TableLike, estimator: BaseEstimator) -> NoReturn:
    """Raise the error that scikit-learn raises for such an input, in its words."""
    check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X")
    raise TypeError(f"X must be an array or a dataframe of two dimensions, got {type(X).__qualname__}.")


class ArrayTable:
    """A `Table` over a two-dimensional array."""

    def __init__(self, array: np.ndarray):
        self.n_rows, self.n_columns = array.shape
        kind = array.dtype.kind
        if kind not in "fiubUTOmM":
            raise TypeError(
                f"X has dtype {array.dtype}; allowed are numbers, booleans, strings, dates, durations and objects. "
                f"Decode bytes to strings, and split a structured array into columns."
            )
        self._array = array
        self._numbers = kind in "fiu"
        self._kinds: dict[int, Kind] = {}

    def label(self, column: int) -> str:
        """Name a column, by its position, in an error message."""
        return f"Column {column}"

    def select_rows(self, rows: slice) -> ArrayTable:
        """Return some rows."""
        return ArrayTable(self._array[rows])

    def is_numeric(self, column: int) -> bool:
        """Return whether the column holds numbers."""
        return self._find_kind(column) == "number"

    def is_date(self, column: int) -> bool:
        """Return whether the column holds dates."""
        return self._find_kind(column) == "date"

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories: never."""
        return False

    def _find_kind(self, column: int) -> Kind:
        kind = self._array.dtype.kind
        if kind != "O":
            return "number" if kind in "fium" else "date" if kind == "M" else "other"
        if column not in self._kinds:
            self._kinds[column] = find_kind(self._array[:, column], self.label(column))
        return self._kinds[column]

    def find_zone(self, column: int) -> str | None:
        """Return the time zone of a column of dates; None if it has none."""
        return find_zone(self._array[:, column])

    def read_moments(self, column: int, rows: slice, zone: str | None) -> np.ndarray:
        """Return dates as times of a zone's clock; a missing one is NaT."""
        cells = self._array[rows, column]
        check_zones(find_zone(cells), zone, self.label(column))
        return convert_to_moments(cells, zone, self.label(column))

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64; a missing one is NaN."""
        if self._numbers and len(columns) == self.n_columns:
            out[...] = self._array[rows]
            return
        for position, column in enumerate(columns):
            out[:, position] = convert_to_floats(self._array[rows, column], self.label(column))

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects; a missing one is None."""
        return convert_to_objects(self._array[rows, column], self.label(column))


class FrameTable:
    """A `Table` over any dataframe that narwhals reads."""

    def __init__(self, frame: nw.DataFrame):
        self._frame = frame
        self.n_rows, self.n_columns = frame.shape
        self._names = frame.columns
        self._series = list(frame.iter_columns())
        for column, series in enumerate(self._series):
            if series.dtype.is_nested():
                raise TypeError(
                    f"{self.label(column)} holds {series.dtype}. Split it into columns of numbers or strings."
                )
            if series.dtype in (nw.Int128, nw.UInt128, nw.Decimal):  # NumPy has none of these
                self._series[column] = series.cast(nw.Float64)
        # Cells that NumPy can view in place are kept as that view; the others are converted slice by
        # slice when read, as a converted copy of every column would cost more memory than the result.
        self._views: dict[int, np.ndarray] = {}
        self._kinds: dict[int, Kind] = {}
        for column, series in enumerate(self._series):
            if series.dtype.is_numeric():
                array = series.to_numpy()
                if not array.flags.owndata:
                    self._views[column] = array

    def label(self, column: int) -> str:
        """Name a column, by its name, in an error message."""
        return f"Column {self._names[column]!r}"

    def select_rows(self, rows: slice) -> FrameTable:
        """Return some rows."""
        return FrameTable(self._frame[rows.start : rows.stop])

    def is_numeric(self, column: int) -> bool:
        """Return whether the column holds numbers."""
        return self._find_kind(column) == "number"

    def is_date(self, column: int) -> bool:
        """Return whether the column holds dates."""
        return self._find_kind(column) == "date"

    def _find_kind(self, column: int) -> Kind:
        series = self._series[column]
        if series.dtype.is_numeric() or series.dtype in (nw.Duration, nw.Time):
            return "number"
        if series.dtype in (nw.Date, nw.Datetime):
            return "date"
        if series.dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean):
            return "other"
        if column not in self._kinds:  # objects, and types narwhals has no name for
            self._kinds[column] = find_kind(series.to_numpy(), self.label(column))
        return self._kinds[column]

    def find_zone(self, column: int) -> str | None:
        """Return the time zone of a column of dates; None if it has none."""
        dtype = self._series[column].dtype
        if dtype.is_temporal():
            return dtype.time_zone if isinstance(dtype, nw.Datetime) else None
        return find_zone(self._series[column].to_numpy())

    def read_moments(self, column: int, rows: slice, zone: str | None) -> np.ndarray:
        """Return dates as times of a zone's clock; a missing one is NaT."""
        part = self._series[column][rows.start : rows.stop]
        check_zones(self.find_zone(column), zone, self.label(column))
        if zone is not None and isinstance(part.dtype, nw.Datetime):
            part = part.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        return convert_to_moments(part.to_numpy(), zone, self.label(column))

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories."""
        return self._series[column].dtype in (nw.Categorical, nw.Enum)

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64; a missing one is NaN."""
        for position, column in enumerate(columns):
            out[:, position] = convert_to_floats(self._read_cells(column, rows), self.label(column))

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects; a missing one is None."""
        cells = self._read_cells(column, rows)
        if self.is_category(column) and cells.dtype.kind in "OmM":
            # pandas makes categories of anything hashable, intervals from `pandas.cut` and dates among them
            cells = name_categories(cells)
        return convert_to_objects(cells, self.label(column))

    def _read_cells(self, column: int, rows: slice) -> np.ndarray:
        view = self._views.get(column)
        if view is not None:
            return view[rows]
        part = self._series[column][rows.start : rows.stop]
        cells = part.to_numpy()
        if self.is_category(column) and cells.dtype.kind == "f":
            # So pandas makes integers, too, where one is missing: large ones would be rounded.
            return part.to_native().astype(object).to_numpy()
        return cells
