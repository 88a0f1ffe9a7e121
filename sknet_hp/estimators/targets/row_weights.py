"""What rows count for in the loss, and which count at all."""

import numpy as np

_SMALLEST = float(np.finfo(np.float32).tiny)  # what is less is zero to the processor while it trains


def shares(weight: np.ndarray | None) -> np.ndarray | None:
    """(n_rows,) float32, weights as shares of the largest: only ratios matter. None if
    all rows count the same.
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


def counting(weight: np.ndarray | None) -> np.ndarray | None:
    """Numbers of the rows of positive weight; None stands for all."""
    return None if weight is None or weight.all() else np.flatnonzero(weight)
