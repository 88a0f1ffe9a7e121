"""A search over time: what each candidate scored, and the best so far."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.parameters import list_settings
from sknet_hp.report.searches import read_rows
from sknet_hp.search.spaces.values import are_equal
from sknet_hp.search.views.facts import get_own_values


def frame_history(search: Any) -> pd.DataFrame:
    """Return a row for each row of `cv_results_`, in the order in which they came.

    Returns
    -------
    frame : DataFrame
        `order` (from 1), `candidate`, `bracket`, `rung`, `resource`, `score`, `std`
        (over the splits), `failed`, `best` (the one that was chosen), `untuned` (the
        estimator as it is), `best_so_far`: the best score among those with the most of
        the resource by then, as scores of less do not compare; so it may fall when a
        search goes on to more.
    """
    rows = read_rows(search)
    rows.insert(0, "order", np.arange(1, len(rows) + 1))
    return rows.assign(untuned=_find_untuned(search), best_so_far=_follow_best(rows))


def _follow_best(rows: pd.DataFrame) -> np.ndarray:
    best, most, followed = np.nan, -np.inf, []
    for resource, score in zip(rows["resource"].fillna(0), rows["score"], strict=True):
        if np.isfinite(score):
            if resource > most:
                best, most = score, resource
            elif resource == most:
                best = max(best, score)
        followed.append(best)
    return np.array(followed)


def _find_untuned(search: Any) -> np.ndarray:
    """Return which rows have the parameters that the estimator had before."""
    own = get_own_values(search)
    return np.array(
        [
            all(name in own and are_equal(own[name], value) for name, value in params.items())
            for params in list_settings(search)
        ]
    )
