"""Tables of a page, from DataFrames."""

from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.formatting.numbers import format_score
from sknet_hp.formatting.values import format_value
from sknet_hp.report.page.content import Cell, Table
from sknet_hp.search.views.metric import MISSING

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 500
"""Of a table on a page; it says how many are left out."""

Write = Callable[[Any], str]


def make_cell(value: Any, write: Write = format_value) -> Cell:
    """Return a cell for a value; what is not known is a dash and sorts last."""
    if value is None:
        return Cell("None", "None")
    if isinstance(value, (bool, np.bool_)):
        return Cell(str(bool(value)), str(bool(value)))
    if isinstance(value, Real):
        if not np.isfinite(float(value)):
            return Cell(MISSING, None, number=True)
        return Cell(write(value), float(value), number=True)
    return Cell(write(value), str(value))


def write_fit_time(seconds: float) -> str:
    """Return seconds so that those of a column can be compared at a glance."""
    return f"{seconds:,.2f}"


def make_table(
    frame: "pd.DataFrame",
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
    writers: Mapping[str, Write] | None = None,
    marked: Iterable[int] = (),
    note: str = "",
) -> Table:
    """Return a table for a page.

    Parameters
    ----------
    frame : its rows in the order in which they are shown first.
    caption : what it shows.
    names : what columns are called on the page.
    writers : how values of columns are written.
    marked : positions of rows that stand out.
    note : what else is to be said.
    """
    names, writers = names or {}, writers or {}
    shown = frame.iloc[:MOST_ROWS]
    columns = [
        [make_cell(value, writers.get(name, _write)) for value in shown[name].tolist()] for name in frame.columns
    ]
    if len(shown) < len(frame):
        note = f"The first {len(shown):,} of {len(frame):,} rows are shown. {note}".strip()
    return Table(
        caption,
        [names.get(name, str(name)) for name in frame.columns],
        list(zip(*columns, strict=True)) if columns else [],
        frozenset(marked),
        note,
    )


def _write(value: Any) -> str:
    """Return a number with the digits that count, other values as they are."""
    is_float = isinstance(value, float) and not float(value).is_integer()
    return format_score(value) if is_float and abs(value) >= 1e-3 else format_value(value)
