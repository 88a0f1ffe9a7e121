"""The cells of tables: what they are, and as numbers, moments and objects."""

from __future__ import annotations

import numbers
from typing import Any, Literal, TypeAlias

import numpy as np

from sknet_hp.estimators.encoding.tables.moments import (
    convert_to_seconds,
    is_date_type,
    is_duration_type,
    read_moments,
)

BOOLEANS = (bool, np.bool_)
_ADVICE: dict[type, str] = {
    bytes: "Decode bytes to strings.",
    dict: "Make a column of each of its entries.",
    list: "Make a column of each of its elements, or of what matters in them, for example their number.",
}
_SCANNED_ROWS = 65_536  # object cells looked at in one go, so that a scan's temporaries stay small

Kind: TypeAlias = Literal["number", "date", "other"]
"""What a column holds; strings, booleans and categories are other things."""


def name_categories(cells: np.ndarray) -> np.ndarray:
    """Replace categories that are neither strings nor numbers by their names."""
    plain = (str, numbers.Number, np.bool_, type(None))
    if cells.dtype.kind in "mM":
        return np.array([None if name == "NaT" else name for name in cells.astype(str)], dtype=object)
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


def _make_dates_error(label: str, received: Any) -> TypeError:
    return TypeError(
        f"{label} holds dates or durations ({received}) beside other cells, or held others in fit. Give them alone: "
        f"pandas.to_datetime(column, errors='coerce') makes all others missing, and astype(str) makes all text."
    )


def convert_to_objects(cells: np.ndarray, label: str) -> np.ndarray:
    """Return cells as strings, booleans and numbers, and None for each missing one."""
    if cells.dtype.kind in "iub":
        return cells.astype(object)
    if cells.dtype.kind in "mM":
        if np.isnat(cells).all():
            return np.full(len(cells), None)
        raise _make_dates_error(label, cells.dtype)
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
    if _is_time_type(cell_type):
        raise _make_dates_error(label, cell_type.__name__)
    if not issubclass(cell_type, numbers.Number):
        advice = _ADVICE.get(cell_type, "Turn such cells into numbers or strings, or split them into columns of those.")
        raise TypeError(
            f"{label} has a cell that is not a category: argument must be a string or a real number, not "
            f"{cell_type.__name__!r}. {advice}"
        )
    if issubclass(cell_type, numbers.Complex) and not issubclass(cell_type, numbers.Real):
        raise ValueError(
            f"Complex data not supported\n{label} holds values of type {cell_type.__name__!r}. Make two columns of "
            f"it, the real and the imaginary part, or the size and the angle."
        )


def find_kind(cells: np.ndarray, label: str) -> Kind:
    """Return what a column of objects holds.

    Dates, or durations and times of day, stand alone. Else there are numbers, and no
    strings. Booleans alone are not numbers, and neither are missing cells alone.
    """
    present: set[type] = set()
    for start in range(0, len(cells), _SCANNED_ROWS):
        present |= _list_types(cells[start : start + _SCANNED_ROWS], label)
    times = {cell_type for cell_type in present if _is_time_type(cell_type)}
    if times:
        if not (all(map(is_date_type, present)) or all(map(is_duration_type, present))):
            raise _make_dates_error(label, ", ".join(sorted(cell_type.__name__ for cell_type in present)))
        return "date" if all(map(is_date_type, present)) else "number"
    if any(issubclass(cell_type, str) for cell_type in present):
        return "other"
    return "number" if any(not issubclass(cell_type, BOOLEANS) for cell_type in present) else "other"


def _list_types(cells: np.ndarray, label: str) -> set[type]:
    """Return the types of objects that are not missing; refuse what is no cell."""
    if any(map(_is_time_type, set(map(type, cells)))):
        types = {type(cell) for cell in cells if not is_missing(cell)}
        for cell_type in types:
            if not _is_time_type(cell_type):
                _check_cell_type(cell_type, label)
        return types
    return set(map(type, convert_to_objects(cells, label))) - {type(None)}


def _is_time_type(cell_type: type) -> bool:
    return is_date_type(cell_type) or is_duration_type(cell_type)


def _read_seconds(cells: np.ndarray) -> np.ndarray:
    """Return durations and times of day as seconds; cells that are none stay."""
    if cells.dtype.kind == "m":
        return cells / np.timedelta64(1, "s")
    if cells.dtype.kind != "O" or not any(map(is_duration_type, set(map(type, cells)))):
        return cells
    read = [convert_to_seconds(cell) if is_duration_type(type(cell)) else cell for cell in cells]
    return np.array(read, dtype=object)


def convert_to_moments(cells: np.ndarray, zone: str | None, label: str) -> np.ndarray:
    """Return dates as times of a zone's clock, naming the column in errors."""
    try:
        return read_moments(cells, zone)
    except ValueError as error:
        raise ValueError(f"{label}: {error}") from None


def convert_to_floats(cells: np.ndarray, label: str) -> np.ndarray:
    """Return cells as numbers, NaN where missing; the column held numbers in fit."""
    cells = _read_seconds(cells)
    if cells.dtype.kind in "fiub":
        return cells
    cells = convert_to_objects(cells, label)
    text = next((cell for cell in cells if isinstance(cell, str)), None)
    if text is not None:
        raise ValueError(f"{label} held only numbers in fit, and now holds the string {text!r}.")
    try:
        return cells.astype(np.float64)  # None becomes NaN
    except OverflowError:
        raise ValueError(
            f"Input X contains infinity or a value too large for dtype('float64'). {label} holds it."
        ) from None
