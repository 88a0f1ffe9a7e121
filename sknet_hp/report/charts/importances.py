"""Which parameters decided the score."""

from typing import Any

import numpy as np

from sknet_hp.formatting.numbers import format_count
from sknet_hp.report.charts.base import INK, QUIET, SERIES, finish, import_altair, make_data
from sknet_hp.report.charts.picture import Picture
from sknet_hp.report.frames.importances import measure_importances
from sknet_hp.report.searches import name_resource

MOST = 10
"""Parameters, the most important ones."""


def draw_importances(search: Any) -> Picture | None:
    """Return the chart of importances.

    None if there are too few candidates, or Optuna is not installed.
    """
    try:
        found = measure_importances(search)
    except (ValueError, ImportError):
        return None
    alt = import_altair()
    rows = found.frame.head(MOST)
    rows = rows.assign(low=np.maximum(0, rows["share"] - rows["sd"]), high=rows["share"] + rows["sd"])
    y = alt.Y("parameter:N", sort=rows["parameter"].tolist(), title=None, axis=alt.Axis(labelColor=INK, labelLimit=220))
    tips = [
        alt.Tooltip("parameter:N"),
        alt.Tooltip("share:Q", format=".0%"),
        alt.Tooltip("sd:Q", title="±", format=".0%"),
        alt.Tooltip("luck:Q", title="chance level", format=".0%"),
    ]
    base = alt.Chart(make_data(rows))
    # What chance may reach can be more than all importances together: bars would be short beside it.
    end = min(1.0, np.nanmax([*rows["high"], *rows["luck"]]))
    scale = alt.Scale(domain=[0, end], clamp=True)
    x = alt.X("share:Q", title="share of all importances", scale=scale, axis=alt.Axis(format="%", grid=True))
    layers = [
        base.mark_bar(color=SERIES[0], height={"band": 0.6}).encode(x=x, y=y, tooltip=tips),
        base.mark_rule(color=QUIET, strokeWidth=2).encode(x="low:Q", x2="high:Q", y=y),
        base.mark_tick(color=INK, thickness=2, height=20).encode(x="luck:Q", y=y, tooltip=tips),
    ]
    after = f" after {found.resource:g} {name_resource(search)}" if np.isfinite(found.resource) else ""
    caption = (
        f"What separates the best of {found.n_candidates} candidates from the rest{after} (PED-ANOVA). Thin lines "
        f"are standard errors; a bar that does not reach its black mark may be chance."
    )
    if len(found.frame) > MOST:
        n = len(found.frame) - MOST
        caption += f" The {format_count(n, 'least important parameter')} {'is' if n == 1 else 'are'} left out."
    return Picture("Which parameters matter", finish(alt.layer(*layers), 40 + 34 * len(rows)), caption)
