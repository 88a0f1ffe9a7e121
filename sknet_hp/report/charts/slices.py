"""Scores over each parameter by itself."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.values import format_value
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.charts.base import (
    BEST,
    PAPER,
    QUIET,
    RANKS,
    finish,
    group_ranks,
    import_altair,
    list_log_ticks,
    make_data,
    make_rank_colour,
    make_score_scale,
)
from sknet_hp.report.charts.picture import Picture, Pictures
from sknet_hp.report.frames.landscape import Landscape, rank_by_slices, read_landscape
from sknet_hp.report.parameters import ParameterAxis
from sknet_hp.report.searches import name_resource
from sknet_hp.search.views.metric import Metric

MOST = 9
LEAST = 4
"""Candidates with a score."""
SMALL = 1e-3
"""Numbers below that are written with an exponent."""
KINDS = ["below", "scored"]
"""Of points: whether a score is below the scale, or where it is drawn."""


def draw_slices(search: Any, metric: Metric) -> Pictures | None:
    """Return a small chart for each parameter; None if there are too few candidates."""
    try:
        landscape = read_landscape(search)
    except ValueError:
        return None
    if len(landscape.scored) < LEAST:
        return None
    names = rank_by_slices(landscape)
    unit = name_resource(search)
    pictures = [Picture(landscape.axes[name].label, _draw(landscape, name, metric, unit)) for name in names[:MOST]]
    caption = "Each point is a candidate; the ring is the chosen one. Better is up."
    if landscape.has_rungs:
        caption += f" The stronger a point, the more {unit} it had."
    if (landscape.scored["score"] < landscape.floor).any():
        caption += " Triangles at the bottom lie beyond the scale."
    caption += " Lines are smooth means, drawn where they predict something; the first parameters explain most."
    if len(names) > MOST:
        n = len(names) - MOST
        caption += f" {format_count(n, 'more parameter')} {'is' if n == 1 else 'are'} left out."
    return Pictures("Scores over each parameter", pictures, caption)


def _draw(landscape: Landscape, name: str, metric: Metric, unit: str) -> dict[str, Any]:
    alt = import_altair()
    scored, axis = landscape.scored, landscape.axes[name]
    places = landscape.measure(name, scored)
    is_choice = axis.kind == "choice"
    rows = pd.DataFrame(
        {
            "candidate": scored["candidate"],
            "x": [axis.choices[round(k)] if np.isfinite(k) else None for k in places] if is_choice else places,
            "y": [metric.turn(score) for score in np.maximum(scored["score"], landscape.floor)],
            "value": [metric.write(score) for score in scored["score"]],
            "setting": [format_value(value) for value in scored[name]],
            "resource": scored["resource"],
            "group": group_ranks(scored["resource"].to_numpy()) if landscape.has_rungs else len(RANKS) - 1,
            "best": scored["best"],
            "kind": np.where(scored["score"] < landscape.floor, *KINDS),
        }
    ).sort_values("group")
    rows = rows[rows["x"].notna()]
    x = _make_axis(axis, [] if is_choice else rows["x"])
    y = alt.Y("y:Q", title=None, scale=make_score_scale(metric), axis=alt.Axis(tickCount=4))
    tips = [
        alt.Tooltip("candidate:Q"),
        alt.Tooltip("setting:N", title="value"),
        alt.Tooltip("value:N", title=metric.label),
    ]
    if landscape.has_rungs:
        tips.append(alt.Tooltip("resource:Q", title=unit))
    base = alt.Chart(make_data(rows))
    layers = [
        base.mark_point(size=50, filled=True, opacity=1, stroke=PAPER, strokeWidth=0.5).encode(
            x=x,
            y=y,
            tooltip=tips,
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=KINDS, range=["triangle-down", "circle"]), legend=None),
            color=make_rank_colour(),
        ),
        base.mark_point(size=170, strokeWidth=2.5, color=BEST)
        .encode(x=x, y=y, tooltip=tips)
        .transform_filter("datum.best"),
    ]
    axes, surface = landscape.smooth([name], 40)
    known = np.isfinite(surface.heights)
    if known.any():
        line = [{"x": a, "y": metric.turn(b)} for a, b in zip(axes[0][known], surface.heights[known], strict=True)]
        layers.insert(0, alt.Chart(make_data(line)).mark_line(color=QUIET, strokeWidth=2).encode(x=x, y=y))
    return finish(alt.layer(*layers), 170, top=capitalise(metric.label))


def _make_axis(axis: ParameterAxis, values: Iterable[float]) -> Any:
    """Return the horizontal axis of a parameter, which reaches as far as values."""
    alt = import_altair()
    if axis.kind == "choice":
        return alt.X("x:N", title=None, sort=list(axis.choices), axis=alt.Axis(labelAngle=0, labelLimit=90))
    kind: dict[str, Any] = {"type": "log"} if axis.kind == "log" else {"zero": False}
    ticks = list_log_ticks(min(values), max(values)) if axis.kind == "log" else []
    labels = {"values": ticks} if len(ticks) > 1 else {"tickCount": 4}
    form = ".0e" if axis.kind == "log" and axis.low < SMALL else "~g"
    return alt.X(
        "x:Q", title=None, scale=alt.Scale(**kind, nice=False, padding=8), axis=alt.Axis(**labels, format=form)
    )
