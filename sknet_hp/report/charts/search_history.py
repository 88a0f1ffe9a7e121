"""The scores of a search in the order in which they came."""

import json
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.words import capitalise
from sknet_hp.report.charts.base import (
    BEST,
    FAINT,
    INK,
    PAPER,
    RANKS,
    finish,
    import_altair,
    make_data,
    make_score_scale,
)
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.landscape import find_floor
from sknet_hp.report.frames.search_history import frame_history, list_stages, name_stages
from sknet_hp.report.searches import name_resource
from sknet_hp.search.views.metric import Metric

COLUMNS = ["order", "candidate", "stage", "resource", "shown", "value", "so_far", "level", "kind", "best", "untuned"]
"""Of the data that a chart carries."""


def draw_history(search: Any, metric: Metric) -> Picture | None:
    """Return the chart of a search over time; None with fewer than three scores."""
    alt = import_altair()
    frame = frame_history(search)
    if (~frame["failed"]).sum() < 3:
        return None
    levels = sorted(frame["resource"].dropna().unique())
    unit, has_rungs, stages = name_resource(search), len(levels) > 1, list_stages(frame)
    base = alt.Chart(make_data(_make_rows(frame, levels, metric)))
    scale = alt.Scale(domain=[0.5, len(frame) + 0.5], nice=False)
    x = alt.X("order:Q", title="order of finishing", scale=scale, axis=alt.Axis(tickMinStep=1))
    bare = alt.X("order:Q", scale=scale, axis=None)
    y = alt.Y("shown:Q", title=None, scale=make_score_scale(metric, nice=True))
    tips = [alt.Tooltip("candidate:Q"), alt.Tooltip("value:N", title=metric.label)]
    tips += [alt.Tooltip("resource:Q", title=unit)] if has_rungs else []
    tips += [alt.Tooltip("stage:N")] if len(stages) else []
    step = base.mark_line(interpolate="step-after", color=BEST, strokeWidth=2).encode(x=bare, y="so_far:Q")
    points = _draw_points(base, len(levels)).encode(x=x, y=y, tooltip=tips)
    layers = [*_draw_stages(stages, scale), step, points]
    rings = {"best": ("circle", BEST), "untuned": ("diamond", INK)}
    for name, (shape, colour) in rings.items():
        if frame[name].any():
            ring = base.mark_point(size=190, strokeWidth=2, filled=False, shape=shape, color=colour)
            layers.append(ring.encode(x=bare, y=y, tooltip=tips).transform_filter(f"datum.{name}"))
    chart = alt.layer(*layers).resolve_axis(x="independent") if len(stages) else alt.layer(*layers)
    spec = finish(chart, top=f"{capitalise(metric.label)} ({metric.hint})")
    return Picture("How the search went", spec, _write_caption(frame, unit, has_rungs))


def _make_rows(frame: pd.DataFrame, levels: list[float], metric: Metric) -> pd.DataFrame:
    """Return the rows of the chart: scores as people read them, none below a floor."""
    floor = find_floor(frame)
    rows = frame.assign(
        shown=[metric.turn(max(score, floor) if np.isfinite(score) else floor) for score in frame["score"]],
        value=[metric.write(score) for score in frame["score"]],
        so_far=[metric.turn(max(score, floor)) for score in frame["best_so_far"]],
        level=[levels.index(value) if value in levels else 0 for value in frame["resource"]],
        kind=np.where(frame["failed"], "failed", np.where(frame["score"] < floor, "below", "scored")),
    )
    return rows[COLUMNS]


def _draw_points(base: Any, n_levels: int) -> Any:
    """Return the points of all scores; larger and stronger where there was more."""
    alt = import_altair()
    shades = [RANKS[round(k * (len(RANKS) - 1) / max(1, n_levels - 1))] for k in range(n_levels)]
    colour = alt.Color("level:O", scale=alt.Scale(domain=list(range(n_levels)), range=shades), legend=None)
    shapes = alt.Scale(domain=["scored", "below", "failed"], range=["circle", "triangle-down", "cross"])
    return base.mark_point(filled=True, opacity=1, stroke=PAPER, strokeWidth=0.5).encode(
        color=colour if n_levels > 1 else alt.value(RANKS[-2]),
        size=alt.Size("level:O", scale=alt.Scale(range=[45, 110]), legend=None) if n_levels > 1 else alt.value(60),
        shape=alt.Shape("kind:N", scale=shapes, legend=None),
    )


def _draw_stages(stages: pd.DataFrame, scale: Any) -> list[Any]:
    """Return lines between stages, and the numbers of stages as an axis above.

    Numbers without room are left out, which only labels of axes can do.
    """
    if not len(stages):
        return []
    alt = import_altair()
    middles = [f"{middle:.10g}" for middle in (stages["begin"] + stages["end"]) / 2]
    texts = json.dumps(dict(zip(middles, map(str, stages["number"]), strict=True)))
    axis = alt.Axis(
        orient="top",
        values=[float(middle) for middle in middles],
        labelExpr=f"{texts}['' + datum.value]",
        title=None,
        grid=False,
        ticks=False,
        domain=False,
        labelPadding=3,
        labelOverlap="greedy",  # by default every other one is left out where any two overlap
        labelSeparation=2,
    )
    base = alt.Chart(make_data(stages[["begin", "number", "stage"]]))
    x = alt.X("begin:Q", axis=axis, scale=scale)
    return [base.mark_rule(color=FAINT, strokeWidth=1, strokeDash=[2, 3]).encode(x=x)]


def _write_caption(frame: Any, unit: str, has_rungs: bool) -> str:
    parts = ["Each point is a score; the line is the best so far"]
    parts[0] += f" among those with the most {unit}, so it may get worse." if has_rungs else "."
    parts.append("Better is up.")
    if has_rungs:
        parts.append(f"Larger and stronger points had more {unit}.")
    if frame["best"].any():
        parts.append("The ring is the chosen candidate.")
    if frame["untuned"].any():
        parts.append("Diamonds are the untuned estimator.")
    if frame["failed"].any():
        parts.append("Crosses are candidates that failed.")
    if (frame["score"] < find_floor(frame)).any():
        parts.append("Triangles at the bottom lie beyond the scale.")
    parts.append(name_stages(list_stages(frame)))
    return " ".join(filter(None, parts))
