"""Columns that give the target away."""

from collections.abc import Iterable

import numpy as np
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.table import TEXT, Column
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

ERRORS_AVOIDED = {"error": 0.99, "warning": 0.95}
"""Of the errors of who always says the most frequent class, what share a column alone
must avoid: petal width does so for 0.93 of them among irises, and gives nothing away.
"""

VARIANCE_EXPLAINED = {"error": 0.999, "warning": 0.98}
"""The share of the variance of the target's ranks that a column alone must explain:
carat explains 0.94 of that of the price of diamonds, and gives nothing away.
"""

STANDS_OUT = 0.8, 0.9
"""The same for classes and numbers, of a column that is far better than all others."""

OTHERS, FEWEST_COLUMNS = 0.5, 3
"""What share of that the second best column may have, of so many columns at least."""

MOST_ROWS = 5_000
MOST_COLUMNS = 150
"""On which trees are fitted; of more columns, those that are correlated the most."""

FEWEST_ROWS = 30


@check("leakage", "A column that all but determines the target")
def find_leakage(case: DataCase) -> Iterable[Finding]:
    """Find columns each of which alone predicts the target almost without error."""
    if case.target is None or len(case.rows) < FEWEST_ROWS or not case.columns:
        return
    if not 2 <= len(np.unique(case.target)) <= (len(case.rows) / 4 if case.classes is not None else np.inf):
        return
    rng = np.random.default_rng(len(case.rows))
    rows = choose_balanced(case.target, case.classes is not None, rng)
    is_class = case.classes is not None
    target = case.target[rows] if is_class else rankdata(case.target[rows])  # one large number must not decide
    columns = choose_columns(case.columns, rows, target, is_class)
    strengths = np.array([measure_strength(column, rows, target, is_class) for column in columns])
    for number, (column, strength) in enumerate(zip(columns, strengths, strict=True)):
        others = np.delete(strengths, number).max() if len(columns) >= FEWEST_COLUMNS else 1.0
        severity = judge_strength(strength, others, is_class)
        if severity:
            yield Finding(
                "leakage",
                severity,
                f"Column {column.name} alone predicts the target: it {_describe(strength, case)}.",
                {"column": column.name, "strength": float(strength)},
                "Check that it is known at the time of a prediction and was not made from the target. Otherwise leave "
                "it out: scores with it mean nothing.",
            )


def judge_strength(strength: float, others: float, is_class: bool) -> str:
    """Return how bad a column is; "" for one that any table may have.

    Parameters
    ----------
    strength : of the column.
    others : of the best of all others.
    is_class : whether it is of classes.
    """
    for severity, least in (ERRORS_AVOIDED if is_class else VARIANCE_EXPLAINED).items():
        if strength >= least:
            return severity
    return "warning" if strength >= STANDS_OUT[0 if is_class else 1] and others <= OTHERS * strength else ""


def _describe(strength: float, case: DataCase) -> str:
    if case.classes is None:
        return f"explains {format_percentage(strength, 2)} of the variance of the target's ranks"
    return f"avoids {format_percentage(strength, 1)} of the errors of always predicting the most frequent class"


def choose_balanced(target: np.ndarray, is_class: bool, rng: np.random.Generator) -> np.ndarray:
    """Return rows in random order, at most `MOST_ROWS`, with all classes in them."""
    rows = rng.permutation(len(target))
    if not is_class or len(rows) <= MOST_ROWS:
        return rows[:MOST_ROWS]
    # Half of them at random; for the other half, classes take turns.
    turn = np.empty(len(rows), dtype=int)
    for code in np.unique(target):
        of_class = np.flatnonzero(target[rows] == code)
        turn[of_class] = np.arange(len(of_class))
    by_turn = rows[np.argsort(turn, kind="stable")][: MOST_ROWS // 2]
    return rng.permutation(np.union1d(by_turn, rows[: MOST_ROWS // 2]))


def choose_columns(columns: list[Column], rows: np.ndarray, target: np.ndarray, is_class: bool) -> list[Column]:
    """Return the columns that trees are fitted on."""
    columns = [column for column in columns if column.n_distinct > 1 or len(column.present) < len(column.cells)]
    if len(columns) <= MOST_COLUMNS:
        return columns
    cells = np.column_stack([np.nan_to_num(column.cells[rows], nan=-1.0) for column in columns])
    targets = (target[:, None] == np.unique(target)[:20]).astype(float) if is_class else target[:, None]
    correlations = np.abs(_standardise(cells).T @ _standardise(targets)).max(axis=1)
    return [columns[number] for number in np.sort(np.argsort(-correlations, kind="stable")[:MOST_COLUMNS])]


def _standardise(matrix: np.ndarray) -> np.ndarray:
    spread = matrix.std(axis=0)
    return (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1)


def measure_strength(column: Column, rows: np.ndarray, target: np.ndarray, is_class: bool) -> float:
    """Return how well a column alone predicts, on rows that its trees have not seen.

    Two trees, each fitted on one half of the rows and asked about the other. Strings
    are ordered by their mean target (of classes: by their most frequent one).

    Parameters
    ----------
    column : Column
    rows : array of int
        In random order.
    target : array of shape (len(rows),)
        Of these rows.
    is_class : whether it holds class codes.

    Returns
    -------
    float
        1 for a copy of the target, 0 or less for what does not help: the share of
        variance explained, or of errors avoided of who says the most frequent class.
    """
    cells = np.clip(column.cells[rows], -1e38, 1e38)  # trees hold float32
    half = len(rows) // 2
    predicted = np.empty(len(rows))
    for learn, ask in ((slice(half), slice(half, None)), (slice(half, None), slice(half))):
        seen, asked = cells[learn], cells[ask]
        if column.kind == TEXT:
            seen, asked = _order_strings(seen, target[learn], asked, is_class)
        tree = (
            DecisionTreeClassifier(max_leaf_nodes=64, min_samples_leaf=2, random_state=0)
            if is_class
            else DecisionTreeRegressor(max_leaf_nodes=512, min_samples_leaf=2, random_state=0)
        )
        predicted[ask] = tree.fit(seen[:, None], target[learn]).predict(asked[:, None])
    if is_class:
        n_errors = np.mean(predicted != target)
        return float(1 - n_errors / (1 - np.bincount(target.astype(int)).max() / len(target)))
    return float(1 - np.mean((predicted - target) ** 2) / np.var(target))


def _order_strings(
    seen: np.ndarray, target: np.ndarray, asked: np.ndarray, is_class: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean learned target of each string, for both halves."""
    n_codes = int(np.nanmax(np.append(seen, asked), initial=-1)) + 2
    codes, others = (np.where(np.isnan(part), n_codes - 1, part).astype(int) for part in (seen, asked))
    if is_class:
        counts = np.zeros((n_codes, int(target.max()) + 1))
        np.add.at(counts, (codes, target), 1)
        means = np.where(counts.any(axis=1), counts.argmax(axis=1), -1.0)
    else:
        n_rows = np.bincount(codes, minlength=n_codes)
        sums = np.bincount(codes, weights=target, minlength=n_codes)
        means = np.where(n_rows > 0, sums / np.maximum(n_rows, 1), target.mean())
    return means[codes], means[others]
