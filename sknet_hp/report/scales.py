"""Scales of axes: where scores are cut off, and which ticks parameters have."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_number
from sknet_hp.report.colours import FAINT
from sknet_hp.report.labels import escape_formulas
from sknet_hp.report.parameters import MOST_LETTERS, ParameterAxis

REACH = 2.5
"""Scores that lie further below the median than so many times the way from there to the
best press the rest flat.
"""
MOST_CUT = 0.1
"""Of the scores, so many at most are cut off."""
MOST_CHOICES = 12
"""Of an axis, that have room for their names; of more some are named."""
MOST_ALONG = 16
"""Of all categories along an axis that have room beside each other."""
MOST_NAMED = 10
"""Categories that have room for their names; of more some are named."""
NARROW, WIDE, FAR = 5, 50, 1e6
"""From the beginning of a logarithmic axis to its end. On narrow ones, ticks are evenly
spaced; on wide ones, they are powers of ten; on those that reach far, they are few.
"""
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


def set_scale(panel: Any, direction: str, axis: ParameterAxis, *, labelled: bool = True) -> None:
    """Set the scale and ticks of one direction of a panel, and its name.

    Parameters
    ----------
    panel : matplotlib Axes
    direction : {"x", "y"}
    axis : of the hyperparameter that is drawn along it.
    labelled : whether its name is written.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    drawn = panel.xaxis if direction == "x" else panel.yaxis
    drawn.set_label_text(axis.label if labelled else "")
    if axis.kind == "log":
        getattr(panel, f"set_{direction}scale")("log")
        ends = drawn.get_view_interval()
        is_wide = ends[1] >= WIDE * ends[0]
        n_ticks = 6 if ends[1] < FAR * ends[0] else 3
        is_narrow = ends[1] < NARROW * ends[0]
        drawn.set_major_locator(
            MaxNLocator(3) if is_narrow else LogLocator(subs=(1,) if is_wide else (1, 2, 5), numticks=n_ticks)
        )
        drawn.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        drawn.set_minor_formatter(NullFormatter())
    if axis.kind != "choice":
        panel.grid(visible=True, axis=direction, color=FAINT, linewidth=0.5, alpha=0.4)
        return
    n = len(axis.choices)
    step = -(-n // MOST_NAMED)
    named = [escape_formulas(choice) for choice in axis.choices[::step]]
    drawn.set_ticks(range(0, n, step), named)
    getattr(panel, f"set_{direction}lim")(-0.6, n - 0.4)
    if direction == "x" and sum(map(len, named)) > MOST_ALONG:
        for text in panel.get_xticklabels():
            text.set(rotation=30, ha="right", rotation_mode="anchor")


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
