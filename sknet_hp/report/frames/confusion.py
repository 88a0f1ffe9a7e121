"""Which classes are taken for which."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from sknet_hp.report.predictions import Predictions


def make_confusion_frame(predictions: Predictions) -> pd.DataFrame:
    """Return how often each class was predicted for rows of each class.

    Parameters
    ----------
    predictions : of a classifier.

    Returns
    -------
    frame : DataFrame
        A row for each two classes: `actual`, `predicted`; `n_rows`, how many rows, the
        mean over repeats; `share`, of the rows of the actual class.

    Raises
    ------
    ValueError
        If the predictions are numbers that are no classes.
    """
    if predictions.classes is None and predictions.predicted.dtype.kind == "f":
        raise ValueError("a confusion matrix needs classes, got predictions of a regressor; see ResidualsDisplay")
    labels = np.unique(np.concatenate([predictions.y, predictions.predicted]))
    counts = confusion_matrix(predictions.y, predictions.predicted, labels=labels) / predictions.n_repeats
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    actual, predicted = (side.ravel() for side in np.meshgrid(labels, labels, indexing="ij"))
    return pd.DataFrame({"actual": actual, "predicted": predicted, "n_rows": counts.ravel(), "share": shares.ravel()})
