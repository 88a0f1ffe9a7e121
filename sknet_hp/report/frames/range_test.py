"""Losses of a range test over its learning rates."""

from typing import Any

import pandas as pd

from sknet_hp.tuning.learning_rate.plot import summarise_seeds


def frame_range_test(result: Any) -> pd.DataFrame:
    """Return a row for each rate.

    Parameters
    ----------
    result : LRResult

    Returns
    -------
    frame : DataFrame
        `rate`, `mean`, `low` and `high` (the seeds whose training did not diverge), `n`
        (how many these are), `smooth` (the curve that rates were read off).

    Raises
    ------
    TypeError
        If it is no result of a range test.
    """
    if not hasattr(result, "curve") or not hasattr(result, "chance_loss"):
        raise TypeError(f"the result of find_lr is needed, got {type(result).__name__}")
    return summarise_seeds(result)
