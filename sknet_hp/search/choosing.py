"""Which row of `cv_results_` is the best."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer

RULES = ("one_standard_error", "ensemble")
"""Names that `refit` knows beside those of scorers."""


def selection_metric(scorers: Any, refit: Any) -> str:
    """The score that a search goes by: the one that `refit` names; the first where it names none."""
    if not isinstance(scorers, (_MultimetricScorer, _BaseScorer)) and isinstance(refit, str) and refit not in RULES:
        return refit  # a function that may give several scores; nobody knows before it is called
    if not isinstance(scorers, _MultimetricScorer):
        return "score"
    return refit if isinstance(refit, str) and refit in scorers._scorers else next(iter(scorers._scorers))


def best_index(results: dict[str, Any], refit: bool | str | Callable[..., Any], metric: str) -> int:
    """The best among the candidates at the most resources; NaN never wins, and of equals the first is taken."""
    if callable(refit):
        chosen = refit(results)
        if not isinstance(chosen, (int, np.integer)):
            raise TypeError(f"best_index_ returned is not an integer, but refit={refit!r} gave {chosen!r}")
        if not 0 <= chosen < len(results["params"]):
            raise IndexError(f"best_index_ index out of range: refit gave {chosen} of {len(results['params'])} rows")
        return int(chosen)
    scores, reached = np.asarray(results[f"mean_test_{metric}"], dtype=float), np.asarray(results["n_resources"])
    scored = ~np.isnan(scores)
    eligible = scored & (reached == reached.max())
    if not eligible.any():  # of those that got there none has a score
        eligible = scored
    if not eligible.any():
        return 0
    best = int(np.flatnonzero(eligible)[np.argmax(scores[eligible])])
    return _cheapest_near(results, np.where(eligible, scores, np.nan), best, metric) if refit == "one_standard_error" else best


def _cheapest_near(results: dict[str, Any], scores: np.ndarray, best: int, metric: str) -> int:
    """The one that was fitted fastest among those within one standard error of the best (Breiman et al. 1984)."""
    n_splits = sum(name.startswith("split") and name.endswith(f"_test_{metric}") for name in results)
    error = float(results[f"std_test_{metric}"][best]) / max(1, n_splits - 1) ** 0.5
    near = np.flatnonzero((scores >= scores[best] - error) | (np.arange(len(scores)) == best))
    cost = results["mean_cost"] if "mean_cost" in results else results["mean_fit_time"]
    return int(min(near, key=lambda row: (cost[row], -scores[row], row)))
