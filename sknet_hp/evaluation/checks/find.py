"""All checks of an evaluation's outcome at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sknet_hp.evaluation.checks.case import EvaluationCase, Scorer, Splits
from sknet_hp.evaluation.checks.choices import find_unstable_choice
from sknet_hp.evaluation.checks.labels import find_label_noise
from sknet_hp.evaluation.checks.scores import find_chance, find_outlier_folds, find_tuning_optimism
from sknet_hp.findings.check import register, run_checks
from sknet_hp.findings.finding import Findings

EVALUATION_CHECKS = register(
    find_chance,
    find_tuning_optimism,
    find_outlier_folds,
    find_label_noise,
    find_unstable_choice,
)
"""What an evaluation's outcome can say against itself, by code."""


def find_in_evaluation(
    y: Any,
    splits: Splits,
    scores: Mapping[str, np.ndarray],
    *,
    metric: str | None = None,
    inner_scores: np.ndarray | None = None,
    params: Sequence[Mapping[str, Any]] | None = None,
    probabilities: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    scorers: Mapping[str, Scorer] | None = None,
    skip: Collection[str] = (),
) -> Findings:
    """Return what is found in the outcome of an evaluation.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
    splits : list of (train, test), arrays of row numbers, repeats one after the other
    scores : dict of arrays of shape (n_splits,), by metric
        As scikit-learn's scorers give them, the greater the better; NaN where a split
        is not finished.
    metric : str, default=None
        The main one; None means the first.
    inner_scores : array of shape (n_splits,), default=None
        Scores of the main metric that searches inside the splits report of their best.
    params : list of dict, default=None
        What was chosen in each split.
    probabilities : array of shape (n_rows, n_classes), default=None
        Out of fold, of one repeat or their mean; NaN in rows that have none.
    classes : array of shape (n_classes,), default=None
        The labels of a classification, in the order of the columns of `probabilities`.
    scorers : dict of callables, default=None
        By metric, as scikit-learn makes them: constant predictions are scored by them.
    skip : codes of `EVALUATION_CHECKS` that are not looked for.
    """
    if set(skip) >= set(EVALUATION_CHECKS) or not scores:
        return Findings()
    case = EvaluationCase(
        y=np.asarray(y),
        splits=[(np.asarray(train), np.asarray(test)) for train, test in splits],
        scores={name: np.asarray(values, dtype=float) for name, values in scores.items()},
        metric=next(iter(scores)) if metric is None else metric,
        inner_scores=None if inner_scores is None else np.asarray(inner_scores, dtype=float),
        params=params,
        probabilities=None if probabilities is None else np.asarray(probabilities, dtype=float),
        classes=None if classes is None else np.asarray(classes),
        scorers=dict(scorers or {}),
    )
    return run_checks(EVALUATION_CHECKS, case, skip)
