"""Nested cross-validation."""

import os
import time
from collections.abc import Collection
from typing import Any

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.running.data import Task, read_data
from sknet_hp.evaluation.running.run import run_tasks
from sknet_hp.evaluation.running.scorers import find_scorers


def nested_cross_validate(
    search: Any,
    X: TableLike,
    y: ArrayLike = None,
    *,
    cv: Any = 5,
    scoring: Any = None,
    groups: ArrayLike = None,
    sample_weight: ArrayLike = None,
    n_repeats: int = 1,
    random_state: Any = None,
    journal: str | os.PathLike[str] | None = None,
    time_budget: float | None = None,
    n_jobs: int | None = None,
    checks: bool | Collection[str] = True,
    verbose: int = 0,
) -> NestedResult:
    """Score a search on rows that it has not seen."""
    start = time.monotonic()
    data = read_data(X, y, groups, sample_weight)
    check_search(search)
    splits = make_outer_splits(cv, data, search, n_repeats=n_repeats, random_state=random_state)
    scorers = find_scorers(search, scoring)
    prepared = prepare_estimator(search, data, splits, cv=cv, random_state=random_state)
    deadline = None if time_budget is None else start + time_budget
    outcomes = run_tasks(
        [Task("search", prepared, split) for split in splits], data, scorers, n_jobs=n_jobs, deadline=deadline
    )
    _, last = find_last_step(search)
    is_search = hasattr(last, "estimator") and hasattr(last, "cv")
    inner_metric = next(iter(find_scorers(search))) if is_search else None
    return NestedResult(type(search).__name__, data, splits, outcomes, list(scorers), inner_metric)


def check_search(search: Any) -> None:
    """Refuse a search that has nothing to score in the end."""
    _, last = find_last_step(search)
    if not hasattr(search, "fit"):
        raise TypeError(f"search must be a search or another estimator, got {search!r}")
    if getattr(last, "refit", True) is False:
        raise ValueError(
            f"{type(last).__name__}(refit=False) leaves no model that could be scored on the outer test rows; set "
            f"refit=True"
        )
