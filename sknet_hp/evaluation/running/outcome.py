"""What came of one estimator in one outer split."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknet_hp.findings.finding import Finding


@dataclass
class Outcome:
    """What came of one estimator in one outer split.

    Attributes
    ----------
    scores : by metric; NaN if the fit or the metric failed.
    n_train, n_test : numbers of rows.
    fit_time, score_time : seconds of this task, in whatever company it was.
    error : the traceback of a fit that failed, or None.
    model : what predicts: the estimator that was fitted; in place of a search, the one
        that it has chosen and fitted on all outer training rows.
    predictions : labels or numbers of the test rows; None without `predict`.
    probabilities : of shape (test rows, classes), or None.
    classes : of the columns of `probabilities`.
    inner_score : `best_score_` of a search, else None.
    params : `best_params_` of a search, else empty.
    curves : learning curves as columns; empty where none are known.
    stopped : what ended a search before its time, or None.
    findings : what a search has found in itself.
    """

    scores: dict[str, float]
    n_train: int
    n_test: int
    fit_time: float = np.nan
    score_time: float = np.nan
    error: str | None = None
    model: Any = None
    predictions: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    classes: np.ndarray | None = None
    inner_score: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    stopped: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def get_score(self, metric: str) -> float:
        """Return the score by a metric; NaN if there is none."""
        return self.scores.get(metric, np.nan)


def list_metrics(outcomes: Iterable[Outcome | None], asked: Iterable[str]) -> list[str]:
    """Return the names of all metrics.

    Parameters
    ----------
    outcomes : of which one has been scored, if possible: a function may return several
        scores, and only then it is known which.
    asked : names of the scorers.
    """
    return list(next((each.scores for each in outcomes if each is not None and each.error is None), asked))
