"""Whether folds suit a problem; asked before anything is trained."""

import math

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tables.problem import Problem, find_nonnumeric_text


def check_folds(problem: Problem, outer: int, inner: int) -> None:
    """Check that every fold of the nested cross-validation has rows.

    For classes it must have rows of every one.

    Raises
    ------
    BadInput
        If rows, or the rows of a class, are too few.
    """
    if outer == 1:
        raise BadInput("--outer-cv 1 is not a cross-validation: give at least 2 folds, or 0 for no score")
    _check_rows(problem, outer, inner, f"--outer-cv {outer} and --cv {inner}" if outer else f"--cv {inner}")


def check_scored_folds(problem: Problem, n_folds: int, option: str) -> None:
    """Check that every fold of a plain cross-validation has rows, of each class.

    Raises
    ------
    BadInput
        If rows, or the rows of a class, are too few.
    """
    _check_rows(problem, 0, n_folds, f"{option} {n_folds}")


def _check_rows(problem: Problem, outer: int, inner: int, folds: str) -> None:
    """Check the numbers of rows; groups and times have rules of their own."""
    import numpy as np

    if problem.groups is not None or problem.time_column is not None:
        return
    if problem.task == "regression":
        least = _count_least_rows(outer, inner, rows_per_fold=2)  # r2 is not defined on a single row
        if len(problem.y) < least:
            raise BadInput(
                f"{len(problem.y)} rows are too few for {folds}, which need {least}: give more rows or ask for fewer "
                f"folds"
            )
        return
    least = _count_least_rows(outer, inner, rows_per_fold=1)
    if len(problem.y) < least:
        raise BadInput(
            f"{len(problem.y)} rows are too few for {folds}, which need {least} of every class: give more rows or ask "
            f"for fewer folds"
        )
    classes, counts = np.unique(problem.y, return_counts=True)
    rare = [(label, count) for label, count in zip(classes.tolist(), counts.tolist(), strict=True) if count < least]
    if rare:
        label, count = rare[0]
        others = f", {len(rare) - 1} more classes are too rare," if len(rare) > 1 else ""
        raise BadInput(
            f"the class {str(label)!r} of {problem.target!r} has {count} row{'s' if count > 1 else ''}{others} and "
            f"{folds} need {least} of every class: {_advise_on_rare_classes(problem, label)}"
        )


def _advise_on_rare_classes(problem: Problem, label: object) -> str:
    if not isinstance(label, str):
        return "remove or merge rare classes, ask for fewer folds, or say --task regression if the target is a quantity"
    odd = find_nonnumeric_text(problem.y)
    if odd is not None:
        return (
            f"remove or merge rare classes or, if the target is a quantity, write numbers plainly (1234.5) and not "
            f"{odd!r}"
        )
    return (
        "remove or merge rare classes, ask for fewer folds, or choose another column if this one holds identifiers or "
        "dates"
    )


def _count_least_rows(outer: int, inner: int, rows_per_fold: int) -> int:
    """Return the least rows with which each fold gets `rows_per_fold`.

    Each outer fold, and each inner fold of the rows that remain.
    """
    if not outer:
        return rows_per_fold * inner
    least = rows_per_fold * outer
    while least - math.ceil(least / outer) < rows_per_fold * inner:
        least += 1
    return least
