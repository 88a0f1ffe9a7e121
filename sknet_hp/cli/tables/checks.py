"""Whether folds and a scorer suit a problem; asked before anything is trained."""

import math
import warnings

from sknet_hp.cli.errors import BadInput, suggest
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
        raise BadInput("--outer-cv 1 is no cross-validation: give at least 2 folds, or 0 for no score")
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


def choose_scoring(problem: Problem, scoring: str | None) -> str:
    """Return the scorer that is asked for, or accuracy or r2.

    Raises
    ------
    BadInput
        If it does not exist, or does not suit the problem.
    """
    chosen = ("accuracy" if problem.task == "classification" else "r2") if scoring is None else scoring
    check_scoring(problem, chosen)
    return chosen


def check_scoring(problem: Problem, scoring: str) -> None:
    """Check that a scorer exists and can score this target, on the constant prediction.

    Raises
    ------
    BadInput
        If it can't.
    """
    import numpy as np
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.metrics import get_scorer, get_scorer_names

    names = get_scorer_names()
    if scoring not in names:
        raise BadInput(
            f"there is no scoring {scoring!r}{suggest(scoring, names)}: take a scorer of scikit-learn, for "
            f"example accuracy, balanced_accuracy, roc_auc, neg_log_loss, r2 or neg_root_mean_squared_error"
        )
    dummy = DummyClassifier() if problem.task == "classification" else DummyRegressor()
    nothing = np.zeros((len(problem.y), 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = float(get_scorer(scoring)(dummy.fit(nothing, problem.y), nothing, problem.y))
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise BadInput(
            f"--scoring {scoring} does not suit this {_describe(problem)} ({reason}): choose another scorer, such as "
            f"{_list_suitable_scorers(problem)}"
        ) from error
    if not np.isfinite(score):
        raise BadInput(
            f"--scoring {scoring} gives {score} for this {_describe(problem)}: choose another scorer, such as "
            f"{_list_suitable_scorers(problem)}"
        )


def _list_suitable_scorers(problem: Problem) -> str:
    if problem.task == "regression":
        return "r2, neg_root_mean_squared_error or neg_mean_absolute_error"
    return "accuracy, balanced_accuracy, f1_macro, neg_log_loss or " + (
        "roc_auc" if len(set(problem.y.tolist())) == 2 else "roc_auc_ovr"
    )


def _describe(problem: Problem) -> str:
    return (
        f"{problem.task} of {len(set(problem.y.tolist()))} classes"
        if problem.task == "classification"
        else problem.task
    )
