"""Candidates of a search as trackers of experiments see them: one run each."""

from typing import Any, NamedTuple

import numpy as np

from sknet_hp.search.curves import MEASURES
from sknet_hp.search.spaces.values import Params
from sknet_hp.search.views.facts import (
    check_has_results,
    find_failed,
    get_column,
    get_mean_scores,
    get_scores,
    list_candidates,
    list_rows_by_candidate,
)

COMPLETE, DROPPED, FAILED, RUNNING = "complete", "dropped", "failed", "running"


class Trial(NamedTuple):
    """One candidate of a search.

    Attributes
    ----------
    number : of the candidate.
    params : its parameters.
    state : `COMPLETE`, `DROPPED` (on the way), `FAILED` or `RUNNING`.
    score : mean over the splits at what it has reached; NaN if it failed.
    by_rung : mean score by resources.
    curves : of each measure that is known the mean over the splits, by epoch.
    attributes : what else is known: `candidate`, `bracket`, `parent` (-1 if none),
        `n_resources`, `split_scores`, `fit_seconds` (all rungs and splits together),
        `best`.
    """

    number: int
    params: Params
    state: str
    score: float
    by_rung: dict[int, float]
    curves: dict[str, dict[int, float]]
    attributes: dict[str, Any]


def list_trials(search: Any) -> list[Trial]:
    """Return the candidates of a search, in the order of their numbers.

    Parameters
    ----------
    search : fitted search, or the record of one.
    """
    check_has_results(search)
    rows, failed, means, scores = (
        list_rows_by_candidate(search),
        find_failed(search),
        get_mean_scores(search),
        get_scores(search),
    )
    reached, params, curves = get_column(search, "n_resources"), list_candidates(search), _average_curves(search)
    most, running = getattr(search, "max_resources_", reached.max()), set(getattr(search, "running_", ()))
    seconds = np.nan_to_num(np.asarray(search.cv_results_["mean_fit_time"], dtype=float)) * scores.shape[1]
    return [
        Trial(
            number,
            params[number],
            FAILED
            if failed[own[-1]]
            else RUNNING
            if number in running
            else DROPPED
            if reached[own[-1]] < most
            else COMPLETE,
            float(means[own[-1]]),
            {int(reached[row]): float(means[row]) for row in own if not np.isnan(means[row])},
            curves.get(number, {}),
            _describe(search, number, int(own[-1]), scores[own[-1]], float(seconds[own].sum())),
        )
        for number, own in rows.items()
    ]


def name_searcher(search: Any) -> str:
    """Return the class of a search; of a record, that of the search it is of."""
    return str(getattr(search, "searcher", type(search).__name__))


def _describe(search: Any, number: int, row: int, scores: np.ndarray, seconds: float) -> dict[str, Any]:
    return {
        "candidate": number,
        "bracket": int(get_column(search, "bracket")[row]),
        "parent": int(get_column(search, "parent", -1)[row]),
        "n_resources": int(get_column(search, "n_resources")[row]),
        "split_scores": [None if np.isnan(score) else float(score) for score in scores],
        "fit_seconds": seconds,
        "best": bool(row == getattr(search, "best_index_", -1)),
    }


def _average_curves(search: Any) -> dict[int, dict[str, dict[int, float]]]:
    """Return the learning curves of each candidate, the mean over the splits."""
    if getattr(search, "curves_", None) is None:  # of scikit-learn
        return {}
    means = search.curves_.groupby(["candidate", "epoch"])[list(MEASURES)].mean()
    found: dict[int, dict[str, dict[int, float]]] = {}
    for measure in MEASURES:
        for (number, epoch), value in means[measure].dropna().items():
            found.setdefault(int(number), {}).setdefault(measure, {})[int(epoch)] = float(value)
    return found
