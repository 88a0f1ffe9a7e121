"""Scores of a search that may be compared: all after the same resource."""

import numpy as np
import pandas as pd


def count_comparable(rows: pd.DataFrame) -> pd.Series:
    """Return how many candidates have a score after each resource (0: none is known).

    Parameters
    ----------
    rows : as `read_rows` returns them.
    """
    scored = rows[~rows["failed"]].fillna({"resource": 0.0})
    return scored.groupby("resource")["candidate"].nunique()


def choose_comparable(rows: pd.DataFrame, least: int) -> tuple[pd.DataFrame, float]:
    """Return scores after the most of the resource that enough candidates reached.

    Parameters
    ----------
    rows : as `read_rows` returns them.
    least : how many are enough.

    Returns
    -------
    rows : DataFrame
        One for each candidate; none if there are too few after any resource.
    resource : float
        NaN where there is none.
    """
    counts = count_comparable(rows)
    enough = counts[counts >= least]
    if enough.empty:
        return rows.iloc[:0], np.nan
    resource = float(enough.index.max())
    scored = rows[~rows["failed"]]
    chosen = scored[scored["resource"].fillna(0.0) == resource].drop_duplicates("candidate", keep="last")
    return chosen, resource or np.nan
