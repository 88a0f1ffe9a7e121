"""Contestants that are estimators, evaluated on the same splits."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from sknet_hp.evaluation.comparison.scored import Scored
from sknet_hp.evaluation.running.data import Data, Split, Task
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.evaluation.running.run import run_tasks
from sknet_hp.evaluation.running.scorers import find_scorers


def find_common_scorers(estimators: Mapping[str, Any], scoring: Any) -> dict[str, Any]:
    """Return the scorers by which all estimators are scored.

    Parameters
    ----------
    estimators : by name.
    scoring : as in scikit-learn; None is what their `score` computes, or accuracy or R²
        if that is known of some.

    Raises
    ------
    ValueError
        If their `score` methods compute different metrics.
    """
    if scoring is None:
        scoring = _choose_scoring(list(estimators.values()))
    found = {name: find_scorers(estimator, scoring) for name, estimator in estimators.items()}
    first, *others = found
    for other in others:
        if list(found[other]) != list(found[first]):
            raise ValueError(
                f"without scoring=, {first!r} is scored by {list(found[first])} and {other!r} by {list(found[other])}; "
                f'give scoring=, such as "accuracy" or "r2"'
            )
    return found[first]


def _choose_scoring(estimators: Sequence[Any]) -> str | None:
    """Return accuracy or R² where only some have a `score` of their own."""
    names = {name for each in estimators for name in find_scorers(each)}
    for kind, metric in ((is_classifier, "accuracy"), (is_regressor, "r2")):
        if names == {metric, "score"} and all(map(kind, estimators)):
            return metric
    return None


def score_estimators(
    estimators: Mapping[str, Any],
    data: Data,
    splits: Sequence[Split],
    scorers: Mapping[str, Any],
    *,
    n_jobs: int | None,
    time_budget: float | None,
    verbose: int,
) -> list[Scored]:
    """Return the scores of estimators, all of which train together.

    Split by split, so that what a time budget leaves unfinished is missing from all of
    them alike.

    Parameters
    ----------
    estimators : by name.
    data : all rows.
    splits : the same for all.
    scorers : by metric.
    n_jobs, time_budget, verbose : as `compare` has them.

    Raises
    ------
    ValueError
        If fits fail in all splits, or the time is up before two splits are scored.
    """
    tasks = [Task(name, estimator, split) for split in splits for name, estimator in estimators.items()]

    def report(task: Task, outcome: Outcome) -> None:
        if verbose:
            found = ", ".join(f"{metric} {score:.4f}" for metric, score in outcome.scores.items())
            print(f"{task.name}, {task.split.name}: {found}", flush=True)

    deadline = None if time_budget is None else time.monotonic() + time_budget
    outcomes = run_tasks(tasks, data, scorers, n_jobs=n_jobs, deadline=deadline, receive=report)
    pairs = [(split.train, split.test) for split in splits]
    scored = []
    for position, name in enumerate(estimators):
        own = outcomes[position :: len(estimators)]
        _check_outcomes(name, own, time_budget)
        scores = {
            metric: np.array([np.nan if each is None else each.scores[metric] for each in own]) for metric in scorers
        }
        train, test = (np.array([len(rows) for rows in part]) for part in zip(*pairs, strict=True))
        scored.append(Scored(name, scores, train, test, pairs, 1 + max(split.repeat for split in splits)))
    return scored


def _check_outcomes(name: str, outcomes: Sequence[Outcome | None], time_budget: float | None) -> None:
    done = [each for each in outcomes if each is not None]
    errors = [each.error for each in done if each.error]
    if errors and len(errors) == len(done):
        raise ValueError(f"{name!r} failed in all {len(done)} splits that were tried; the first error was\n{errors[0]}")
    if len(done) - len(errors) < 2:
        raise ValueError(
            f"{name!r} was scored in {len(done) - len(errors)} of {len(outcomes)} splits within "
            f"time_budget={time_budget!r} seconds; a comparison needs two or more. Give more time, or fewer rows"
            if time_budget is not None
            else f"{name!r} was scored in {len(done) - len(errors)} of {len(outcomes)} splits; the first error was\n"
            f"{errors[0] if errors else ''}"
        )
