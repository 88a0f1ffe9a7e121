"""Who descends from whom in population-based training, and with which parameters."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.parameters import list_settings, read_axes
from sknet_hp.report.searches import get_results, read_rows


def frame_lineage(search: Any) -> pd.DataFrame:
    """Return a row for each member and interval.

    Returns
    -------
    frame : DataFrame
        `member` (its place in the population), `interval`, `begin` and `end` (of the
        resource), `candidate`, `parent` and `parent_member` (of a copy in its first
        interval, else -1), `score`, `failed`, `winner` (whether the best descends from
        it, or is it), and a column for each parameter that was perturbed.

    Raises
    ------
    ValueError
        If it is no population-based training.
    """
    results = get_results(search)
    if "parent" not in results or "member" not in results:
        searcher = getattr(search, "searcher", type(search).__name__)  # a journal's record names it
        raise ValueError(
            f"only PBTSearchCV has lineages; {searcher} copies no candidates: use "
            f"SearchHistoryDisplay, which shows any search"
        )
    rows = read_rows(search).rename(columns={"rung": "interval", "resource": "end"})
    rows["member"] = results["member"]
    for axis in read_axes(search):
        rows[axis.name] = pd.Series([params.get(axis.name) for params in list_settings(search)], dtype=object)
    ends = rows.groupby("interval")["end"].max()
    rows["begin"] = rows["interval"].map(ends.shift(fill_value=0.0))
    is_first = ~rows.duplicated("candidate")
    rows["parent"] = np.where(is_first, results["parent"], -1)
    places = {(row.candidate, row.interval): row.member for row in rows.itertuples()}
    pairs = zip(rows["parent"], rows["interval"], strict=True)
    rows["parent_member"] = [places.get((parent, interval - 1), -1) for parent, interval in pairs]
    rows["winner"] = _follow_back(rows)
    names = [axis.name for axis in read_axes(search)]
    order = ["member", "interval", "begin", "end", "candidate", "parent", "parent_member", "score", "failed", "winner"]
    return rows[[*order, *names]]


def _follow_back(rows: pd.DataFrame) -> np.ndarray:
    """Return which rows the best descends from, itself included."""
    on_the_way = np.zeros(len(rows), dtype=bool)
    if not rows["best"].any():
        return on_the_way
    by_place = {(row.candidate, row.interval): row.Index for row in rows.itertuples()}
    at: int | None = int(rows.index[rows["best"]][0])
    while at is not None:
        on_the_way[at] = True
        row = rows.loc[at]
        before = row["candidate"] if row["parent"] == -1 else row["parent"]
        at = by_place.get((before, row["interval"] - 1))
    return on_the_way
