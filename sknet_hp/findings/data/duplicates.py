"""Rows that come twice."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.columns import describe_id
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

SHARES = {"error": 0.1, "warning": 0.01, "info": 0.001}
"""Of test rows with a copy among the training rows: from which on it is how bad."""

FEWEST = 10
"""Fewer copies are no more than good to know."""

BY_CHANCE = 0.01
"""A table whose rows have this many equals each by chance has no copies to speak of."""

AGREEMENT = 0.3
"""How much more often than any two rows equal rows have the same target, on a scale on
which 0 is no more often and 1 is always (Cohen's kappa); below it they are no copies.
"""

CONFLICTS = {"warning": 0.1, "info": 0.01}
"""Of rows with an equal of another class: from which on it is how bad."""


@check("duplicate_rows", "The same rows in training and test")
def find_duplicate_rows(case: DataCase) -> Iterable[Finding]:
    """Find test rows that equal a training row, target included."""
    equal = count_equal(number_equal_rows(case), case)
    if not equal.n_copies:
        return
    by_chance = count_by_chance(case)
    share, agreement = equal.n_copies / equal.n_rows, equal.n_copies / equal.n_equal
    if share < SHARES["info"]:
        return
    severity = next(severity for severity, least in SHARES.items() if share >= least)
    if equal.n_copies < FEWEST:
        severity = "info"
    of_all = f"{format_percentage(share, 1)} of all {equal.place}"
    alike = "" if case.target is None else f"; {equal.n_copies:,} of these ({of_all}) have the same target too"
    advice = (
        "Drop the copies, or let groups= keep equal rows in the same fold. A network that has seen a row knows its "
        "answer."
    )
    reason = describe_doubt(by_chance, agreement, case)
    if reason:
        severity = "info"
        advice = f"{reason} If they are copies, drop them, or let groups= keep them in the same fold."
    yield Finding(
        "duplicate_rows",
        severity,
        f"{equal.n_equal:,} of {equal.n_rows:,} {equal.place} ({format_percentage(equal.n_equal / equal.n_rows, 1)}) "
        f"equal {equal.other}{_of_sample(case)}{alike}.",
        {
            "equal": equal.n_equal,
            "copies": equal.n_copies,
            "rows": equal.n_rows,
            "share": share,
            "agreement": agreement,
            "expected_by_chance": by_chance,
        },
        advice,
    )


def describe_doubt(by_chance: float, agreement: float, case: DataCase) -> str:
    """Return in words why equal rows may be no copies; "" if nothing says so."""
    if by_chance > BY_CHANCE:
        return "They may be equal by chance: the columns have few different values."
    if measure_agreement(agreement, case) < AGREEMENT:
        return (
            "They are probably no copies, but different things that look alike: they have the same target hardly more "
            "often than any two rows."
        )
    return ""


@check("conflicting_labels", "Equal rows of different classes")
def find_conflicting_labels(case: DataCase) -> Iterable[Finding]:
    """Find rows that are equal in all columns and not of the same class."""
    if case.classes is None or case.target is None:
        return
    rows = number_equal_rows(case)
    counts = np.zeros((rows.max() + 1, len(case.classes)), dtype=int)
    np.add.at(counts, (rows, case.target), 1)
    mixed = (counts > 0).sum(axis=1) > 1
    n_conflicts = int(counts[mixed].sum())
    n_lost = int((counts.sum(axis=1) - counts.max(axis=1)).sum())
    share = n_conflicts / len(rows)
    severity = next((severity for severity, least in CONFLICTS.items() if share >= least), None)
    if severity is None:
        return
    yield Finding(
        "conflicting_labels",
        severity,
        f"{n_conflicts:,} of {len(rows):,} rows ({format_percentage(share, 1)}) equal another row of a different "
        f"class: no model that sees only these columns can classify more than "
        f"{format_percentage(1 - n_lost / len(rows), 1)} of all rows correctly.",
        {"conflicting": n_conflicts, "rows": len(rows), "share": share, "highest_accuracy": 1 - n_lost / len(rows)},
        "Look at some of them. Is a column missing that would tell them apart, or are labels wrong?",
    )


@dataclass(frozen=True)
class Equal:
    """How many rows equal others: test rows training rows, or rows earlier ones.

    Attributes
    ----------
    n_rows : rows that were looked at.
    n_equal : of them, rows that equal another in all columns.
    n_copies : of those, rows that equal another in the target too.
    place, other : what they are, and what they equal, in messages.
    """

    n_rows: int
    n_equal: int
    n_copies: int
    place: str
    other: str


def count_equal(rows: np.ndarray, case: DataCase) -> Equal:
    """Return how many rows are equal across the splits, or in the table.

    Parameters
    ----------
    rows : array of int
        For each row a number, the same for equal rows.
    """
    target = np.zeros(len(rows)) if case.target is None else case.target
    _, copies = np.unique(np.column_stack([rows, target]), axis=0, return_inverse=True)
    if case.splits is None:
        n_rows = len(rows)
        return Equal(n_rows, n_rows - len(np.unique(rows)), n_rows - copies.max() - 1, "rows", "an earlier row")
    n_rows = sum(len(test) for _, test in case.splits)
    n_equal, n_copies = (
        sum(int(_contains(numbers, train)[numbers[test]].sum()) for train, test in case.splits)
        for numbers in (rows, copies)
    )
    return Equal(n_rows, n_equal, n_copies, "test rows", "a training row")


def _contains(numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return for each number whether one of these rows has it."""
    contained = np.zeros(numbers.max() + 1, dtype=bool)
    contained[numbers[rows]] = True
    return contained


def number_equal_rows(case: DataCase) -> np.ndarray:
    """Return a number for each row, the same for rows that differ in ids only."""
    if case.sparse_row_numbers is not None:
        return case.sparse_row_numbers
    cells = [column.cells for column in case.columns if not describe_id(column)]
    if not cells:
        return np.arange(len(case.rows))
    matrix = np.column_stack(cells) + 0.0  # -0 becomes 0
    matrix[np.isnan(matrix)] = np.nan  # of one kind of bits
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in matrix])


def count_by_chance(case: DataCase) -> float:
    """Return how many equals a row has by chance, were columns independent."""
    shares = [np.sum((column.counts / len(case.rows)) ** 2) for column in case.columns if column.n_distinct]
    missing = [np.mean(np.isnan(column.cells)) ** 2 for column in case.columns if column.n_distinct]
    return float(len(case.rows) * np.prod(np.add(shares, missing)))


def measure_agreement(share: float, case: DataCase) -> float:
    """Return how much more often pairs agree in the target than any two rows do."""
    if case.target is None:
        return 1.0
    counts = np.unique(case.target, return_counts=True)[1]
    expected = np.sum((counts / len(case.rows)) ** 2)
    return (share - expected) / (1 - expected) if expected < 1 else 1.0


def _of_sample(case: DataCase) -> str:
    return (
        f" (in a sample of {len(case.rows):,} of {case.n_rows:,} rows; in all there are more)" if case.is_sample else ""
    )
