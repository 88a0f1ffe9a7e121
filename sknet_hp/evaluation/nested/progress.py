"""What a nested cross-validation says while it runs."""

import sys
import time
from typing import Any, TextIO

from sklearn.model_selection import ParameterGrid

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.running.data import Task
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.formatting.numbers import format_score, format_seconds
from sknet_hp.formatting.values import format_params
from sknet_hp.search.views.metric import Metric


class Progress:
    """Writes what is to be done, and a line for each outer fold as it ends.

    Parameters
    ----------
    verbose : 0 is silent.
    n_folds : how many outer folds there are, over all repeats.
    stream : stderr by default.
    """

    def __init__(self, verbose: int, n_folds: int, stream: TextIO | None = None):
        self._is_silent, self._n_folds, self._n_done = not verbose, n_folds, 0
        self._stream, self._start = stream or sys.stderr, time.monotonic()

    def announce(self, search: Any) -> None:
        """Write what is to be done."""
        _, last = find_last_step(search)
        searches = f"{self._n_folds} outer folds, each with {type(last).__name__}"
        own = last.get_params(deep=False)
        n_candidates, n_inner = count_candidates(own), count_inner_folds(own)
        if n_candidates and n_inner:
            n_fits = self._n_folds * n_candidates * n_inner
            searches += f": {n_candidates} candidates in {n_inner} inner folds, at most {n_fits} fits in all, and a "
            searches += "refit each"
        self._write(searches)

    def count(self, task: Task, outcome: Outcome) -> None:
        """Write what came of an outer fold."""
        self._n_done += 1
        metrics = {Metric(name): score for name, score in outcome.scores.items()}
        scores = ", ".join(f"{metric.label} {metric.write(score)}" for metric, score in metrics.items())
        text = "failed" if outcome.error is not None else scores
        if outcome.inner_score is not None:
            text += f" (inner {format_score(outcome.inner_score)})"
        if outcome.params:
            text += f", {format_params(outcome.params)}"
        passed = time.monotonic() - self._start
        self._write(f"{task.split.name}: {text}; {self._n_done} of {self._n_folds} after {format_seconds(passed)}")

    def _write(self, text: str) -> None:
        if not self._is_silent:
            self._stream.write(f"{text}\n")
            self._stream.flush()


def count_candidates(own: dict[str, Any]) -> int | None:
    """Return how many candidates a search tries, or None if it does not say."""
    if "param_grid" in own:
        return len(ParameterGrid(own["param_grid"]))
    for name in ("n_iter", "n_candidates"):
        if isinstance(own.get(name), int):
            return int(own[name])
    return None


def count_inner_folds(own: dict[str, Any]) -> int | None:
    """Return the number of inner folds, or None if the parameters do not say."""
    if "cv" not in own:
        return None
    cv = own["cv"]
    if cv is None or isinstance(cv, int):
        return 5 if cv is None else cv
    n_splits = getattr(cv, "n_splits", None)
    return n_splits if isinstance(n_splits, int) else None
