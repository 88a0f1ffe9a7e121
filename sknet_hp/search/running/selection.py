"""Which row of `cv_results_` is the best."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer, _PassthroughScorer

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.candidates import SIZES

RULES = ("one_standard_error", "ensemble")
"""Names that `refit` knows beside those of scorers."""


def name_deciding_score(scorers: Any, refit: Any) -> str:
    """Return the name of the score that a search goes by.

    It is the one that `refit` names, the first where it names none. A rule that is
    misspelt is refused.
    """
    near = get_close_matches(refit, RULES, cutoff=0.8) if isinstance(refit, str) and refit not in RULES else []
    # Any other name may be that of the one score, as in scikit-learn.
    if near and not isinstance(scorers, _MultimetricScorer):
        raise ValueError(f"refit={refit!r} is not a known choice; did you mean {near[0]!r}?")
    if not isinstance(scorers, (_MultimetricScorer, _BaseScorer)) and isinstance(refit, str) and refit not in RULES:
        return refit  # a function that may give several scores; nobody knows before it is called
    if not isinstance(scorers, _MultimetricScorer):
        return "score"
    return refit if isinstance(refit, str) and refit in scorers._scorers else next(iter(scorers._scorers))


def list_scorers(scorers: Any) -> list[Any]:
    """Return the single scorers of what may be several."""
    return list(scorers._scorers.values()) if isinstance(scorers, _MultimetricScorer) else [scorers]


def name_scorers(scorers: Any, scoring: Any) -> dict[str, Any]:
    """Return scorers by their names; `scoring` is that of the search."""
    if isinstance(scorers, _MultimetricScorer):
        return dict(scorers._scorers)
    return {scoring if isinstance(scoring, str) else "score": scorers}


def is_function_of_predictions(scorers: Any) -> bool:
    """Return whether scores depend on predictions and targets only.

    Those of scikit-learn's own scorers do; others may look at X and at the estimator.
    """
    return all(isinstance(scorer, (_BaseScorer, _PassthroughScorer)) for scorer in list_scorers(scorers))


def find_best_index(
    results: dict[str, Any], refit: bool | str | Callable[..., Any], metric: str, failed: np.ndarray | None = None
) -> int:
    """Return the row of the best candidate among those at the most resources.

    NaN never wins, nor does a row that has `failed`; of equals the first is taken.
    """
    if callable(refit):
        chosen = refit(results)
        if not isinstance(chosen, (int, np.integer)):
            raise TypeError(f"best_index_ returned is not an integer, but refit={refit!r} gave {chosen!r}")
        if not 0 <= chosen < len(results["params"]):
            raise IndexError(f"best_index_ index out of range: refit gave {chosen} of {len(results['params'])} rows")
        return int(chosen)
    scores, reached = np.asarray(results[f"mean_test_{metric}"], dtype=float), np.asarray(results["n_resources"])
    scored = ~np.isnan(scores) if failed is None else ~np.isnan(scores) & ~failed
    eligible = scored & (reached == reached.max())
    if not eligible.any():  # of those that got there none has a score
        eligible = scored
    if not eligible.any():
        return 0
    best = int(np.flatnonzero(eligible)[np.argmax(scores[eligible])])
    return (
        _find_simplest_near(results, np.where(eligible, scores, np.nan), best, metric)
        if refit == "one_standard_error"
        else best
    )


def _find_simplest_near(results: dict[str, Any], scores: np.ndarray, best: int, metric: str) -> int:
    """Return the simplest row within one standard error of the best.

    See Breiman et al. (1984). It has the fewest weights, and of equals was trained for
    the fewest epochs; where nobody knows the weights it is the one that was fitted
    fastest.
    """
    n_splits = sum(name.startswith("split") and name.endswith(f"_test_{metric}") for name in results)
    error = float(results[f"std_test_{metric}"][best]) / max(1, n_splits - 1) ** 0.5
    near = np.flatnonzero((scores >= scores[best] - error) | (np.arange(len(scores)) == best))
    costs = [results[f"mean_{name}"] for name in SIZES if f"mean_{name}" in results]
    if not costs or np.isnan([cost[row] for cost in costs for row in near]).any():
        costs = [results["mean_fit_time"]]
    return int(min(near, key=lambda row: (*(cost[row] for cost in costs), -scores[row], row)))


def measure_sizes(estimator: Any) -> dict[str, int]:
    """Return the `SIZES` of a fitted network.

    Nothing is known of an estimator that does not show its weights as an array
    `parameters_`.
    """
    _, network = find_last_step(estimator)
    if not isinstance(getattr(network, "parameters_", None), np.ndarray) or not hasattr(network, "n_iter_"):
        return {}
    return dict(zip(SIZES, (network.parameters_.size, network.n_iter_), strict=True))


def average_sizes(rows: list[list[dict[str, Any]]]) -> dict[str, list[float]]:
    """Return columns of `cv_results_`: the mean `SIZES` over the splits of each row.

    They are NaN where a fit failed; there are none if no size is known.
    """
    known = any(SIZES[0] in outcome for row in rows for outcome in row)
    return {
        f"mean_{name}": [float(np.mean([outcome.get(name, np.nan) for outcome in row])) for row in rows]
        for name in SIZES
        if known
    }
