"""What a card says of the table: its columns, and what was in them."""

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from sknet_hp.estimators.encoding.dates.columns import list_dates
from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.encoding.tables.moments import is_duration_type
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.formatting.numbers import format_count, format_number, format_percentage
from sknet_hp.formatting.values import format_value
from sknet_hp.report.page.origin import describe_data
from sknet_hp.sharing.cards.markdown import escape_text, write_code, write_table

_MOST_COLUMNS = 40
_MOST_VALUES = 4
_MOST_CATEGORIES = 100


def describe_columns(model: Any, X: Any, y: Any) -> str:
    """Return the section on the data: as much as is known of it.

    Parameters
    ----------
    model : fitted estimator, which knows the names of its columns.
    X, y : the training rows, or None.
    """
    if X is None:
        return _list_names(model)
    facts = [f"- {name}: {escape_text(value)}" for name, value in describe_data(X, y) if name != "Names of columns"]
    table = open_table(X, model)
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else list(map(str, range(table.n_columns)))
    dates = set(list_dates(table))
    rows = [
        (write_code(name), *_describe(X, table, column, column in dates))
        for column, name in enumerate(names[:_MOST_COLUMNS])
    ]
    parts = ["\n".join(facts), write_table(("column", "type", "values", "missing"), rows)]
    if len(names) > _MOST_COLUMNS:
        parts.append(f"and {format_count(len(names) - _MOST_COLUMNS, 'more column')}.")
    return "\n\n".join(parts)


def _list_names(model: Any) -> str:
    names = getattr(model, "feature_names_in_", None)
    n = getattr(model, "n_features_in_", None) if names is None else len(names)
    if n is None:
        return "Unknown. Give X and y to `card` to describe the data."
    if names is None:
        return f"{format_count(n, 'column')} without names."
    shown = ", ".join(write_code(str(name)) for name in names[:_MOST_COLUMNS])
    more = f" and {format_count(n - _MOST_COLUMNS, 'more column')}" if n > _MOST_COLUMNS else ""
    return f"{format_count(n, 'column')}: {shown}{more}."


def _describe(X: Any, table: Table, column: int, is_date: bool) -> tuple[str, str, str]:
    """Return what a column holds, which values, and how many are missing."""
    if not is_date:
        kind, shown, missing = _describe_column(table, column)
        return "seconds" if _holds_durations(X, column) else kind, shown, missing
    zone = table.find_zone(column) if table.is_date(column) else None
    moments = DateColumn(column, zone).read(table)
    present = np.sort(moments[~np.isnat(moments)]).astype("datetime64[D]")
    shown = f"{present[0]} to {present[-1]}" if len(present) else "none"
    return "date", shown, _write_share(len(present), table.n_rows)


def _holds_durations(X: Any, column: int) -> bool:
    """Return whether a column has durations or times of day, read as seconds."""
    if not hasattr(X, "columns"):
        return False
    cells = nw.from_native(X, eager_only=True)[:, column].drop_nulls()
    return len(cells) > 0 and is_duration_type(type(cells[0]))


def _describe_column(table: Table, column: int) -> tuple[str, str, str]:
    """Return the same of a column that holds no dates."""
    rows = slice(0, table.n_rows)
    if table.is_numeric(column):
        values = np.empty((table.n_rows, 1))
        table.read_floats([column], rows, values)
        present = values[~np.isnan(values)]
        shown = f"{format_number(present.min())} to {format_number(present.max())}" if len(present) else "none"
        return "number", shown, _write_share(len(present), table.n_rows)
    cells = [cell for cell in table.read_objects(column, rows) if cell is not None]
    distinct = list(dict.fromkeys(cells))
    booleans = all(isinstance(cell, (bool, np.bool_)) for cell in distinct)
    few = (
        ", ".join(escape_text(format_value(value)) for value in sorted(distinct, key=str))
        if len(distinct) <= _MOST_VALUES
        else ""
    )
    shown = few or f"{len(distinct):,} different"
    kind = "yes or no" if booleans and distinct else "category" if len(distinct) <= _MOST_CATEGORIES else "text"
    return kind, shown, _write_share(len(cells), table.n_rows)


def _write_share(n_present: int, n_rows: int) -> str:
    missing = 1 - n_present / n_rows
    return "" if not missing else format_percentage(missing, 1)
