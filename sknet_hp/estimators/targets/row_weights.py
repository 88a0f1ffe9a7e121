"""How much rows count in the loss, and which count at all."""

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from sknet_hp.estimators.types import ArrayLike, TableLike

_SMALLEST = float(np.finfo(np.float32).tiny)  # what is less is zero to the processor while it trains


def read_sample_weight(sample_weight: ArrayLike | None, X: TableLike) -> np.ndarray | None:
    """Return weights, checked, as float64 shares of the largest; None for none.

    Only ratios matter, and sums of shares can not overflow.
    """
    if sample_weight is None:
        return None
    weight: np.ndarray = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("sample_weight is zero for every row; at least one row needs a positive weight to learn from")
    return weight / weight.max()


def scale_weights(weight: np.ndarray | None) -> np.ndarray | None:
    """Return (n_rows,) float32 weights as shares of the largest: only ratios matter.

    None stands for equal weights.
    """
    if weight is None:
        return None
    if not weight.any():
        raise ValueError(
            "class_weight leaves no row to learn from or to validate on: those of positive weight belong to classes "
            "of weight zero"
        )
    weight = (weight / weight.max()).astype(np.float32)
    weight[weight < _SMALLEST] = 0.0
    return weight


def find_weighted_rows(weight: np.ndarray | None) -> np.ndarray | None:
    """Return the numbers of the rows of positive weight; None stands for all."""
    return None if weight is None or weight.all() else np.flatnonzero(weight)
