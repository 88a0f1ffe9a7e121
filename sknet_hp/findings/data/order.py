"""The order of time."""

import re
from collections.abc import Iterable

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.table import DATE, NUMBER, Column
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

OVERLAP = 0.05
"""The share of test rows that must be older than the newest tenth of training rows."""

FEWEST_MOMENTS = 10
"""A column with fewer different moments orders rows too coarsely."""

SORTED = 0.95
"""The share of steps from a row to the next that must not go back, of rows in order."""

_NAMED_TIME = re.compile(
    r"(^|[_\W])(date|datetime|time|timestamp|year|created|updated)(?=$|[_\W\d])",
    re.IGNORECASE,
)
_OF_PERSONS = re.compile(r"birth|dob", re.IGNORECASE)
_SECONDS_OF_THIS_TIME = (3.15e8, 4.1e9)  # 1980 to 2100, since 1970


@check("time_overlap", "Training on rows that are newer than test rows")
def find_time_overlap(case: DataCase) -> Iterable[Finding]:
    """Find columns of moments by which folds train on the future of their test rows."""
    if case.splits is None:
        return
    is_order_told = False
    for column in case.columns:
        if not is_moment(column):
            continue
        share, n_rows = measure_overlap(column, case)
        in_order = is_sorted(column)
        if share <= OVERLAP or (in_order and is_order_told):  # all columns that the table is sorted by say the same
            continue
        is_order_told |= in_order
        yield Finding(
            "time_overlap",
            "warning" if in_order else "info",
            f"By {column.name}, {format_percentage(share)} of {n_rows:,} test rows are older than the newest tenth of "
            f"their training rows{'; the table is sorted by this column' if in_order else ''}.",
            {"column": column.name, "share": share, "rows": n_rows, "in_order": in_order},
            "If you will predict rows that are later than the known ones, test on later rows: sort by time and use "
            "TimeSeriesSplit. If time does not matter for these rows, nothing is wrong.",
        )


def is_moment(column: Column) -> bool:
    """Return whether a column says when a row came to be."""
    if column.n_distinct < FEWEST_MOMENTS or _OF_PERSONS.search(column.name):
        return False
    if column.kind == DATE:
        return True
    if column.kind != NUMBER or not is_sorted(column):
        return False
    low, high = _SECONDS_OF_THIS_TIME
    is_unix = any((low <= column.present / unit).all() and (column.present / unit <= high).all() for unit in (1, 1e3))
    return is_unix or bool(_NAMED_TIME.search(column.name.strip("'\"")))


def is_sorted(column: Column) -> bool:
    """Return whether rows are in order of a column, forward or backward."""
    steps = np.diff(column.present)
    return bool(len(steps)) and bool(max(np.mean(steps >= 0), np.mean(steps <= 0)) >= SORTED)


def measure_overlap(column: Column, case: DataCase) -> tuple[float, int]:
    """Return the share of test rows older than the newest tenth of training rows.

    The newest tenth, so that one wrong date changes nothing.
    """
    n_older = n_rows = 0
    for train, test in case.splits or ():
        moments = column.cells[train]
        moments = moments[~np.isnan(moments)]
        if not len(moments):
            continue
        n_older += int((column.cells[test] < np.quantile(moments, 0.9)).sum())
        n_rows += len(test)
    return (n_older / n_rows if n_rows else 0.0), n_rows
