"""Learning curves: of the candidates of a search, or of the models of an evaluation."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_count
from sknet_hp.report.charts.base import BEST, FAINT, QUIET, SERIES, finish, import_altair, list_log_ticks, make_data
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.learning_curves import CurveFrames, end_with_first, frame_evaluation, frame_search

MOST_CURVES, MOST_EPOCHS = 60, 40
"""Of candidates that are drawn faintly, and of epochs of each curve; others are left
out, evenly, so that pages stay small.
"""
COLOURS = (BEST, SERIES[0], SERIES[2])
"""Of the best candidates."""
LOG_FROM = 10.0
"""Losses that span more than this factor are drawn on a logarithmic scale."""
FAR = 1.5
"""Losses beyond so many times the highest of nine tenths of all are left out."""
LOSS = ",.4~r"
"""How losses are written in tooltips."""
LARGE = 1e7
"""From here on, losses are written with an exponent."""


def draw_search_curves(search: Any) -> Picture | None:
    """Return the chart of a search's learning curves; None if it kept none."""
    try:
        frames = frame_search(search)
    except ValueError:  # a search of scikit-learn's, or an estimator that keeps none
        return None
    frame = frames.frame
    part = "validation" if (frame["part"] == "validation").any() else "training"
    frame = end_with_first(frame[frame["part"] == part])
    ranks = np.sort(frame["rank"].unique())
    best, others = ranks[: len(COLOURS)], ranks[len(COLOURS) :]
    chosen = others[np.linspace(0, len(others) - 1, min(MOST_CURVES, len(others))).astype(int)] if len(others) else []
    shown = thin_epochs(frame[frame["rank"].isin([*best, *chosen])])
    is_far = shown["mean"] > FAR * shown["mean"].quantile(0.9)
    shown = shown[~is_far]
    caption = f"{part.capitalize()} loss: the mean over the splits, up to the epoch where the first one stopped. "
    caption += "The band is the range of the best candidate over the splits."
    if len(others):
        caption += f" Strong lines are the best {len(best)}, faint lines the other candidates"
        left_out = len(chosen) < len(others)
        caption += f" ({len(chosen)} of {len(others)}, spread evenly from best to worst)." if left_out else "."
    if is_far.any():
        caption += " Losses far above those of most candidates are left out."
    rungs = [rung for rung in frames.rungs if rung <= shown["epoch"].max()]
    if rungs:
        caption += " At the dotted lines, candidates were compared and the worse ones dropped."
    return Picture("How candidates learned", _draw(shown, rungs, len(best)), caption)


def draw_evaluation_curves(result: Any) -> Picture | None:
    """Return the chart of the final models' learning curves; None if there are none."""
    try:
        frames = frame_evaluation(result)
    except (ValueError, TypeError):
        return None
    n = int(frames.frame["n"].max())
    caption = (
        f"Means over {format_count(n, 'network')}, up to the epoch where the first one stopped; bands are their ranges."
    )
    return Picture("How the final models learned", _draw_parts(frames), caption)


def thin_epochs(frame: pd.DataFrame, most: int = MOST_EPOCHS) -> pd.DataFrame:
    """Return curves with fewer epochs, the first and the last of each kept."""
    last = int(frame["epoch"].max())
    if last <= most:
        return frame
    kept = set(np.unique(np.geomspace(1, last, most).round().astype(int)))
    ends = frame.groupby(["rank", "part"])["epoch"].transform("max")
    return frame[frame["epoch"].isin(kept) | (frame["epoch"] == ends)]


def _make_losses(values: pd.Series) -> Any:
    """Return the axis of losses, which is logarithmic where they span much."""
    alt = import_altair()
    finite = values[np.isfinite(values)]
    is_wide = bool(len(finite)) and finite.min() > 0 and finite.max() > LOG_FROM * finite.min()
    ticks = {"values": list_log_ticks(finite.min(), finite.max())} if is_wide else {}
    form = {"format": ".3~g"} if len(finite) and finite.abs().max() >= LARGE else {}
    scale = alt.Scale(type="log") if is_wide else alt.Scale(zero=False)
    return alt.Y("mean:Q", title=None, scale=scale, axis=alt.Axis(**ticks, **form))


def _make_epochs() -> Any:
    alt = import_altair()
    return alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(tickMinStep=1))


def _draw(frame: pd.DataFrame, rungs: list[int], n_best: int) -> dict[str, Any]:
    alt = import_altair()
    rows = frame.assign(place=frame["rank"] + 1)[["candidate", "place", "epoch", "mean", "low", "high"]]
    is_best = rows["place"] <= n_best
    base, x = alt.Chart(make_data(rows[is_best])), _make_epochs()
    y = _make_losses(pd.concat([rows["mean"], *(rows[name][is_best] for name in ("low", "high"))]))
    tips = [alt.Tooltip("candidate:Q"), alt.Tooltip("place:Q", title="rank"), alt.Tooltip("epoch:Q")]
    tips.append(alt.Tooltip("mean:Q", title="loss", format=LOSS))
    colour = alt.Color(
        "place:O",
        title="best candidates, by rank",
        scale=alt.Scale(domain=list(range(1, n_best + 1)), range=list(COLOURS[:n_best])),
        # Who has no loss on this scale has no line either.
        legend=alt.Legend(values=sorted(rows["place"][is_best].unique().tolist())) if n_best > 1 else None,
    )
    layers = [
        base.transform_filter("datum.place == 1")
        .mark_area(color=BEST, opacity=0.15)
        .encode(x=x, y="low:Q", y2="high:Q"),
        base.mark_line(strokeWidth=2.5).encode(x=x, y=y, detail="candidate:N", color=colour, tooltip=tips),
    ]
    if not is_best.all():
        others = alt.Chart(make_data(rows[~is_best][["candidate", "place", "epoch", "mean"]]))
        faint = others.mark_line(color=FAINT, strokeWidth=1, opacity=0.8)
        layers.insert(0, faint.encode(x=x, y=y, detail="candidate:N", tooltip=tips))
    if rungs:
        marks = alt.Chart(make_data([{"epoch": rung} for rung in rungs]))
        layers.insert(0, marks.mark_rule(color=QUIET, strokeDash=[2, 4]).encode(x=x))
    return finish(alt.layer(*layers), 300, top="Loss")


def _draw_parts(frames: CurveFrames) -> dict[str, Any]:
    alt = import_altair()
    frame = thin_epochs(end_with_first(frames.frame), 2 * MOST_EPOCHS)
    base, x = alt.Chart(make_data(frame[["part", "epoch", "mean", "low", "high", "n"]])), _make_epochs()
    y = _make_losses(pd.concat([frame[name] for name in ("mean", "low", "high")]))
    parts = [part for part in ("validation", "training") if (frame["part"] == part).any()]
    scale = alt.Scale(domain=parts, range=list(SERIES[: len(parts)]))
    colour = alt.Color("part:N", title=None, scale=scale, legend=alt.Legend() if len(parts) > 1 else None)
    dash = alt.condition("datum.part == 'validation'", alt.value([1, 0]), alt.value([5, 3]))
    tips = [alt.Tooltip("part:N"), alt.Tooltip("epoch:Q"), alt.Tooltip("mean:Q", title="loss", format=LOSS)]
    line = base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=tips)
    filled = alt.Color("part:N", scale=scale, legend=None)
    band = base.mark_area(opacity=0.15).encode(x=x, y="low:Q", y2="high:Q", color=filled)
    return finish(alt.layer(band, line).resolve_scale(color="independent"), 300, top="Loss")
