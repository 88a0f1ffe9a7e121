"""The schedule that population-based training has found."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.charts.base import BEST, FAINT, finish, import_altair, list_log_ticks, make_data
from sknet_hp.report.charts.picture import Picture, Pictures
from sknet_hp.report.frames.lineage import frame_lineage
from sknet_hp.report.parameters import ParameterAxis, read_axes
from sknet_hp.report.searches import name_resource


def draw_schedules(search: Any) -> Pictures | None:
    """Return a chart for each perturbed parameter; None if there is no population."""
    try:
        frame = frame_lineage(search)
    except ValueError:
        return None
    unit = name_resource(search)
    pictures = [Picture(axis.label, _draw(frame, axis, unit)) for axis in read_axes(search)]
    caption = "The strong line is the best member and its ancestors; faint lines are the other members."
    return Pictures("The schedule that was found", pictures, caption) if pictures else None


def _draw(frame: pd.DataFrame, axis: ParameterAxis, unit: str) -> dict[str, Any]:
    alt = import_altair()
    is_choice = axis.kind == "choice"
    values = [str(value) for value in frame[axis.name]] if is_choice else axis.measure(frame[axis.name].tolist())
    # A value holds for a stretch; a line needs both of its ends.
    stretches = pd.DataFrame({"member": frame["member"], "value": values, "winner": frame["winner"]})
    ends = [stretches.assign(at=frame[name], interval=frame["interval"]) for name in ("begin", "end")]
    rows = pd.concat(ends).sort_values(["member", "interval", "at"])
    x = alt.X("at:Q", title=unit, scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=4))
    if is_choice:
        y = alt.Y("value:N", title=None, sort=list(axis.choices))
    else:
        kind: dict[str, Any] = {"type": "log"} if axis.kind == "log" else {"zero": False}
        ticks = list_log_ticks(axis.low, axis.high) if axis.kind == "log" else []
        labels = {"values": ticks} if len(ticks) > 1 else {"tickCount": 4}
        y = alt.Y("value:Q", title=None, scale=alt.Scale(**kind), axis=alt.Axis(**labels, format="~g"))
    tips = [alt.Tooltip("member:Q"), alt.Tooltip("at:Q", title=unit), alt.Tooltip("value", type="nominal")]
    columns = ["member", "interval", "at", "value"]
    others = alt.Chart(make_data(rows[columns])).mark_line(color=FAINT, strokeWidth=1, opacity=0.8)
    layers = [others.encode(x=x, y=y, detail="member:N", tooltip=tips)]
    winner = rows[rows["winner"].to_numpy(dtype=bool)].sort_values(["interval", "at"])
    if len(winner):
        strong = alt.Chart(make_data(winner[columns].assign(step=np.arange(len(winner)))))
        layers.append(strong.mark_line(color=BEST, strokeWidth=3).encode(x=x, y=y, order="step:Q", tooltip=tips))
    return finish(alt.layer(*layers), 170)
