"""Rows that come twice, but for small differences."""

from collections.abc import Iterable

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.columns import describe_id
from sknet_hp.findings.data.table import TEXT, Column
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

NEARNESS = 0.02, 0.2
"""How near a test row's nearest training row must be to be its twin, measured by the
nearest of one in twenty training rows: at least, and at most.

Between them it is the fourth power of the median, since rows of m dimensions without
twins have a median of about 19 ** (-1 / m), and one in a thousand is nearer than the
third to fourth power of that.
"""

SHARES = {"error": 0.1, "warning": 0.03}
"""Of test rows with such a twin: from which on it is how bad. Tables without twins
have up to 0.015, where many rows crowd in few places.
"""

FEWEST_COLUMNS = 3
FEWEST_VALUES = 20
"""Nearness is measured in columns with more values than that; others must be equal."""

MOST_TEST_ROWS = 600
MOST_COLUMNS = 100
_REFERENCE = 20  # one in so many training rows
_BLOCK = 4_000_000  # distances held at once


@check("near_duplicates", "Nearly the same rows in training and test")
def find_near_duplicates(case: DataCase) -> Iterable[Finding]:
    """Find test rows that all but equal a training row, in a sample of test rows."""
    if not case.splits or len(case.columns) > MOST_COLUMNS:
        return
    columns = [column for column in case.columns if not describe_id(column)]
    measured = [column for column in columns if is_measured(column)]
    others = [column for column in columns if column not in measured]
    if len(measured) < FEWEST_COLUMNS:
        return
    train, test = max(case.splits, key=lambda split: len(split[0]))
    if len(train) < 10 * _REFERENCE or not len(test):
        return
    rng = np.random.default_rng(len(case.rows))
    train, test = rng.permutation(train), rng.permutation(test)[:MOST_TEST_ROWS]
    matrix = scale_columns(measured)
    nearest, nearness = measure_nearness(matrix[train], matrix[test])
    limit = choose_limit(nearness)
    twins = (nearness > 0) & (nearness < limit)
    same = [np.nan_to_num(column.cells, nan=-1) for column in others]
    for cells in [*same, *(np.isnan(column.cells) for column in measured)]:
        twins &= cells[test] == cells[train[nearest]]
    twins &= np.sum([~np.isnan(column.cells[test]) for column in measured], axis=0) >= FEWEST_COLUMNS
    share = float(np.mean(twins))
    severity = next((severity for severity, least in SHARES.items() if share >= least), None)
    if severity is not None:
        yield Finding(
            "near_duplicates",
            severity,
            f"{format_percentage(share, 1)} of the {len(test):,} test rows that were looked at have a near copy among "
            f"the training rows: a row less than {format_percentage(limit)} as far away as their other near rows.",
            {"share": share, "rows": len(test), "limit": limit},
            "If they are the same thing measured or rounded twice, give what was measured (the patient, the "
            "machine) as groups=, with a splitter that keeps groups together. If they were augmented, augment "
            "training rows only.",
        )


def choose_limit(nearness: np.ndarray) -> float:
    """Return how near a twin must be, where rows without one are as near as these."""
    apart = nearness[nearness > 0]
    return float(np.clip(np.median(apart) ** 4, *NEARNESS)) if len(apart) else NEARNESS[0]


def is_measured(column: Column) -> bool:
    """Return whether nearness can be measured in a column."""
    if column.kind == TEXT or column.n_distinct <= FEWEST_VALUES:
        return False
    return bool(1e-30 < column.present.std() < 1e30)  # else float32 could not hold what it is divided by


def scale_columns(columns: list[Column]) -> np.ndarray:
    """Return numbers in standard deviations from the median, which is 0 as missing is.

    Of shape (n_rows, n_columns).
    """
    matrix = np.column_stack([column.cells for column in columns])
    scaled = (matrix - np.nanmedian(matrix, axis=0)) / np.nanstd(matrix, axis=0)
    return np.nan_to_num(scaled, nan=0.0).astype(np.float32)


def measure_nearness(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest training rows, and how near, measured by the nearest of some.

    Parameters
    ----------
    train : array of shape (n_train, n_columns)
        In random order.
    test : array of shape (n_test, n_columns)

    Returns
    -------
    nearest : array of int of shape (n_test,)
    nearness : array of shape (n_test,)
        0 for rows that equal a training row.
    """
    n_reference = len(train) // _REFERENCE
    lengths = np.einsum("ij,ij->i", train, train)
    nearest, nearness = np.empty(len(test), dtype=int), np.empty(len(test))
    n_rows = max(1, _BLOCK // len(train))
    for start in range(0, len(test), n_rows):
        rows = slice(start, start + n_rows)
        distances = lengths - 2 * test[rows] @ train.T  # (rows, n_train), squared but for a constant of each row
        nearest[rows] = distances.argmin(axis=1)
        reference = distances[:, :n_reference].argmin(axis=1)
        far = np.linalg.norm(test[rows] - train[reference], axis=1)
        nearness[rows] = np.linalg.norm(test[rows] - train[nearest[rows]], axis=1) / np.where(far > 0, far, 1)
    return nearest, nearness
