"""How often what was predicted with a probability comes true."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sknet_hp.report.predictions import Predictions

CONFIDENCE = 0.95
"""Of the interval of each bin."""


def make_calibration_frame(
    predictions: Predictions, *, pos_label: Any = None, n_bins: int = 10
) -> tuple[pd.DataFrame, str]:
    """Return how often each of several levels of probability came true.

    Parameters
    ----------
    predictions : of a classifier with probabilities.
    pos_label : label, default=None
        The class whose probability counts. None is the second of two classes; of three
        or more, it is whichever class was predicted ("top label"), so that one curve
        says whether the classifier is as sure as it should be.
    n_bins : int, default=10
        How many levels; each has about the same number of rows.

    Returns
    -------
    frame : DataFrame
        A row for each bin: `predicted`, the mean probability; `observed`, the share of
        rows for which it came true, with `low` and `high`, its 95 % interval (Wilson);
        `n_rows`. Each row counts once, however often it was predicted.
    event : str
        What the probability is of, in words.

    Raises
    ------
    ValueError
        If there are no probabilities, or `pos_label` is no class.
    """
    probability, came_true, event = select_event(predictions, pos_label)
    if not (isinstance(n_bins, (int, np.integer)) and n_bins >= 2):
        raise ValueError(f"n_bins must be a whole number of at least 2, got {n_bins!r}")
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, n_bins + 1)[1:-1]))
    bins = pd.DataFrame({"bin": np.searchsorted(edges, probability), "p": probability, "true": came_true})
    grouped = bins.groupby("bin", sort=True)
    frame = pd.DataFrame({"predicted": grouped["p"].mean(), "observed": grouped["true"].mean()})
    n_rows = grouped.size() / predictions.n_repeats
    frame["low"], frame["high"] = compute_wilson_interval(frame["observed"].to_numpy(), n_rows.to_numpy())
    frame["n_rows"] = n_rows
    return frame.reset_index(drop=True), event


def select_event(predictions: Predictions, pos_label: Any) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the probability of an event, whether it came true, and its name."""
    classes, probabilities = predictions.classes, predictions.probabilities
    if probabilities is None or classes is None:
        raise ValueError("calibration needs probabilities: give a classifier with predict_proba, or its evaluation")
    if pos_label is None and len(classes) > 2:
        top = probabilities.argmax(axis=1)
        return probabilities.max(axis=1), classes[top] == predictions.y, "the predicted class"
    label = classes[-1] if pos_label is None else pos_label
    found = np.flatnonzero(classes == label)
    if not len(found):
        raise ValueError(f"pos_label={pos_label!r} must be one of the classes {classes.tolist()}")
    return (
        probabilities[:, found[0]],
        predictions.y == label,
        f"{predictions.target} = {label}" if predictions.target else f"class {label}",
    )


def measure_gap(frame: pd.DataFrame) -> float:
    """Return the expected calibration error: the mean distance from the diagonal.

    Rows count, not bins.
    """
    return float(np.average((frame["observed"] - frame["predicted"]).abs(), weights=frame["n_rows"]))


def compute_wilson_interval(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of shares of n rows (Wilson 1927), within [0, 1]."""
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
