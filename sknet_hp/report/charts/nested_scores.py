"""Scores of outer folds, with the scores that the searches reported."""

from typing import Any

import numpy as np

from sknet_hp.formatting.words import capitalise
from sknet_hp.report.charts.base import INK, LINE, QUIET, SERIES, finish, import_altair, make_data, make_score_scale
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.nested_scores import make_nested_scores_frame
from sknet_hp.search.views.metric import Metric


def draw_nested_scores(result: Any) -> Picture | None:
    """Return the chart of the scores of an evaluation; None if no fold has one."""
    try:
        frame = make_nested_scores_frame(result)
    except ValueError:
        return None
    alt = import_altair()
    metric = Metric(result.metrics[0])
    has_repeats = bool(frame["repeat"].any())
    names = [
        f"{repeat}.{fold}" if has_repeats else f"{fold}"
        for repeat, fold in zip(frame["repeat"], frame["fold"], strict=True)
    ]
    rows = frame.assign(
        name=names,
        **{name: [metric.turn(x) for x in frame[name]] for name in ("outer", "inner", "mean", "low", "high")},
        **{f"{name}_text": [metric.write(x) for x in frame[name]] for name in ("outer", "inner")},
    )
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelColor=INK))
    x = alt.X(
        "outer:Q", title=f"{metric.label} ({metric.hint})", scale=make_score_scale(metric), axis=alt.Axis(grid=True)
    )
    base = alt.Chart(make_data(rows[["name", "outer", "inner", "outer_text", "inner_text"]]))
    one = alt.Chart(make_data(rows[["mean", "low", "high"]].head(1)))
    tips = [
        alt.Tooltip("name:N", title="outer fold"),
        alt.Tooltip("outer_text:N", title="on unseen rows"),
    ]
    has_inner = bool(np.isfinite(frame["inner"]).any())
    tips += [alt.Tooltip("inner_text:N", title="of the search")] if has_inner else []
    layers = [
        one.mark_rect(color=SERIES[0], opacity=0.13).encode(x="low:Q", x2="high:Q"),
        one.mark_rule(color=SERIES[0], strokeWidth=2).encode(x="mean:Q"),
    ]
    if has_inner:
        layers += [
            base.mark_rule(color=QUIET).encode(x="outer:Q", x2="inner:Q", y=y),
            base.mark_point(color=SERIES[1], size=80, filled=False, strokeWidth=2, fill="var(--paper)").encode(
                x="inner:Q", y=y, tooltip=tips
            ),
        ]
    layers.append(base.mark_circle(color=SERIES[0], size=110, opacity=1, stroke=LINE).encode(x=x, y=y, tooltip=tips))
    caption = "Points are scores on rows that the models have not seen."
    if has_inner:
        caption = "Filled points are scores on rows that no search has seen. Hollow points are the scores that the "
        caption += "searches reported."
    caption += " The line is the mean, the band its 95 % interval. Better is to the right."
    height = 50 + 26 * min(len(frame), 40)
    return Picture(
        f"{capitalise(metric.label)} of each outer fold", finish(alt.layer(*layers), height, top="Outer fold"), caption
    )
