"""All candidates across all parameters, a line each."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.words import capitalise
from sknet_hp.report.charts.base import (
    BEST,
    INK,
    LINE,
    QUIET,
    finish,
    group_ranks,
    import_altair,
    make_data,
    make_rank_colour,
)
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.parallel_coordinates import frame_candidates
from sknet_hp.report.parameters import ParameterAxis, format_choice, read_axes
from sknet_hp.search.views.metric import Metric

MOST_CHOICES = 8
"""Of an axis, which are labelled; of more it is the first and the last."""
WIDTH_OF_AXIS = 64
"""In pixels, at least."""
PLACES, TOP = (1.17, 1.12, 1.07), 1.22
"""Of the names of axes in turn, above the axes, and of the last one's: in one row they
would overlap.
"""
LEAST = 5
"""Candidates; fewer are seen better in the table."""


def draw_parallel_coordinates(search: Any, metric: Metric) -> Picture | None:
    """Return the chart of parallel coordinates.

    None if there are too few candidates, or they differ in one parameter alone.
    """
    axes = read_axes(search)
    frame = frame_candidates(search)
    frame = frame[~frame["failed"]].reset_index(drop=True)
    if len(frame) < LEAST or len(axes) < 2:
        return None
    furthest = frame["resource"].fillna(0)
    order = frame.assign(resource=furthest).sort_values(["resource", "score"]).index
    standing = np.empty(len(frame))
    standing[order] = np.arange(len(frame))
    places = np.column_stack(
        [*(axis.place(frame[axis.name]) for axis in axes), _place_scores(frame["score"].to_numpy())]
    )
    names = [*(axis.label for axis in axes), capitalise(metric.label)]
    lines = pd.DataFrame(
        {
            "candidate": np.repeat(frame["candidate"], len(names)),
            "axis": np.tile(np.arange(len(names)), len(frame)),
            "place": places.ravel(),
            "group": np.repeat(group_ranks(standing), len(names)),
            "best": np.repeat(frame["best"], len(names)),
            "standing": np.repeat(standing, len(names)),
            "value": [metric.write(score) for score in np.repeat(frame["score"], len(names))],
        }
    ).sort_values(["standing", "axis"])
    furthest_only = " (of those that came furthest)" if furthest.nunique() > 1 else ""
    caption = (
        f"Each line is a candidate; stronger colours score better{furthest_only}. On the last axis, better is up. The "
        f"thick line is what was chosen. If strong lines meet on an axis, that parameter matters."
    )
    ticks = [tick for k, axis in enumerate(axes) for tick in _list_ticks(k, axis)]
    ticks += _list_score_ticks(len(axes), frame, metric)
    width = len(names) * WIDTH_OF_AXIS
    return Picture("Parameters of all candidates", _draw(lines, names, ticks), caption, least_width=width)


def _place_scores(scores: np.ndarray) -> np.ndarray:
    """Return heights from 0 to 1, of errors the lowest at the top."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.full(len(scores), 0.5)


def _list_ticks(k: int, axis: ParameterAxis) -> list[dict[str, Any]]:
    if axis.kind != "choice":
        ends = [int(end) if axis.integer else end for end in (axis.low, axis.high)]
        return [
            {"axis": k, "place": place, "text": format_choice(end)} for place, end in zip((0, 1), ends, strict=True)
        ]
    shown = axis.choices if len(axis.choices) <= MOST_CHOICES else (axis.choices[0], axis.choices[-1])
    n = len(axis.choices)
    return [{"axis": k, "place": (axis.choices.index(text) + 0.5) / n, "text": text} for text in shown]


def _list_score_ticks(k: int, frame: pd.DataFrame, metric: Metric) -> list[dict[str, Any]]:
    ends = frame["score"].min(), frame["score"].max()
    return [{"axis": k, "place": place, "text": metric.write(end)} for place, end in zip((0, 1), ends, strict=True)]


def _draw(lines: pd.DataFrame, names: list[str], ticks: list[dict[str, Any]]) -> dict[str, Any]:
    alt = import_altair()
    n = len(names)
    # Names stand as texts of their own: as labels of an axis they would overlap on a phone.
    x = alt.X("axis:Q", axis=None, scale=alt.Scale(domain=[-0.3, n - 0.7], nice=False))
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[-0.04, 1.25]))
    tips = [alt.Tooltip("candidate:Q"), alt.Tooltip("value:N", title="score")]
    base = alt.Chart(make_data(lines.drop(columns="standing")))
    all_lines = base.mark_line(strokeWidth=1.2, opacity=0.75).encode(
        x=x,
        y=y,
        detail="candidate:N",
        color=make_rank_colour(),
        order="axis:Q",
        tooltip=tips,
    )
    chosen = base.mark_line(strokeWidth=3, color=BEST).encode(
        x=x, y=y, detail="candidate:N", order="axis:Q", tooltip=tips
    )
    ends = alt.Chart(make_data([{"axis": k, "low": 0, "high": 1} for k in range(n)]))
    rules = ends.mark_rule(color=LINE, strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q", axis=None), y2="high:Q")
    places = [PLACES[k % len(PLACES)] for k in range(n)]
    heads = [
        {"axis": k, "place": place, "text": name} for k, (name, place) in enumerate(zip(names, places, strict=True))
    ]
    title = {"fontSize": 12, "fontWeight": 600, "color": INK, "limit": len(PLACES) * WIDTH_OF_AXIS - 8}
    head = [  # the last one ends with the chart
        alt.Chart(make_data(heads[:-1])).mark_text(**title).encode(x=x, y=y, text="text:N"),
        alt.Chart(make_data([heads[-1] | {"axis": n - 0.7, "place": TOP}]))
        .mark_text(**title, align="right")
        .encode(x=x, y=y, text="text:N"),
    ]
    labels = alt.Chart(make_data(ticks)).mark_text(
        fontSize=11, color=QUIET, align="left", dx=5, stroke="var(--paper)", strokeWidth=3, strokeJoin="round"
    )
    halo = labels.encode(x=x, y=y, text="text:N")
    plain = alt.Chart(make_data(ticks)).mark_text(fontSize=11, color=QUIET, align="left", dx=5)
    text = plain.encode(x=x, y=y, text="text:N")
    return finish(alt.layer(rules, all_lines, chosen.transform_filter("datum.best"), halo, text, *head), 340)
