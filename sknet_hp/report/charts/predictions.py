"""Predictions of rows that were not seen, beside the truth."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_count, format_percentage, format_score
from sknet_hp.report.charts.base import (
    FAINT,
    INK,
    PAPER,
    QUIET,
    RANKS,
    SERIES,
    finish,
    import_altair,
    make_data,
    make_rank_colour,
)
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.calibration import make_calibration_frame, measure_gap
from sknet_hp.report.frames.confusion import make_confusion_frame
from sknet_hp.report.frames.residuals import make_band_frame, make_residuals_frame, measure_errors
from sknet_hp.report.predictions import Predictions, read_evaluation

MOST_CLASSES = 20
"""Of a confusion matrix that can be read."""
MOST_POINTS = 1500
"""Residuals that are drawn, evenly from the table."""


def draw_predictions(result: Any) -> list[Picture]:
    """Return the charts of an evaluation's predictions: none if there are none."""
    try:
        predictions = read_evaluation(result)
    except ValueError:
        return []
    found = [draw(predictions) for draw in (draw_calibration, draw_confusion, draw_residuals)]
    return [picture for picture in found if picture is not None]


def draw_calibration(predictions: Predictions) -> Picture | None:
    """Return how often predictions come true; None without probabilities."""
    try:
        frame, event = make_calibration_frame(predictions)
    except ValueError:
        return None
    alt = import_altair()
    x = alt.X("predicted:Q", title="predicted probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    y = alt.Y("observed:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    base = alt.Chart(make_data(frame))
    diagonal = alt.Chart(make_data([{"predicted": 0, "observed": 0}, {"predicted": 1, "observed": 1}]))
    tips = [
        alt.Tooltip("predicted:Q", format=".1%"),
        alt.Tooltip("observed:Q", title="came true", format=".1%"),
        alt.Tooltip("n_rows:Q", title="rows", format=",.0f"),
    ]
    layers = [
        diagonal.mark_line(color=FAINT, strokeDash=[5, 4]).encode(x=x, y=y),
        base.mark_rule(color=SERIES[0], strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(color=SERIES[0], strokeWidth=1.5).encode(x=x, y=y),
        base.mark_circle(color=SERIES[0], size=80, opacity=1).encode(x=x, y=y, tooltip=tips),
    ]
    caption = (
        f"Probability of {event}, with 95 % intervals. On the dashed line, probabilities are exactly right; the mean "
        f"distance from it is {format_percentage(measure_gap(frame), 1)}."
    )
    spec = finish(alt.layer(*layers), 300, top="How often it happened")
    return Picture("Can you trust the probabilities?", spec, caption, narrow=True)


def draw_confusion(predictions: Predictions) -> Picture | None:
    """Return which classes are taken for which; None of numbers or many classes."""
    try:
        frame = make_confusion_frame(predictions)
    except ValueError:
        return None
    labels = [str(label) for label in pd.unique(frame["actual"])]
    if predictions.classes is None or len(labels) > MOST_CLASSES:
        return None
    alt = import_altair()
    rows = frame.assign(
        actual=frame["actual"].astype(str),
        predicted=frame["predicted"].astype(str),
        text=[f"{n:,.0f}" for n in frame["n_rows"]],
        group=np.clip(np.ceil(frame["share"] * len(RANKS)), 1, len(RANKS)).astype(int),
    )
    base = alt.Chart(make_data(rows))
    x = alt.X(
        "predicted:N",
        sort=labels,
        axis=alt.Axis(
            orient="top", labelAngle=0 if len(labels) < 6 else -45, domain=False, ticks=False, labelLimit=120
        ),
    )
    y = alt.Y("actual:N", sort=labels, title=None, axis=alt.Axis(labelLimit=120))
    tips = [
        alt.Tooltip("actual:N"),
        alt.Tooltip("predicted:N"),
        alt.Tooltip("n_rows:Q", title="rows", format=",.0f"),
        alt.Tooltip("share:Q", title="share of the actual class", format=".1%"),
    ]
    cell = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(
        x=x,
        y=y,
        tooltip=tips,
        color=make_rank_colour(),
    )
    text = base.mark_text(fontSize=12 if len(labels) < 11 else 9).encode(
        x=x, y=y, text="text:N", color=alt.condition("datum.group >= 4", alt.value(PAPER), alt.value(INK)), tooltip=tips
    )
    caption = "Rows of each actual class, by predicted class. Stronger cells are larger shares of their class."
    spec = finish(alt.layer(cell, text), 90 + min(56, 500 // len(labels)) * len(labels), top="Actual")
    return Picture("Which classes are confused with which?", spec, caption, narrow=len(labels) < 6)


def draw_residuals(predictions: Predictions) -> Picture | None:
    """Return by how much predictions are off; None of classes."""
    try:
        frame = make_residuals_frame(predictions)
    except ValueError:
        return None
    alt = import_altair()
    errors, band = measure_errors(frame), make_band_frame(frame)
    step = max(1, -(-len(frame) // MOST_POINTS))
    points = frame.iloc[::step]
    target = predictions.target or "the target"
    x = alt.X(
        "predicted:Q", title=f"predicted {predictions.target or 'value'}", scale=alt.Scale(zero=False, nice=False)
    )
    y = alt.Y("residual:Q", title=None)
    tips = [alt.Tooltip(f"{name}:Q", format=",.4~r") for name in ("actual", "predicted", "residual")]
    layers = [
        alt.Chart(make_data(points)).mark_circle(color=SERIES[0], size=16, opacity=0.35).encode(x=x, y=y, tooltip=tips),
        alt.Chart(make_data([{"residual": 0}])).mark_rule(color=QUIET).encode(y=y),
        alt.Chart(make_data(band)).mark_line(color=SERIES[1], strokeDash=[5, 3], strokeWidth=2).encode(x=x, y="low:Q"),
        alt.Chart(make_data(band)).mark_line(color=SERIES[1], strokeDash=[5, 3], strokeWidth=2).encode(x=x, y="high:Q"),
        alt.Chart(make_data(band)).mark_line(color=SERIES[1], strokeWidth=2.5).encode(x=x, y="median:Q"),
    ]
    caption = (
        f"In the unit of {target}: predictions are off by {format_score(errors['mae'])} on average. Eight of ten "
        f"residuals lie between the dashed lines; the strong line is the median."
    )
    if step > 1:
        caption += f" {format_count(len(points), 'row')} of {len(frame):,} are drawn."
    spec = finish(alt.layer(*layers), 300, top="Actual minus predicted")
    return Picture("How large are the errors?", spec, caption)
