"""Which columns of a table hold dates."""

from __future__ import annotations

from sknet_hp.estimators.encoding.dates.text import are_dates
from sknet_hp.estimators.encoding.tables.table import Table

_FIRST = 1000  # rows that are looked at before all of them


def list_dates(table: Table) -> list[int]:
    """Return the columns of dates, those of text that is dates in all rows included."""
    return [column for column in range(table.n_columns) if table.is_date(column) or _holds_dates(table, column)]


def _holds_dates(table: Table, column: int) -> bool:
    """Return whether a column holds text, and all of it is dates."""
    if table.is_numeric(column) or table.is_category(column):
        return False
    for n_rows in (min(_FIRST, table.n_rows), table.n_rows):  # most text can be told at its beginning
        cells = set(table.read_objects(column, slice(0, n_rows)).tolist()) - {None}
        if cells and not (all(isinstance(cell, str) for cell in cells) and are_dates(cells)):
            return False
    return bool(cells)
