"""Scales of axes: where scores are cut off, and which ticks parameters have."""

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_number
from sknet_hp.report.parameters import MOST_LETTERS, ParameterAxis

REACH = 2.5
"""Scores that lie further below the median than so many times the way from there to the
best press the rest flat.
"""
MOST_CUT = 0.1
"""Of the scores, so many at most are cut off."""
MOST_CHOICES = 12
"""Of an axis, that have room for their names; of more some are named."""
MOST_NUMBERED = 25
"""Splits that have room for their numbers; of more, the repeats are numbered."""


def find_floor(scores: pd.Series) -> float:
    """Return the lowest score that is drawn where it is.

    Raises
    ------
    ValueError
        If there is none at all.
    """
    known = scores.dropna()
    if known.empty:
        raise ValueError("there is nothing to draw: all candidates of this search failed")
    middle, best = known.median(), known.max()
    return float(max(known.min(), min(middle - REACH * (best - middle), known.quantile(MOST_CUT))))


def list_ticks(axis: ParameterAxis) -> list[tuple[float, str]]:
    """Return heights and labels of an axis: all choices, or a few round numbers."""
    from matplotlib.ticker import MaxNLocator

    if axis.kind == "choice":
        step = -(-len(axis.choices) // MOST_CHOICES)
        return list(zip(axis.place(axis.choices), axis.choices, strict=True))[::step]
    if axis.kind == "linear":
        numbers = list(MaxNLocator(5, integer=axis.integer).tick_values(axis.low, axis.high))
    else:
        decades = np.arange(np.floor(np.log10(axis.low)), np.ceil(np.log10(axis.high)) + 1)
        step = max(1, len(decades) // 5)
        parts = [1.0] if len(decades) > 3 else [1.0, 2.0, 5.0]
        numbers = [part * 10.0**decade for decade in decades[::step] for part in parts]
    inside = [number for number in numbers if axis.low * (1 - 1e-9) <= number <= axis.high * (1 + 1e-9)]
    numbers = inside if len(inside) > 1 else [axis.low, axis.high]
    return [(float(axis.place([float(number)])[0]), format_number(number)) for number in numbers]


def number_splits(splits: pd.DataFrame, at: np.ndarray) -> tuple[list[float], list[str]]:
    """Return where ticks of splits stand, and their labels: the numbers of tables.

    Parameters
    ----------
    splits : DataFrame
        Of `repeat` and `fold`, a row for each split.
    at : (n_splits,) where these stand.
    """
    if len(at) <= MOST_NUMBERED:
        return list(at), [str(fold) for fold in splits["fold"]]
    repeats = splits["repeat"].to_numpy()
    if not repeats.any():
        step = -(-len(at) // MOST_NUMBERED)
        return list(at[::step]), [str(fold) for fold in splits["fold"][::step]]
    numbers = np.unique(repeats)
    places = [float(at[repeats == number].mean()) for number in numbers]
    return places, [f"repeat {number}" if len(numbers) <= 5 else str(number) for number in numbers]


def wrap_name(name: str) -> str:
    """Return a name on two lines if it is long, broken at a word."""
    if len(name) <= MOST_LETTERS or "_" not in name:
        return name
    breaks = [k + 1 for k, letter in enumerate(name) if letter == "_"]
    middle = min(breaks, key=lambda k: abs(k - len(name) / 2))
    return f"{name[:middle]}\n{name[middle:]}"
