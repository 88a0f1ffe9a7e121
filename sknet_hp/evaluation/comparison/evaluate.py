"""Contestants that are estimators, evaluated on the same splits."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from sknet_hp.evaluation.comparison.scored import Scored
from sknet_hp.evaluation.running.data import Split
from sknet_hp.evaluation.running.outcome import Outcome, list_metrics
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


def read_outcomes(outcomes: Mapping[str, list[Outcome | None]], splits: Sequence[Split]) -> list[Scored]:
    """Return the scores of estimators that were evaluated.

    Raises
    ------
    ValueError
        If one of them was scored in fewer than two splits.
    """
    pairs = [(split.train, split.test) for split in splits]
    train, test = (np.array([len(rows) for rows in part]) for part in zip(*pairs, strict=True))
    n_repeats = 1 + max(split.repeat for split in splits)
    scored = []
    for name, own in outcomes.items():
        done = [each for each in own if each is not None]
        _check_done(name, done, len(own))
        scores = {
            metric: np.array([np.nan if each is None else each.get_score(metric) for each in own])
            for metric in list_metrics(done, done[0].scores)
        }
        scored.append(Scored(name, scores, train, test, pairs, n_repeats))
    return scored


def _check_done(name: str, done: Sequence[Outcome], n_splits: int) -> None:
    errors = [each.error for each in done if each.error]
    n_scored = len(done) - len(errors)
    if n_scored < 2:
        reason = "the time was used up" if len(done) < n_splits else "give more folds or repeats"
        reason = f"{len(errors)} fits failed, the first one with\n{errors[0]}" if errors else reason
        raise ValueError(
            f"{name!r} was scored in {n_scored} of {n_splits} splits, and a comparison needs two or more: {reason}"
        )
