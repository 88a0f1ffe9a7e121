"""All candidates with their parameters, one a row."""

from typing import Any

import pandas as pd

from sknet_hp.report.parameters import list_settings, read_axes
from sknet_hp.report.searches import read_rows


def frame_candidates(search: Any) -> pd.DataFrame:
    """Return a row for each candidate, as it was when it had the most of the resource.

    Returns
    -------
    frame : DataFrame
        `candidate`, `resource`, `score`, `failed`, `best`, and a column for each
        parameter that candidates differ in; None where a candidate has it not. The
        worst come first.
    """
    rows, settings = read_rows(search), list_settings(search)
    columns = ["candidate", "resource", "score", "failed", "best"]
    for axis in read_axes(search):
        rows[axis.name] = pd.Series([params.get(axis.name) for params in settings], dtype=object)
        columns.append(axis.name)
    best = set(rows.loc[rows["best"], "candidate"])
    last = rows.groupby("candidate").tail(1)[columns]
    last = last.assign(best=last["candidate"].isin(best))
    return last.sort_values("score", na_position="first", kind="stable", ignore_index=True)
