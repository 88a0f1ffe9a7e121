"""Scores of outer folds, inner beside outer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.predictions import check_evaluation


def make_nested_scores_frame(
    evaluation: Any,
    metric: str | None = None,
    baselines: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> pd.DataFrame:
    """Return the scores of each outer fold, of the search and of what stands beside it.

    Parameters
    ----------
    evaluation : NestedResult
    metric : str, default=None
        By which; None is the first of the evaluation.
    baselines : dict of NestedResult, default=None
        Evaluations of other models by name.
    name : str, default=None
        What the evaluated model is called; None is "search", or "estimator" where there
        was none.

    Returns
    -------
    frame : DataFrame
        A row for each model and outer fold, baselines last: `model`, `repeat`, `fold`,
        `outer`, and `inner`, the score that the search gave its own choice; NaN where
        there is none, or if it is by another metric. `mean`, `low` and `high` are the
        mean of the model's outer scores and its 95 % interval by the corrected t, the
        same in all rows of a model.

    Raises
    ------
    TypeError
        If something is no evaluation.
    ValueError
        If the metric was not computed, or no fold has a score.
    """
    for each in (evaluation, *(baselines or {}).values()):
        check_evaluation(each)
    metric = evaluation.metrics[0] if metric is None else metric
    own_name = name or ("estimator" if evaluation.inner_metric is None else "search")
    parts = [_make_part(own_name, evaluation, metric)]
    for baseline, each in (baselines or {}).items():
        if metric not in each.metrics:
            raise ValueError(
                f"the baseline {baseline!r} was scored by {each.metrics}, not by {metric!r}; evaluate it with "
                f"scoring={metric!r} as well"
            )
        parts.append(_make_part(baseline, each, metric))
    if own_name in (baselines or {}):
        raise ValueError(f"a baseline has the name of the evaluated model, {own_name!r}; give another name=")
    if not np.isfinite(parts[0]["outer"]).any():
        raise ValueError(f"no outer fold has a {metric}: {evaluation.statuses}. `errors` has the tracebacks of fits")
    return pd.concat(parts, ignore_index=True)


def _make_part(model: str, evaluation: Any, metric: str) -> pd.DataFrame:
    outer = evaluation.get_scores(metric)
    inner = evaluation.inner_scores if evaluation.inner_metric == metric else np.full(len(outer), np.nan)
    low, high = evaluation.interval(metric=metric)
    known = outer[np.isfinite(outer)]
    return pd.DataFrame(
        {
            "model": model,
            "repeat": [split.repeat for split in evaluation.splits],
            "fold": [split.fold for split in evaluation.splits],
            "outer": outer,
            "inner": inner,
            "mean": known.mean() if len(known) else np.nan,
            "low": low,
            "high": high,
        }
    )
