"""Rows of a search as scikit-learn's `cv_results_` has them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.stats import rankdata

from sknet_hp.search.candidates import SIZES, Outcome, Row
from sknet_hp.search.running.selection import average_sizes


def list_outcomes(rows: list[Row]) -> list[Outcome]:
    """Return the outcomes of all fits, with what scikit-learn makes columns of."""
    return [
        {name: value for name, value in outcome.items() if name not in (*SIZES, "curve")}
        for row in rows
        for outcome in row.outcomes
    ]


def list_columns(rows: list[Row]) -> dict[str, list[Any]]:
    """Return the columns that `cv_results_` has beside those of scikit-learn."""
    return {
        "candidate": [row.candidate.number for row in rows],
        "bracket": [row.candidate.bracket for row in rows],
        "iter": [row.iteration for row in rows],
        "n_resources": [row.n_resources for row in rows],
        **average_sizes([row.outcomes for row in rows]),
    }


def rank_failed_last(results: dict[str, Any], failed: np.ndarray) -> None:
    """Give failed rows the last ranks, in place, whatever number `error_score` is.

    Ranks then agree with what the search goes by.
    """
    for name in [name for name in results if failed.any() and name.startswith("rank_test_")]:
        scores = np.where(failed, np.nan, results[name.replace("rank", "mean", 1)])
        ranks = rankdata(-np.where(np.isnan(scores), -np.inf, scores), method="min")
        results[name] = ranks.astype(results[name].dtype)


@contextmanager
def silence_non_finite() -> Iterator[None]:
    """Silence what scikit-learn says of scores that are NaN, as findings say more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One or more of the .* scores are non-finite", category=UserWarning)
        yield
