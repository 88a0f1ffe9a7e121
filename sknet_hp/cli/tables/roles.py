"""Columns that are no features: groups, the order of rows, and what is left out."""

from itertools import pairwise
from typing import TYPE_CHECKING

from sknet_hp.cli.errors import BadInput, list_names, suggest
from sknet_hp.cli.options import GIVEN, TableOptions, write_command

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

UNKNOWN = "?"
"""What stands for a label that nobody knows, beside empty cells."""


def leave_out(table: "pd.DataFrame", drop: tuple[str, ...], target: str) -> "pd.DataFrame":
    """Return a table without some of its columns.

    Raises
    ------
    BadInput
        If one is not there, or is the target.
    """
    for name in drop:
        _require_column(table, name, "--drop", target)
        if name == target:
            raise BadInput(f"--drop {name!r} is the target: drop another column, or give another --target")
    return table.drop(columns=list(drop))


def drop_rows_without_target(table: "pd.DataFrame", target: str) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """Return the rows of a table whose target is known, and what was left out.

    Rows keep their places in the index.

    Raises
    ------
    BadInput
        If the target is missing in all rows.
    """
    if target not in table.columns:  # it is refused with all other targets that are none
        return table, ()
    is_missing = table[target].isna() | (table[target] == UNKNOWN)
    n_missing = int(is_missing.sum())
    if not n_missing:
        return table, ()
    if n_missing == len(table):
        raise BadInput(f"the target {target!r} is missing in all {len(table):,} rows: choose another column")
    note = f"the target {target!r} is missing in {n_missing:,} of {len(table):,} rows, which are left out"
    return table[~is_missing], (note,)


def take_groups(table: "pd.DataFrame", options: TableOptions) -> tuple["pd.DataFrame", "np.ndarray | None"]:
    """Return a table without the column of its groups, and the number of each row's.

    Raises
    ------
    BadInput
        If it is not there, has missing cells or one value only.
    """
    import pandas as pd

    if options.groups is None:
        return table, None
    column = _take_column(table, options.groups, "--groups", options)
    codes, values = pd.factorize(column)
    if len(values) < 2:
        raise BadInput(
            f"--groups {options.groups!r} is {str(values[0])!r} in all rows: give a column with a value for each group"
        )
    return table.drop(columns=options.groups), codes


def sort_by_time(table: "pd.DataFrame", options: TableOptions) -> "pd.DataFrame":
    """Return a table in the order of its column of times, and without it.

    Rows of the same time keep their order, and all keep their places in the index.

    Raises
    ------
    BadInput
        If it is not there, has missing cells, or cells that are no times.
    """
    import pandas as pd
    from pandas.api import types

    if options.time is None:
        return table
    if options.groups is not None:
        raise BadInput(
            "--groups and --time can't be used together, because no folds keep groups whole and rows in order: "
            "give the "
            "one that matters for the rows that will be predicted"
        )
    if options.time not in table.columns and options.time.replace(".", "", 1).isdecimal():
        given = GIVEN.get()
        told = [f"{word}-budget" if following == options.time else word for word, following in pairwise((*given, ""))]
        raise BadInput("--time takes a column; seconds follow --time-budget", write_command(*told) if given else "")
    times = _take_column(table, options.time, "--time", options)
    if not (types.is_numeric_dtype(times) or types.is_datetime64_any_dtype(times)):
        try:
            times = pd.to_datetime(times, format="mixed", utc=True)
        except (ValueError, TypeError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise BadInput(
                f"--time {options.time!r} has cells that are neither numbers nor dates ({reason}): write dates like "
                f"2025-01-31"
            ) from error
    order = times.reset_index(drop=True).sort_values(kind="stable").index
    return table.iloc[order].drop(columns=options.time)


def _take_column(table: "pd.DataFrame", name: str, option: str, options: TableOptions) -> "pd.Series":
    if name in options.drop:
        raise BadInput(
            f"{option} {name!r} is also in --drop, and a column can't be both: leave it out of --drop, since {option} "
            f"keeps it from the features already"
        )
    _require_column(table, name, option, options.target)
    if name == options.target:
        raise BadInput(f"{option} {name!r} is the target: give another column")
    column = table[name]
    n_missing = int(column.isna().sum())
    if n_missing:
        raise BadInput(
            f"{option} {name!r} is missing in {n_missing:,} of {len(column):,} rows: fill in or remove these rows"
        )
    return column


def _require_column(table: "pd.DataFrame", name: str, option: str, target: str | None) -> None:
    """Refuse a column that is not there, and list those but the target."""
    if name not in table.columns:
        others = [column for column in table.columns if column != target]
        raise BadInput(
            f"there is no column {name!r}{suggest(name, table.columns)}: {option} must be one of "
            f"{list_names(others, 40)}"
        )
