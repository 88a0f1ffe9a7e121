"""Columns of text that may be meant as something else."""

from __future__ import annotations

from sknet_hp.estimators.encoding.categorical.categories import CategoryCounts
from sknet_hp.estimators.encoding.categorical.numbers_as_text import find_nonnumeric_cell
from sknet_hp.estimators.encoding.dates.text import find_doubtful_date, find_nondate_cell

_NOT_MEANT = "astype('category') says that it is not meant as"


def describe_doubts(label: str, counts: CategoryCounts) -> list[str]:
    """Return a note for each thing that a column of text may be meant as.

    Parameters
    ----------
    label : what the column is called.
    counts : its cells.
    """
    notes = []
    number, odd = find_nonnumeric_cell(counts.rows), find_nondate_cell(counts.rows)
    doubtful = find_doubtful_date(text for text in counts.rows if text is not None)
    if number is not None:
        notes.append(
            f"{label} is treated as text because of cells like {number!r}, though most are numbers; "
            f"pandas.to_numeric(column, errors='coerce') makes all others NaN, and {_NOT_MEANT} numbers"
        )
    if odd is not None:
        notes.append(
            f"{label} is treated as text because of cells like {odd!r}, though most are dates; "
            f"pandas.to_datetime(column, errors='coerce') makes all others missing, and {_NOT_MEANT} dates"
        )
    if doubtful is not None:
        notes.append(
            f"{label} is treated as text because in {doubtful!r} day and month can't be told apart; "
            f"pandas.to_datetime(column, dayfirst=True) or dayfirst=False makes dates of it, and {_NOT_MEANT} dates"
        )
    return notes
