"""What a comparison says of each pair."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sknet_hp.evaluation.comparison.result import Comparison

N_POINTS = 401
"""Of a density."""


def make_comparison_frame(comparison: Any, metric: str | None = None, reference: str | None = None) -> pd.DataFrame:
    """Return a row for each pair of a comparison, largest differences first.

    Parameters
    ----------
    comparison : Comparison
    metric : str, default=None
        By which; None is the first of the comparison.
    reference : str, default=None
        Only pairs with this contestant, as the second one of each.

    Returns
    -------
    frame : DataFrame
        `first`, `second`; `difference` of the mean scores, positive where the first is
        better, with the ends `low` and `high` of its interval; `scale`, its corrected
        standard error, and `degrees_of_freedom`; `rope`, half the region of practical
        equivalence; `p_first_better`, `p_equivalent`, `p_second_better`; `verdict`.

    Raises
    ------
    TypeError
        If it is no comparison.
    ValueError
        If the metric or the reference is not in the comparison.
    """
    if not isinstance(comparison, Comparison):
        raise TypeError(f"the result of sknet_hp.evaluation.compare is needed, got {type(comparison).__name__}")
    metric = comparison.metrics[0] if metric is None else metric
    if metric not in comparison.metrics:
        raise ValueError(f"metric={metric!r} is not in the comparison; there are {comparison.metrics}")
    names = [each.name for each in comparison.contestants]
    if reference is not None and reference not in names:
        raise ValueError(f"reference={reference!r} is not in the comparison; there are {names}")
    pairs = [pair for pair in comparison.pairs if pair.metric == metric]
    if reference is not None:
        pairs = [pair for pair in pairs if reference in (pair.first, pair.second)]
    rows = [_make_row(pair, comparison.confidence, pair.first == reference) for pair in pairs]
    return pd.DataFrame(rows).sort_values("difference", ascending=False, kind="stable", ignore_index=True)


def _make_row(pair: Any, confidence: float, is_turned: bool) -> dict[str, Any]:
    """Return the row of a pair; turned, it is seen from the second contestant."""
    low, high = pair.test.compute_interval(confidence)
    below, inside, above = pair.probabilities
    first, second, difference = pair.first, pair.second, pair.test.mean
    if is_turned:
        first, second, difference, low, high, below, above = second, first, -difference, -high, -low, above, below
    return {
        "first": first,
        "second": second,
        "difference": difference,
        "low": low,
        "high": high,
        "scale": pair.test.scale,
        "degrees_of_freedom": pair.test.degrees_of_freedom,
        "rope": pair.rope.half,
        "p_first_better": above,
        "p_equivalent": inside,
        "p_second_better": below,
        "verdict": pair.verdict,
    }


def make_posterior_frame(pair: Any) -> pd.DataFrame:
    """Return the posterior density of a pair's true difference.

    Parameters
    ----------
    pair : a row of `make_comparison_frame`.

    Returns
    -------
    frame : DataFrame
        `difference`, `density`, and `region`: "second better", "equivalent" or "first
        better". The ends of the region of practical equivalence are in both of its
        neighbours. It covers 99.8 % of the posterior, zero and the region.
    """
    posterior = stats.t(pair["degrees_of_freedom"], pair["difference"], pair["scale"])
    half = pair["rope"]
    low, high = min(posterior.ppf(0.001), -1.5 * half, 0), max(posterior.ppf(0.999), 1.5 * half, 0)
    parts = []
    for region, start, end in _list_regions(low, high, half):
        n = max(2, round(N_POINTS * (end - start) / (high - low)))
        at = np.linspace(start, end, n)
        parts.append(pd.DataFrame({"difference": at, "density": posterior.pdf(at), "region": region}))
    return pd.concat(parts, ignore_index=True)


def _list_regions(low: float, high: float, half: float) -> Sequence[tuple[str, float, float]]:
    regions = [("second better", low, -half), ("equivalent", -half, half), ("first better", half, high)]
    return [(region, start, end) for region, start, end in regions if end > start]
