"""When a search ends before its time because it has what was asked for, or no gain."""

from collections.abc import Sequence

import numpy as np

from sknet_hp.search.candidates import Row


class Ending:
    """Judges what was trained, step by step; the same steps are judged the same.

    Parameters
    ----------
    target_score : that is good enough for the best candidate, or None.
    patience : so many candidates, or rungs, without a better one than before end the
        search; None lets it go on.
    metric : the name of the score that the search goes by.
    of_rungs : whether `patience` is counted in rungs, each against those before it, or
        in candidates that have reached `most` resources.
    most : resources that a candidate can reach.

    Attributes
    ----------
    reason : "target_score", "patience", or None as long as the search should go on.
    """

    def __init__(self, target_score: float | None, patience: int | None, metric: str, *, of_rungs: bool, most: int):
        self.target_score, self.patience, self.metric = target_score, patience, metric
        self.of_rungs, self.most = of_rungs, most
        self.reason: str | None = None
        self._reached, self._best, self._waited = 0, -np.inf, 0

    def judge(self, rows: Sequence[Row]) -> None:
        """Take in what was trained together."""
        if not rows:  # time was up before any was scored
            return
        scores = [-np.inf if np.isnan(score := row.score(self.metric)) else score for row in rows]
        self._reached = max([self._reached, *(row.n_resources for row in rows)])
        # The best candidate is one of those with the most resources so far.
        eligible = [score for row, score in zip(rows, scores, strict=True) if row.n_resources == self._reached]
        if self.of_rungs:
            self._wait_for(max(scores))
        else:
            for row, score in zip(rows, scores, strict=True):
                if row.n_resources == self.most:
                    self._wait_for(score)
        if self.target_score is not None and max(eligible, default=-np.inf) >= self.target_score:
            self.reason = "target_score"
        elif self.patience is not None and self._waited >= self.patience:
            self.reason = self.reason or "patience"

    def _wait_for(self, score: float) -> None:
        """Count how many came after the best."""
        self._best, self._waited = (score, 0) if score > self._best else (self._best, self._waited + 1)
