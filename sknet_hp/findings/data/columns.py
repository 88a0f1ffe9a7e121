"""Columns that say nothing, or say who a row is."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.table import NUMBER, TEXT, Column
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.words import list_some

DISTINCT = 0.999
"""The share of rows from which on a column's values count as all different."""

FEWEST_ROWS = 30
"""Fewer rows may have different values by chance."""

_NAMED_ID = re.compile(
    r"(^|[_\W])(id|uuid|guid|index|key|unnamed: ?0|rownames?|row_?(number|id))['\"]?$", re.IGNORECASE
)
_SPACES_OF_TEXT = 0.5  # in a string, on average: sentences and names of people are no identifiers


@check("useless_columns", "Columns that are constant or empty")
def find_useless_columns(case: DataCase) -> Iterable[Finding]:
    """Find columns without any value, and columns with one and nothing missing."""
    empty = [column.name for column in case.columns if not len(column.present)]
    constant = [
        column.name
        for column in case.columns
        if len(column.present) == len(case.rows) and (column.present == column.present[0]).all()
    ]
    if not empty and not constant:
        return
    parts = [f"{begin_with_names(empty)} {'has' if len(empty) == 1 else 'have'} no values."] if empty else []
    if constant:
        has = "has" if len(constant) == 1 else "have"
        parts.append(f"{begin_with_names(constant)} {has} the same value in every row.")
    yield Finding(
        "useless_columns",
        "info",
        " ".join(parts),
        {"empty": empty, "constant": constant},
        "Leave them out: nothing can be learned from them.",
    )


@check("id_column", "A column that says which row it is")
def find_id_columns(case: DataCase) -> Iterable[Finding]:
    """Find columns that name or count the rows."""
    if len(case.rows) < FEWEST_ROWS:
        return
    for column in case.columns:
        kind = describe_id(column)
        if kind:
            yield Finding(
                "id_column",
                "warning",
                f"Column {column.name} {kind}: it identifies a row and does not describe it.",
                {"column": column.name, "distinct": column.n_distinct, "rows": len(case.rows)},
                "Leave it out. A network can only memorise rows by it; and if the table is sorted by the target, it "
                "gives the target away.",
            )


def describe_id(column: Column) -> str:
    """Return why a column is an identifier; "" if it is none."""
    n_rows = len(column.cells)
    if n_rows < FEWEST_ROWS or column.n_distinct < DISTINCT * n_rows:
        return ""
    if column.kind == TEXT:
        spaces = np.char.count(column.strings, " ").mean()
        return "" if spaces > _SPACES_OF_TEXT else "has a different string in every row"
    if column.kind != NUMBER or (column.present % 1 != 0).any():
        return ""
    steps = np.diff(column.present)
    width = np.ptp(column.present) + 1
    if (steps == 1).all() or (steps == -1).all():
        return "counts the rows"
    if _NAMED_ID.search(column.name):
        return "has a different whole number in every row"
    if width <= n_rows * 1.1:
        return "numbers the rows"
    return ""


def begin_with_names(names: Sequence[str]) -> str:
    """Return columns for the beginning of a sentence."""
    text = list_names(names)
    return text[0].upper() + text[1:]


def list_names(names: Sequence[str], most: int = 5) -> str:
    """Return columns for a message, the first of them by name."""
    shown = list_some(names, most)
    return f"column {shown}" if len(names) == 1 else f"{len(names):,} columns ({shown})"
