"""What all charts share: one style, colours of the page, data without waste.

Colours are variables of the page's style sheet, so that one chart serves light and dark
ground and paper.
"""

from collections.abc import Iterable, Mapping
from math import ceil, floor, log10
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.search.views.metric import Metric
from sknet_hp.system.extras import require_extra

INK, QUIET, LINE, PAPER, FAINT, BEST = (f"var(--{name})" for name in ("ink", "quiet", "line", "paper", "faint", "best"))
SERIES = tuple(f"var(--series-{k})" for k in range(1, 7))
RANKS = tuple(f"var(--rank-{k})" for k in range(1, 6))
"""From the faintest, for what is ordered: the higher, the further from the ground."""

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
DIGITS = 5
"""Of numbers in the data of charts."""

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET,
        "titleColor": QUIET,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
        "tickCount": 6,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False, "title": None, "labelPadding": 6},
    "title": {"color": QUIET, "fontSize": 12, "fontWeight": 500},
    "legend": {
        "labelColor": INK,
        "titleColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "orient": "top",
        "symbolStrokeWidth": 2,
        "columns": 3,
    },
    "aria": False,
    "locale": {"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": " %"}},
}


def import_altair() -> Any:
    """Return the module altair.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    with require_extra("report", "a report", "altair"):
        import altair
    return altair


def make_data(rows: "pd.DataFrame | Iterable[Mapping[str, Any]]") -> Any:
    """Return rows as data of altair: plain values, numbers cut to five digits.

    What is not finite is null, which charts leave out.
    """
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    return import_altair().Data(values=[{str(key): make_plain(value) for key, value in row.items()} for row in records])


def make_plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return None if value is None else str(value)


def make_score_scale(metric: Metric, **settings: Any) -> Any:
    """Return the scale of an axis of scores as people read them.

    Better is up, or to the right: scales of errors run the other way. Captions say so.

    Parameters
    ----------
    metric : of the scores.
    settings : of altair's scale.
    """
    return import_altair().Scale(zero=False, reverse=metric.is_error, **settings)


def list_log_ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten between two positive numbers; 2 and 5 as well if few."""
    powers = [10.0**k for k in range(floor(log10(low)), ceil(log10(high)) + 1)]
    within = [[a * b for a in powers for b in steps] for steps in ((1,), (1, 2, 5), range(1, 10))]
    found = [[tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)] for ticks in within]
    return next((ticks for ticks in found if len(ticks) > 1), [])


def finish(chart: Any, height: int = 260, *, top: str = "") -> dict[str, Any]:
    """Return the specification of a chart that is as wide as its place.

    Parameters
    ----------
    chart : of altair, a single view or layers.
    height : in pixels.
    top : what the vertical axis shows; it stands above it, where it can be read.
    """
    # Checking each value against the schema takes seconds; tests do it.
    spec: dict[str, Any] = chart.properties(width="container", height=height).to_dict(validate=False)
    spec.pop("$schema")
    _share_data(spec)
    spec["config"] = CONFIG
    if top:
        spec["title"] = {"text": top, "anchor": "start", "frame": "bounds", "offset": 10, "dx": 0}
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def _share_data(spec: dict[str, Any]) -> None:
    """Keep data that several layers have once, by name, in place."""
    datasets: dict[str, Any] = {}
    for part in [spec, *spec.get("layer", [])]:
        if "data" in part:
            values = part["data"]["values"]
            name = next((name for name, known in datasets.items() if known == values), f"d{len(datasets)}")
            datasets[name], part["data"] = values, {"name": name}
    spec["datasets"] = datasets


def make_rank_colour() -> Any:
    """Return the colour of what `group_ranks` has grouped, in a column "group"."""
    alt = import_altair()
    scale = alt.Scale(domain=list(range(1, len(RANKS) + 1)), range=list(RANKS))
    return alt.Color("group:O", scale=scale, legend=None)


def group_ranks(values: np.ndarray) -> np.ndarray:
    """Return of each value the number of its group, from 1, groups of equal size.

    What is not finite is in the lowest.
    """
    filled = np.where(np.isfinite(values), values, -np.inf)
    below = np.array([(filled < value).sum() for value in filled])
    return 1 + np.minimum(len(RANKS) - 1, len(RANKS) * below // max(1, len(values)))
