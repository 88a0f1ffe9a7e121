"""What checks of an evaluation's outcome look at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from sknet_hp.evaluation.statistics import CorrectedT, fit_corrected_t

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
Scorer = Callable[..., float]

MOST_CLASSES = 10
"""Constant predictions are tried of as many classes, the most frequent ones."""


@dataclass(frozen=True)
class EvaluationCase:
    """The outcome of an evaluation over several splits.

    Attributes
    ----------
    y : array of shape (n_rows,) or (n_rows, n_outputs)
    splits : list of (train, test), arrays of row numbers, repeats one after the other
    scores : dict of arrays of shape (n_splits,), by metric
        Greater is better; NaN where a split has none.
    metric : the main one.
    inner_scores : array of shape (n_splits,), or None
        Of the main metric, as the searches inside the splits report it.
    params : list of dict, or None
        What was chosen in each split that is finished; empty where the estimator was
        kept as it was.
    probabilities : array of shape (n_rows, n_classes), or None
        Out of fold; NaN in rows that have none.
    classes : array of shape (n_classes,), or None
        The columns of `probabilities`.
    scorers : dict of callables, by metric
        scikit-learn's, to score constant predictions with.
    """

    y: np.ndarray
    splits: Splits
    scores: Mapping[str, np.ndarray]
    metric: str
    inner_scores: np.ndarray | None = None
    params: Sequence[Mapping[str, Any]] | None = None
    probabilities: np.ndarray | None = None
    classes: np.ndarray | None = None
    scorers: Mapping[str, Scorer] = field(default_factory=dict)

    @cached_property
    def constant_scores(self) -> dict[str, np.ndarray]:
        """Scores of the best constant prediction in each split, by metric."""
        tried = {metric: self._score_constants(scorer) for metric, scorer in self.scorers.items()}
        return {metric: scores for metric, scores in tried.items() if scores is not None}

    def _score_constants(self, scorer: Scorer) -> np.ndarray | None:
        if self.y.ndim != 1:
            return None
        best: np.ndarray | None = None
        for constant in self._make_constants():
            try:
                scores = np.array([self._score(scorer, constant, *split) for split in self.splits])
            except Exception:  # a scorer that asks for what a constant has not got
                continue
            if np.isfinite(scores).all() and (best is None or scores.mean() > best.mean()):
                best = scores
        return best

    def _make_constants(self) -> list[Any]:
        if self.classes is None:
            return [DummyRegressor(strategy="mean"), DummyRegressor(strategy="median")]
        labels, counts = np.unique(self.y, return_counts=True)
        frequent = labels[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
        constants = [DummyClassifier(strategy="constant", constant=label) for label in frequent]
        return [DummyClassifier(strategy="prior"), *constants]

    def _score(self, scorer: Scorer, constant: Any, train: np.ndarray, test: np.ndarray) -> float:
        nothing = np.zeros((len(self.y), 1))
        return float(scorer(constant.fit(nothing[train], self.y[train]), nothing[test], self.y[test]))

    def fit_t(self, values: np.ndarray) -> CorrectedT | None:
        """Return the corrected distribution of a mean over splits; None of too few."""
        known = np.flatnonzero(np.isfinite(values))
        if len(known) < 2:
            return None
        n_train, n_test = ([len(self.splits[number][part]) for number in known.tolist()] for part in (0, 1))
        return fit_corrected_t(values[known], n_train, n_test)
