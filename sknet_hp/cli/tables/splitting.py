"""Folds that suit a problem."""

from typing import TYPE_CHECKING, Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tables.problem import Problem

if TYPE_CHECKING:
    from sklearn.model_selection import BaseCrossValidator


def make_splitter(problem: Problem, n_splits: int, seed: int) -> "BaseCrossValidator":
    """Return a splitter into folds.

    Groups stay whole, and where rows have an order the later ones are predicted from
    the earlier ones; else rows are shuffled. Classes are spread evenly where that is
    possible.

    Raises
    ------
    BadInput
        If there are fewer groups than folds.
    """
    from sklearn import model_selection

    if problem.time_column is not None:
        return model_selection.TimeSeriesSplit(n_splits)
    shuffled: dict[str, Any] = {"n_splits": n_splits, "shuffle": True, "random_state": seed}
    is_classification = problem.task == "classification"
    if problem.groups is not None:
        n_groups = len(set(problem.groups.tolist()))
        if n_groups < n_splits:
            raise BadInput(
                f"--groups {problem.group_column!r} has {n_groups} groups, too few for {n_splits} folds: ask for fewer "
                f"folds"
            )
        return (model_selection.StratifiedGroupKFold if is_classification else model_selection.GroupKFold)(**shuffled)
    return (model_selection.StratifiedKFold if is_classification else model_selection.KFold)(**shuffled)
