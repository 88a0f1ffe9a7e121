"""What a search has finished, step by step."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.search.views.facts import (
    find_failed,
    get_column,
    get_mean_scores,
    get_scores,
    list_candidates,
    list_rows_by_candidate,
)

if TYPE_CHECKING:
    import pandas as pd

_OF_SOME = ("member", "stage")
"""Columns that the results of some searches have."""


def make_history(search: Any) -> "pd.DataFrame":
    """Return a row for each candidate in each rung, in the order of `cv_results_`.

    Parameters
    ----------
    search : fitted search, or the record of one.
    """
    import pandas as pd

    means, scores, results = get_mean_scores(search), get_scores(search), search.cv_results_
    failed, reached = find_failed(search), get_column(search, "n_resources")
    whole = {name: get_column(search, name) for name in ("candidate", "bracket", "iter", "n_resources")}
    columns: dict[str, Any] = whole | {"parent": get_column(search, "parent", -1)}
    columns |= {name: results[name] for name in _OF_SOME if name in results}
    columns |= {
        "mean_score": means,
        "std_score": scores.std(axis=1),
        "best_score": list_best_scores(means, reached),
        "fit_seconds": np.nan_to_num(np.asarray(results["mean_fit_time"], dtype=float)) * search.n_splits_,
        "went_on": find_going_on(search),
        "failed": failed,
    }
    params = list_candidates(search)
    names = dict.fromkeys(name for each in params.values() for name in each)
    columns |= {f"param_{name}": [params[k].get(name) for k in columns["candidate"]] for name in names}
    return pd.DataFrame(columns)


def find_going_on(search: Any) -> np.ndarray:
    """Return of each row whether its candidate was trained further afterwards."""
    goes_on = np.zeros(len(search.cv_results_["params"]), dtype=bool)
    for rows in list_rows_by_candidate(search).values():
        goes_on[rows[:-1]] = True
    return goes_on


def list_best_scores(means: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Return after each row the best mean score so far.

    As `best_score_` is, it is that of candidates with the most resources so far.

    Parameters
    ----------
    means : ndarray of shape (n_rows,)
        NaN where a fit failed.
    reached : ndarray of shape (n_rows,)
        Resources.
    """
    best, most, found = np.nan, -1, np.empty(len(means))
    for k, (score, resources) in enumerate(zip(means, reached, strict=True)):
        if resources > most and not np.isnan(score):
            best, most = score, resources
        elif resources == most:
            best = np.fmax(best, score)
        found[k] = best
    return found
