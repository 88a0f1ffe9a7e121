"""By how much predictions of numbers are off."""

import numpy as np
import pandas as pd

from sknet_hp.report.predictions import Predictions

N_BINS = 10
LEAST_IN_BIN = 20
"""Rows, for quantiles of 10 and 90 % that are not single rows."""


def make_residuals_frame(predictions: Predictions) -> pd.DataFrame:
    """Return the residual of each row.

    Parameters
    ----------
    predictions : of a regressor.

    Returns
    -------
    frame : DataFrame
        A row for each row of the table, and each repeat: `actual`, `predicted`, and
        `residual`, the actual minus the predicted, all in the target's unit.

    Raises
    ------
    ValueError
        If targets or predictions are no numbers.
    """
    if predictions.classes is not None or predictions.y.dtype.kind not in "fiu":
        raise ValueError("residuals need numbers, got the predictions of a classifier; see ConfusionMatrixDisplay")
    actual, predicted = predictions.y.astype(float), predictions.predicted.astype(float)
    return pd.DataFrame({"actual": actual, "predicted": predicted, "residual": actual - predicted})


def make_band_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return where residuals lie, by the size of the prediction.

    Parameters
    ----------
    frame : as `make_residuals_frame` returns it.

    Returns
    -------
    frame : DataFrame
        A row for each tenth of the predictions, fewer where rows are few: `predicted`,
        their median, with the quantiles `low` (10 %), `median` and `high` (90 %) of
        their residuals.
    """
    n_bins = max(1, min(N_BINS, len(frame) // LEAST_IN_BIN))
    edges = np.unique(np.quantile(frame["predicted"], np.linspace(0, 1, n_bins + 1)[1:-1]))
    grouped = frame.groupby(np.searchsorted(edges, frame["predicted"]), sort=True)
    residuals = grouped["residual"]
    return pd.DataFrame(
        {
            "predicted": grouped["predicted"].median(),
            "low": residuals.quantile(0.1),
            "median": residuals.median(),
            "high": residuals.quantile(0.9),
        }
    ).reset_index(drop=True)


def measure_errors(frame: pd.DataFrame) -> dict[str, float]:
    """Return the mean absolute error, the root of the mean square, and their mean."""
    residual = frame["residual"].to_numpy()
    return {
        "mae": float(np.abs(residual).mean()),
        "rmse": float(np.sqrt((residual**2).mean())),
        "bias": float(residual.mean()),
    }
