"""Scores of several seeds in the same splits, and what their variance comes from."""

from typing import Any

import pandas as pd

from sknet_hp.evaluation.seeds.result import SeedsResult
from sknet_hp.evaluation.seeds.variance import decompose_variance

PARTS = {
    "split": "splits",
    "seed": "seeds, alike in all splits",
    "seed_in_split": "seeds, split by split",
}
"""The parts of the variance of a single fit's score, and what they are called."""


def make_seeds_frame(result: Any, metric: str | None = None) -> pd.DataFrame:
    """Return a row for each seed and split.

    Parameters
    ----------
    result : SeedsResult
    metric : str, default=None
        By which; None is the first of the result.

    Returns
    -------
    frame : DataFrame
        `seed`, `repeat`, `fold`, `score`, and `mean`, the mean of the seed over all
        splits.

    Raises
    ------
    TypeError
        If it is no result of `repeat_over_seeds`.
    ValueError
        If the metric was not computed.
    """
    if not isinstance(result, SeedsResult):
        raise TypeError(f"the result of sknet_hp.evaluation.repeat_over_seeds is needed, got {type(result).__name__}")
    scores = result.get_scores(metric)
    frame = result.table[["seed", "repeat", "fold"]].copy()
    return frame.assign(score=scores.ravel(), mean=scores.mean(axis=1).repeat(scores.shape[1]))


def make_variance_frame(result: Any, metric: str | None = None) -> pd.DataFrame:
    """Return the parts of the variance of a single fit's score.

    Parameters
    ----------
    result : SeedsResult
    metric : str, default=None
        By which; None is the first of the result.

    Returns
    -------
    frame : DataFrame
        `part`, in words; `variance`; `sd`, its square root; `share`, from 0 to 1. No
        rows with a single split, or where nothing varies.
    """
    scores = result.get_scores(metric)
    columns = ["part", "variance", "sd", "share"]
    if scores.shape[1] < 2:
        return pd.DataFrame(columns=columns)
    parts = decompose_variance(scores)
    if not parts.total:
        return pd.DataFrame(columns=columns)
    variances = {words: getattr(parts, name) for name, words in PARTS.items()}
    rows = [(part, variance, variance**0.5, variance / parts.total) for part, variance in variances.items()]
    return pd.DataFrame(rows, columns=columns)


def find_extremes(frame: pd.DataFrame) -> dict[str, int]:
    """Return the seeds with the best and the worst mean; none where all are equal.

    Parameters
    ----------
    frame : of `make_seeds_frame`.
    """
    means = frame.groupby("seed")["mean"].first()
    return {"best": int(means.idxmax()), "worst": int(means.idxmin())} if means.max() > means.min() else {}
