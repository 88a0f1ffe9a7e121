"""What a user should know about columns before anything is trained on them."""

import re
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

_WITH_MONTH = re.compile(
    r"\s*(\d{1,2}[-. ]+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-., ]+(\d{1,2},? +)?\d{2,4}\b.*",
    re.IGNORECASE,
)
_DAY_NUMBER = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(\.0)?")
"""20250131."""

_NUMBER, _FRACTION = re.compile(r"-?\d+(\.\d+)?"), re.compile(r"-?\d+\.\d+")


def write_notes(X: "pd.DataFrame", dates: list[str]) -> tuple[str, ...]:
    """Return a sentence for each thing that may not be meant, beside identifiers.

    Parameters
    ----------
    X : DataFrame of shape (rows, features)
    dates : the columns that hold dates.
    """
    return (
        *_describe_header(X),
        *_describe_dates(dates),
        *_describe_unread_dates(X),
        *_describe_text(X, dates),
    )


def _describe_header(X: "pd.DataFrame") -> Iterable[str]:
    """Doubt names that are values of their columns: the file may have no header."""
    doubtful = [name for name in X.columns if _FRACTION.fullmatch(name) or _has_value(X[name], name)]
    if 2 * len(doubtful) > X.shape[1]:
        yield (
            f"the names of columns look like values ({list_names(doubtful)}): if the first line is a row, write a line "
            f"with names above it"
        )


def _has_value(column: "pd.Series", value: str) -> bool:
    if _is_text(column):
        return bool((column == value).any())
    return _NUMBER.fullmatch(value) is not None and bool((column == float(value)).any())


def _describe_unread_dates(X: "pd.DataFrame") -> Iterable[str]:
    """Name columns that are read as they stand, such as 20250131 or 31 Jan 2025."""
    from pandas.api import types

    for name, column in X.items():
        texts = column.dropna().unique()
        is_number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
        if not (is_number or _is_text(column)) or len(texts) < 2:
            continue
        pattern, kind = (_DAY_NUMBER, "numbers") if is_number else (_WITH_MONTH, "text")
        if all(pattern.fullmatch(str(text)) for text in texts):
            yield (
                f"the column {name!r} is treated as {kind}, and its cells look like dates ({str(texts[0])!r}): if they "
                f"are, write them as 2025-01-31"
            )


def _describe_dates(dates: list[str]) -> Iterable[str]:
    if dates:
        hold = "the column {} holds" if len(dates) == 1 else "the columns {} hold"
        yield (
            f"{hold.format(list_names(dates))} dates: features are the elapsed time and the position in the year, "
            f"month, week and day, where rows differ"
        )


def write_id_notes(X: "pd.DataFrame") -> tuple[str, ...]:
    """Return a sentence for each column that may only identify rows."""
    return tuple(_describe_ids(X))


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
