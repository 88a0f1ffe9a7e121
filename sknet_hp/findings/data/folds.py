"""Folds that do not fit the classes, the groups or the order of rows."""

from collections.abc import Iterable

import numpy as np
from scipy import stats

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_count, format_percentage

EXPLAINED_BY_FOLDS, EXPLAINED_BY_ORDER = (0.02, 1.0), (0.05, 0.5)
"""The share of the target's spread that folds of consecutive rows, or else tenths of
the table, explain if they are spoken of. Tenths that explain more are of a table that
was sorted by its target.
"""

N_PARTS = 10
FEWEST_ROWS = 100

CHANCE = 1e-6
"""How improbable differences of folds must be, had rows been dealt at random."""


@check("missing_classes", "Classes that are missing in folds")
def find_missing_classes(case: DataCase) -> Iterable[Finding]:
    """Find classes that a fold does not learn from, or is not tested on."""
    if case.classes is None or case.whole_splits is None or case.whole_target is None:
        return
    n_classes = len(case.classes)
    counts = np.bincount(case.whole_target, minlength=n_classes)
    learned = [np.bincount(case.whole_target[train], minlength=n_classes) for train, _ in case.whole_splits]
    tested = [np.bincount(case.whole_target[test], minlength=n_classes) for _, test in case.whole_splits]
    not_learned = _list_missing([(train == 0) & (test > 0) for train, test in zip(learned, tested, strict=True)], case)
    not_tested = _list_missing([test == 0 for test in tested], case)
    for severity, missing, what in (
        ("error", not_learned, "has test rows of {}, but no training rows"),
        ("warning", not_tested, "has no test rows of {}"),
    ):
        for split, classes in missing.items():
            yield Finding(
                "missing_classes",
                severity,
                f"Split {split} {what.format(_list_classes(classes))}.",
                {"split": split, "classes": classes, "rows": {name: _count(name, counts, case) for name in classes}},
                _advise(counts, case),
                subject=f"split {split}",
            )


def _list_classes(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return " and ".join(f"class {name}" for name in names[:most]) + more


def _list_missing(masks: list[np.ndarray], case: DataCase) -> dict[int, list[str]]:
    classes = np.asarray(case.classes)
    return {split: [str(name) for name in classes[mask]] for split, mask in enumerate(masks) if mask.any()}


def _count(name: str, counts: np.ndarray, case: DataCase) -> int:
    return int(counts[np.asarray(case.classes).astype(str) == name][0])


def _advise(counts: np.ndarray, case: DataCase) -> str:
    n_splits = len(case.whole_splits or ())
    if counts.min() < n_splits:
        return (
            f"The rarest class has {format_count(counts.min(), 'row')}: use no more folds than "
            f"that, merge rare classes, or leave them out."
        )
    return "Use StratifiedKFold (with groups, StratifiedGroupKFold), which puts all classes into all folds."


@check("group_overlap", "Groups that are in training and test at once")
def find_group_overlap(case: DataCase) -> Iterable[Finding]:
    """Find test rows whose group is in training too."""
    if case.groups is None or case.whole_splits is None:
        return
    n_rows = sum(len(test) for _, test in case.whole_splits)
    n_shared = sum(int(np.isin(case.groups[test], case.groups[train]).sum()) for train, test in case.whole_splits)
    if n_shared:
        yield Finding(
            "group_overlap",
            "error",
            f"{n_shared:,} of {n_rows:,} test rows ({format_percentage(n_shared / n_rows)}) belong to a group that has "
            f"training rows too, although groups were given.",
            {"shared": n_shared, "rows": n_rows, "share": n_shared / n_rows},
            "Use a splitter that keeps groups together: GroupKFold, StratifiedGroupKFold or LeaveOneGroupOut.",
        )


@check("row_order", "A target that depends on the order of rows")
def find_row_order(case: DataCase) -> Iterable[Finding]:
    """Find targets that differ along the table, or among folds of consecutive rows."""
    if case.target is None or len(case.rows) < FEWEST_ROWS:
        return
    tests = [test for _, test in case.splits or () if len(test)]
    forward = bool(tests) and _is_forward(case)
    in_folds = len(tests) > 1 and all(_is_consecutive(test) for test in tests)
    parts = tests if in_folds else np.array_split(np.arange(len(case.rows)), N_PARTS)
    explained, probability = measure_inequality(case.target, parts, case.classes is not None)
    low, high = EXPLAINED_BY_FOLDS if in_folds else EXPLAINED_BY_ORDER
    if forward or probability > CHANCE or not low <= explained <= high:
        return
    unshuffled = in_folds or (len(tests) > 1 and _is_consecutive_by_class(case, tests))
    where = "fold of consecutive rows" if in_folds else "tenth of the table"
    yield Finding(
        "row_order",
        "warning" if unshuffled else "info",
        f"The target changes along the table: the {where} that a row is in explains {format_percentage(explained)} of "
        f"the target's variation.",
        {"explained": explained, "probability": probability, "consecutive_folds": unshuffled},
        "If rows are in order of time and you will predict later ones, test on later ones: TimeSeriesSplit. "
        + (
            f"If the table was merely sorted, shuffle: cv={'KFold' if case.classes is None else 'StratifiedKFold'}"
            f"(shuffle=True). An integer cv does not shuffle, and folds of a sorted table say little about new rows."
            if unshuffled
            else "If the table was merely sorted, nothing is wrong."
        ),
    )


def measure_inequality(target: np.ndarray, tests: list[np.ndarray], is_class: bool) -> tuple[float, float]:
    """Return the share of the target's spread that folds explain, and its p-value.

    Of numbers, their ranks, by an analysis of variance; of classes, the squared
    Cramer's V of folds and classes, by the chi-squared test.
    """
    if is_class:
        n_classes = int(target.max()) + 1
        counts = np.array([np.bincount(target[test], minlength=n_classes) for test in tests])
        counts = counts[:, counts.any(axis=0)]
        if counts.shape[1] < 2:
            return 0.0, 1.0
        statistic, probability, _, _ = stats.chi2_contingency(counts)
        return float(statistic / counts.sum() / (min(counts.shape) - 1)), float(probability)
    ranks = stats.rankdata(target)
    parts = [ranks[test] for test in tests]
    together = np.concatenate(parts)
    total = np.sum((together - together.mean()) ** 2)
    if not total:
        return 0.0, 1.0
    if not any(np.ptp(part) for part in parts):  # F is infinite, of which SciPy before 1.17 warns
        return 1.0, 0.0
    between = sum(len(part) * (part.mean() - together.mean()) ** 2 for part in parts)
    return float(between / total), float(stats.f_oneway(*parts).pvalue)


def _is_consecutive(rows: np.ndarray) -> bool:
    return len(rows) > 1 and bool((np.diff(rows) == 1).all())


def _is_consecutive_by_class(case: DataCase, tests: list[np.ndarray]) -> bool:
    """Return whether folds are consecutive rows of each class.

    So are those of `StratifiedKFold`, unless it shuffles.
    """
    if case.target is None or case.classes is None:
        return False
    place = np.empty(len(case.target), dtype=int)  # of a row among those of its class
    for code in np.unique(case.target):
        own = np.flatnonzero(case.target == code)
        place[own] = np.arange(len(own))
    return all(
        bool((np.diff(place[test[case.target[test] == code]]) == 1).all())
        for test in tests
        for code in np.unique(case.target[test])
    )


def _is_forward(case: DataCase) -> bool:
    """Return whether each split learns from earlier rows alone."""
    return all(train.max(initial=-1) < test.min() for train, test in case.splits or () if len(test))
