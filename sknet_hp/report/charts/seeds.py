"""Scores of several seeds in the same splits, and what their variance comes from."""

from typing import Any

import pandas as pd

from sknet_hp.formatting.numbers import format_percentage, format_score
from sknet_hp.formatting.words import capitalise, join_words
from sknet_hp.report.charts.base import FAINT, INK, SERIES, finish, import_altair, make_data, make_score_scale
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.seeds import find_extremes, make_seeds_frame, make_variance_frame
from sknet_hp.search.views.metric import Metric

MEAN, OTHERS = "mean", "other seeds"
DASHES = [[1, 0], [5, 3]]
"""Of the seeds with the best and the worst mean."""


def draw_seeds(result: Any, name: str) -> Picture:
    """Return the chart of the scores by seed and split, by one metric."""
    alt = import_altair()
    metric, rows = Metric(name), _make_rows(result, name)
    splits, lines = list(dict.fromkeys(rows["split"])), [line for line in rows["line"].unique() if line != OTHERS]
    x = alt.X("split:O", sort=splits, title="split", axis=alt.Axis(labelAngle=0))
    y = alt.Y("shown:Q", title=None, scale=make_score_scale(metric))
    tips = [alt.Tooltip("seed:N"), alt.Tooltip("split:N"), alt.Tooltip("value:N", title=metric.label)]
    others, strong = (
        alt.Chart(make_data(part)).encode(x=x, y=y, detail="seed:N", order="place:Q", tooltip=tips)
        for part in (rows[rows["line"] == OTHERS], rows[rows["line"] != OTHERS])
    )
    legend: dict[str, Any] = {"title": None, "legend": alt.Legend(symbolType="stroke", symbolStrokeWidth=2.5)}
    colour = alt.Color("line:N", scale=alt.Scale(domain=lines, range=list(SERIES[: len(lines)])), **legend)
    dash = alt.StrokeDash("line:N", scale=alt.Scale(domain=lines, range=DASHES[: len(lines)]), **legend)
    layers = [
        others.mark_line(color=FAINT, strokeWidth=1),
        others.mark_circle(color=FAINT, size=30, opacity=1),
        strong.mark_line(strokeWidth=2.5).encode(color=colour, strokeDash=dash),
        strong.mark_circle(size=70, opacity=1).encode(color=colour),
    ]
    caption = (
        "A line is a seed; it crosses the splits at its scores and ends at its mean. Where lines cross each other, the "
        "better seed in one split is the worse one in the next. Better is up."
    )
    named = rows[rows["line"] != OTHERS].drop_duplicates("seed")
    if len(named):
        caption += f" Coloured: {join_words([f'seed {row.seed} ({row.line})' for row in named.itertuples()])}."
    spec = finish(alt.layer(*layers), 300, top=f"{capitalise(metric.label)} ({metric.hint})")
    return Picture(f"{capitalise(metric.label)} by seed and split", spec, caption)


def _make_rows(result: Any, name: str) -> pd.DataFrame:
    """Return the rows of the chart: each seed in each split, then its mean."""
    frame, metric = make_seeds_frame(result, name), Metric(name)
    repeats, folds = (frame[column].astype(str) for column in ("repeat", "fold"))
    splits = repeats + "." + folds if frame["repeat"].any() else folds
    means = frame.drop_duplicates("seed")
    rows = pd.concat([frame.assign(split=splits), means.assign(split=MEAN, score=means["mean"])])
    words = {seed: f"{word} mean" for word, seed in find_extremes(frame).items()}
    places = {split: place for place, split in enumerate(dict.fromkeys(rows["split"]))}
    rows = rows.assign(
        place=rows["split"].map(places),
        shown=[metric.turn(score) for score in rows["score"]],
        value=[metric.write(score) for score in rows["score"]],
        line=[words.get(seed, OTHERS) for seed in rows["seed"]],
    )
    order = [*words.values(), OTHERS]
    rows = rows.sort_values("line", key=lambda lines: lines.map(order.index), kind="stable")
    return rows[["seed", "split", "place", "shown", "value", "line"]]


def draw_variance(result: Any, name: str) -> Picture | None:
    """Return the chart of the parts of the variance; None where there are none."""
    alt = import_altair()
    frame = make_variance_frame(result, name)
    if not len(frame):
        return None
    rows = frame.assign(
        text=[format_percentage(share) for share in frame["share"]], sd=[format_score(sd) for sd in frame["sd"]]
    )
    base = alt.Chart(make_data(rows[["part", "share", "text", "sd"]]))
    y = alt.Y("part:N", sort=frame["part"].tolist(), title=None, axis=alt.Axis(labelColor=INK, labelLimit=190))
    x = alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1.12]), axis=None)
    tips = [
        alt.Tooltip("part:N"),
        alt.Tooltip("text:N", title="share"),
        alt.Tooltip("sd:N", title="standard deviation"),
    ]
    layers = [
        base.mark_bar(color=SERIES[0], height={"band": 0.6}).encode(x=x, y=y, tooltip=tips),
        base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(x=x, y=y, text="text:N"),
    ]
    sds = "; ".join(f"{row.part}: {row.sd}" for row in rows.itertuples())
    caption = (
        f"Shares of the variance of a single fit's score, from a two-way layout with random effects. As standard "
        f"deviations: {sds}."
    )
    title = f"Where the variance of {Metric(name).label} comes from"
    return Picture(title, finish(alt.layer(*layers), 110), caption, narrow=True)
