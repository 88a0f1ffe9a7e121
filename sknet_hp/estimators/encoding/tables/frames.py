"""Arrays and dataframes as tables, read through one interface."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Sequence
from typing import Any, NoReturn

import narwhals.exceptions
import narwhals.stable.v2 as nw
import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from sknet_hp.estimators.encoding.tables.sparse import SparseTable
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.estimators.types import TableLike

_DATETIMES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
BOOLEANS = (bool, np.bool_)
_ADVICE: dict[type, str] = {
    bytes: "Decode bytes to strings.",
    dict: "Make a column of each of its entries.",
    list: "Make a column of each of its elements, or of what matters in them, for example their number.",
}
_SCANNED_ROWS = 65_536  # object cells looked at in one go, so that a scan's temporaries stay small


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
        For datetime, timedelta or bytes data, a lazy frame, and whatever is not a
        table.
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
        if kind in "mM":
            raise _make_datetime_error(self.label(0), array.dtype)
        if kind not in "fiubUTO":
            raise TypeError(
                f"X has dtype {array.dtype}; allowed are numbers, booleans, strings and objects. Decode bytes to "
                f"strings, and split a structured array into columns."
            )
        self._array = array
        self._numbers = kind in "fiu"

    def label(self, column: int) -> str:
        """Name a column, by its position, in an error message."""
        return f"Column {column}"

    def select_rows(self, rows: slice) -> ArrayTable:
        """Return some rows."""
        return ArrayTable(self._array[rows])

    def is_numeric(self, column: int) -> bool:
        """Return whether the column holds numbers."""
        if self._array.dtype.kind != "O":
            return self._numbers
        return _holds_numbers(self._array[:, column], self.label(column))

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories: never."""
        return False

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64; a missing one is NaN."""
        if self._numbers and len(columns) == self.n_columns:
            out[...] = self._array[rows]
            return
        for position, column in enumerate(columns):
            out[:, position] = _convert_to_floats(self._array[rows, column], self.label(column))

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects; a missing one is None."""
        return _convert_to_objects(self._array[rows, column], self.label(column))


class FrameTable:
    """A `Table` over any dataframe that narwhals reads."""

    def __init__(self, frame: nw.DataFrame):
        self._frame = frame
        self.n_rows, self.n_columns = frame.shape
        self._names = frame.columns
        self._series = list(frame.iter_columns())
        for column, series in enumerate(self._series):
            if series.dtype.is_temporal():
                raise _make_datetime_error(self.label(column), series.dtype)
            if series.dtype.is_nested():
                raise TypeError(
                    f"{self.label(column)} holds {series.dtype}. Split it into columns of numbers or strings."
                )
            if series.dtype in (nw.Int128, nw.UInt128, nw.Decimal):  # NumPy has none of these
                self._series[column] = series.cast(nw.Float64)
        # Cells that NumPy can view in place are kept as that view; the others are converted slice by
        # slice when read, as a converted copy of every column would cost more memory than the result.
        self._views: dict[int, np.ndarray] = {}
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
        series = self._series[column]
        if series.dtype.is_numeric():
            return True
        if series.dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean):
            return False
        return _holds_numbers(series.to_numpy(), self.label(column))  # objects, and types narwhals has no name for

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories."""
        return self._series[column].dtype in (nw.Categorical, nw.Enum)

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64; a missing one is NaN."""
        for position, column in enumerate(columns):
            out[:, position] = _convert_to_floats(self._read_cells(column, rows), self.label(column))

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects; a missing one is None."""
        cells = self._read_cells(column, rows)
        if self.is_category(column) and cells.dtype.kind == "O":
            # pandas makes categories of anything hashable, intervals from `pandas.cut` among them
            cells = _name_categories(cells)
        return _convert_to_objects(cells, self.label(column))

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


def _name_categories(cells: np.ndarray) -> np.ndarray:
    """Replace categories that are neither strings nor numbers by their names."""
    plain = (str, numbers.Number, np.bool_, type(None))
    if all(issubclass(cell_type, plain) for cell_type in set(map(type, cells))):
        return cells
    named = [cell if isinstance(cell, plain) or _is_na(type(cell)) else str(cell) for cell in cells]
    return np.array(named, dtype=object)


def _is_na(cell_type: type) -> bool:
    """Return whether a type is that of None, pandas.NA or pandas.NaT."""
    return cell_type is type(None) or cell_type.__name__ in ("NAType", "NaTType")


def is_missing(cell: Any) -> bool:
    """Return whether an object marks a missing cell: None, pandas.NA, NaT or NaN."""
    return _is_na(type(cell)) or (isinstance(cell, numbers.Real) and cell != cell)


def _make_datetime_error(label: str, received: Any) -> TypeError:
    return TypeError(
        f"{label} holds dates or times ({received}), which are no numbers or categories yet. Replace it by what "
        f"matters in it, for example year, month and weekday, or the seconds since some moment."
    )


def _convert_to_objects(cells: np.ndarray, label: str) -> np.ndarray:
    """Return cells as strings, booleans and numbers, and None for each missing one."""
    if cells.dtype.kind in "iub":
        return cells.astype(object)
    if cells.dtype.kind in "mM":
        raise _make_datetime_error(label, cells.dtype)
    cells = cells.astype(object)
    types = set(map(type, cells))
    for cell_type in types:
        _check_cell_type(cell_type, label)
    if any(_is_na(cell_type) for cell_type in types):
        cells[[_is_na(type(cell)) for cell in cells]] = None
    cells[cells != cells] = None
    return cells


def _check_cell_type(cell_type: type, label: str) -> None:
    if _is_na(cell_type) or issubclass(cell_type, (str, *BOOLEANS)):
        return
    if issubclass(cell_type, _DATETIMES):
        raise _make_datetime_error(label, cell_type.__name__)
    if not issubclass(cell_type, numbers.Number):
        advice = _ADVICE.get(cell_type, "Turn such cells into numbers or strings, or split them into columns of those.")
        raise TypeError(
            f"{label} has a cell that is no category: argument must be a string or a real number, not "
            f"{cell_type.__name__!r}. {advice}"
        )
    if issubclass(cell_type, numbers.Complex) and not issubclass(cell_type, numbers.Real):
        raise ValueError(
            f"Complex data not supported\n{label} holds values of type {cell_type.__name__!r}. Make two columns of "
            f"it, the real and the imaginary part, or the size and the angle."
        )


def _holds_numbers(cells: np.ndarray, label: str) -> bool:
    """Return whether there are numbers and no strings.

    Booleans alone are not numbers, and neither are missing cells alone.
    """
    present: set[type] = set()
    for start in range(0, len(cells), _SCANNED_ROWS):
        present.update(map(type, _convert_to_objects(cells[start : start + _SCANNED_ROWS], label)))
    present.discard(type(None))
    if any(issubclass(cell_type, str) for cell_type in present):
        return False
    return any(not issubclass(cell_type, BOOLEANS) for cell_type in present)


def _convert_to_floats(cells: np.ndarray, label: str) -> np.ndarray:
    """Return cells as numbers, NaN where missing; the column held numbers in fit."""
    if cells.dtype.kind in "fiub":
        return cells
    cells = _convert_to_objects(cells, label)
    text = next((cell for cell in cells if isinstance(cell, str)), None)
    if text is not None:
        raise ValueError(f"{label} held only numbers in fit, and now holds the string {text!r}.")
    try:
        return cells.astype(np.float64)  # None becomes NaN
    except OverflowError:
        raise ValueError(
            f"Input X contains infinity or a value too large for dtype('float64'). {label} holds it."
        ) from None
