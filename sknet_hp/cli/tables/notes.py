"""What a user should know about columns before anything is trained on them."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sknet_hp.cli.errors import list_names
from sknet_hp.estimators.encoding.categorical.numbers_as_text import find_nonnumeric_cell
from sknet_hp.estimators.encoding.dates.text import find_doubtful_date, find_nondate_cell
from sknet_hp.findings.data.columns import describe_id
from sknet_hp.findings.data.table import choose_rows, read_columns

if TYPE_CHECKING:
    import pandas as pd


def write_notes(X: "pd.DataFrame", dates: list[str]) -> tuple[str, ...]:
    """Return a sentence for each thing that may not be meant.

    Parameters
    ----------
    X : DataFrame of shape (rows, features)
    dates : the columns that hold dates.
    """
    return (*_describe_dates(dates), *_describe_ids(X), *_describe_text(X, dates))


def _describe_dates(dates: list[str]) -> Iterable[str]:
    if dates:
        hold = "the column {} holds" if len(dates) == 1 else "the columns {} hold"
        yield (
            f"{hold.format(list_names(dates))} dates: features are the elapsed time and the position in the year, "
            f"month, week and day, where rows differ"
        )


def _describe_ids(X: "pd.DataFrame") -> Iterable[str]:
    columns = read_columns(X, choose_rows(*X.shape))
    for name, column in zip(X.columns, columns, strict=True):
        kind = describe_id(column)
        # Numbers that are written oddly are told of below: they identify nothing.
        if kind and (not _is_text(X[name]) or find_nonnumeric_cell(X[name].value_counts().to_dict()) is None):
            yield (
                f"the column {name!r} {kind}: if it only identifies rows, leave it out with --drop {shlex.quote(name)}"
            )


def _describe_text(X: "pd.DataFrame", dates: list[str]) -> Iterable[str]:
    for name, column in X.items():
        if name in dates or not _is_text(column):
            continue
        counts = column.value_counts().to_dict()
        cell = find_nonnumeric_cell(counts)
        if cell is not None:
            yield (
                f"the column {name!r} is treated as text because of cells like {cell!r}: if it holds numbers, "
                f"write them "
                f"plainly (1234.5), and leave missing ones empty"
            )
        cell = find_nondate_cell(counts)
        if cell is not None:
            yield (
                f"the column {name!r} is treated as text because of cells like {cell!r}: if it holds dates, "
                f"write them as "
                f"2025-01-31, and leave missing ones empty"
            )
        date = find_doubtful_date(text for text in counts if isinstance(text, str))
        if date is not None:
            yield (
                f"the column {name!r} is treated as text because in {date!r} day and month can't be told "
                f"apart: if it holds dates, write them as 2025-01-31"
            )


def _is_text(column: "pd.Series") -> bool:
    from pandas.api import types

    return types.is_object_dtype(column) or types.is_string_dtype(column)
