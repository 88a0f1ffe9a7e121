"""Differences of contestants, with the region in which they do not matter."""

from typing import Any

import pandas as pd

from sknet_hp.formatting.numbers import format_percentage, format_score
from sknet_hp.report.charts.base import FAINT, INK, QUIET, SERIES, finish, import_altair, make_data
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.comparison import make_comparison_frame
from sknet_hp.search.views.metric import Metric


def draw_comparison(comparison: Any, metric: str) -> Picture:
    """Return the chart of all pairs by one metric."""
    alt = import_altair()
    frame = make_comparison_frame(comparison, metric)
    known = Metric(metric)
    rows = pd.DataFrame(
        {
            "pair": [f"{a} −\n{b}" for a, b in zip(frame["first"], frame["second"], strict=True)],
            **{name: frame[name] for name in ("difference", "low", "high")},
            "text": [format_score(each) for each in frame["difference"]],
            **{name: frame[name] for name in ("p_first_better", "p_equivalent", "p_second_better", "verdict")},
        }
    )
    half = float(frame["rope"].iloc[0])
    y = alt.Y(
        "pair:N",
        sort=rows["pair"].tolist(),
        title=None,
        axis=alt.Axis(labelColor=INK, labelLimit=150, labelExpr="split(datum.value, '\\n')"),
    )
    x = alt.X("difference:Q", title=None, axis=alt.Axis(grid=False))
    tips = [
        alt.Tooltip("verdict:N"),
        alt.Tooltip("text:N", title="difference"),
        alt.Tooltip("p_first_better:Q", title="P(first better)", format=".3f"),
        alt.Tooltip("p_equivalent:Q", title="P(equivalent)", format=".3f"),
        alt.Tooltip("p_second_better:Q", title="P(second better)", format=".3f"),
    ]
    region = alt.Chart(make_data([{"low": -half, "high": half, "difference": 0}]))
    base = alt.Chart(make_data(rows))
    layers = [
        region.mark_rect(color=FAINT, opacity=0.35).encode(x="low:Q", x2="high:Q"),
        region.mark_rule(color=QUIET).encode(x="difference:Q"),
        base.mark_rule(color=SERIES[0], strokeWidth=2.5).encode(x="low:Q", x2="high:Q", y=y),
        base.mark_circle(color=SERIES[0], size=110, opacity=1).encode(x=x, y=y, tooltip=tips),
    ]
    kind, level = "Reductions" if known.is_error else "Differences", format_percentage(comparison.confidence, None)
    caption = (
        f"Mean {kind.lower()} with their {level} intervals; right of zero, the first "
        f"one is better. In the grey region, two models are equivalent in practice."
    )
    return Picture(f"{kind} in {known.label}", finish(alt.layer(*layers), 60 + 42 * len(rows)), caption)
