"""The scores of a search in the order in which they came."""

from typing import Any

import numpy as np

from sknet_hp.formatting.words import capitalise
from sknet_hp.report.charts.base import BEST, INK, PAPER, RANKS, finish, import_altair, make_data
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.landscape import find_floor
from sknet_hp.report.frames.search_history import frame_history
from sknet_hp.report.searches import name_resource
from sknet_hp.search.views.metric import Metric


def draw_history(search: Any, metric: Metric) -> Picture | None:
    """Return the chart of a search over time; None with fewer than three scores."""
    alt = import_altair()
    frame = frame_history(search)
    scored = ~frame["failed"].to_numpy()
    if scored.sum() < 3:
        return None
    floor = find_floor(frame)
    levels = sorted(frame["resource"].dropna().unique())
    has_rungs = len(levels) > 1
    rows = frame.assign(
        shown=[
            metric.turn(max(score, floor)) if np.isfinite(score) else metric.turn(floor) for score in frame["score"]
        ],
        value=[metric.write(score) for score in frame["score"]],
        so_far=[metric.turn(score) for score in frame["best_so_far"]],
        level=[levels.index(value) if value in levels else 0 for value in frame["resource"]],
        kind=np.where(frame["failed"], "failed", np.where(frame["score"] < floor, "below", "scored")),
    )
    unit = name_resource(search)
    columns = ["order", "candidate", "resource", "shown", "value", "so_far", "level", "kind", "best", "untuned"]
    base = alt.Chart(make_data(rows[columns]))
    x = alt.X("order:Q", title="order of finishing", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1))
    y = alt.Y("shown:Q", title=None, scale=alt.Scale(zero=False, nice=True))
    tips = [alt.Tooltip("candidate:Q"), alt.Tooltip("value:N", title=metric.label)]
    if has_rungs:
        tips.append(alt.Tooltip("resource:Q", title=unit))
    shades = [RANKS[round(k * (len(RANKS) - 1) / max(1, len(levels) - 1))] for k in range(len(levels))] or [RANKS[-2]]
    colour = alt.Color("level:O", scale=alt.Scale(domain=list(range(len(shades))), range=shades), legend=None)
    points = base.mark_point(filled=True, opacity=1, stroke=PAPER, strokeWidth=0.5).encode(
        x=x,
        y=y,
        color=colour if has_rungs else alt.value(RANKS[-2]),
        size=alt.Size("level:O", scale=alt.Scale(range=[45, 110]), legend=None) if has_rungs else alt.value(60),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=["scored", "below", "failed"], range=["circle", "triangle-down", "cross"]),
            legend=None,
        ),
        tooltip=tips,
    )
    step = base.mark_line(interpolate="step-after", color=BEST, strokeWidth=2).encode(x=x, y="so_far:Q")
    marks = base.mark_point(size=190, strokeWidth=2, filled=False).encode(x=x, y=y, tooltip=tips)
    layers = [step, points]
    if frame["best"].any():
        layers.append(marks.encode(color=alt.value(BEST)).transform_filter("datum.best"))
    if frame["untuned"].any():
        own = base.mark_point(size=190, strokeWidth=2, filled=False, shape="diamond", color=INK)
        layers.append(own.encode(x=x, y=y, tooltip=tips).transform_filter("datum.untuned"))
    spec = finish(alt.layer(*layers), top=capitalise(metric.label))
    return Picture("How the search went", spec, _write_caption(frame, unit, has_rungs, metric))


def _write_caption(frame: Any, unit: str, has_rungs: bool, metric: Metric) -> str:
    parts = ["Each point is a score; the line is the best so far"]
    parts[0] += f" among those with the most {unit}, so it may fall." if has_rungs else "."
    if has_rungs:
        parts.append(f"Larger and stronger points had more {unit}.")
    if frame["best"].any():
        parts.append("The ring is the chosen candidate.")
    if frame["untuned"].any():
        parts.append("Diamonds are the untuned estimator.")
    if frame["failed"].any():
        parts.append("Crosses are candidates that failed.")
    if (frame["score"] < find_floor(frame)).any():
        parts.append(f"Triangles at the {'top' if metric.is_error else 'bottom'} lie beyond the scale.")
    return " ".join(parts)
