"""A smooth surface through noisy scores, and whether it can be believed."""

from typing import NamedTuple

import numpy as np

WIDTHS = (0.07, 0.12, 0.2, 0.35)
"""Of the kernel, as shares of an axis; that which predicts best is taken."""

LEAST_POINTS = 12
"""With fewer no surface is drawn."""

LEAST_R2 = 0.1
"""Share of the variance of points left out that a surface must predict."""

BY_LUCK = 5.0
"""Divided by the number of points, what pure noise exceeds in about one of forty cases,
over one axis or two (simulated for 12 to 100 points).
"""

LEAST_MASS = 1.5
"""How many points must lie near a place for its height to be told, as a sum of kernel
weights.
"""


class Surface(NamedTuple):
    """Heights between points.

    Attributes
    ----------
    heights : (m,) NaN where no point is near; all NaN if it predicts nothing.
    r2 : the share of the variance of points, each left out in turn, that it predicts.
    """

    heights: np.ndarray
    r2: float


def smooth_scores(points: np.ndarray, scores: np.ndarray, at: np.ndarray) -> Surface:
    """Return means of the scores nearby, weighted by a Gaussian kernel.

    The estimator of Nadaraya and Watson (1964); its width is the one that predicts
    points best which are left out.

    Parameters
    ----------
    points : (n, d) in [0, 1].
    scores : (n,)
    at : (m, d) where heights are wanted.
    """
    nothing = np.full(len(at), np.nan)
    if len(points) < LEAST_POINTS or not np.ptp(scores):
        return Surface(nothing, 0.0)
    r2, width = max((_predict_left_out(points, scores, width), width) for width in WIDTHS)
    if r2 < max(LEAST_R2, BY_LUCK / len(points)):
        return Surface(nothing, max(r2, 0.0))
    weights = _weigh(at, points, width)
    mass = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        heights = weights @ scores / mass
    return Surface(np.where(mass >= LEAST_MASS, heights, np.nan), r2)


def _predict_left_out(points: np.ndarray, scores: np.ndarray, width: float) -> float:
    """Return R² of points that are predicted by all others."""
    weights = _weigh(points, points, width)
    np.fill_diagonal(weights, 0)
    mass = weights.sum(axis=1)
    # Without neighbours the mean of all others is what can be said.
    others = (scores.sum() - scores) / (len(scores) - 1)
    predicted = np.where(mass > 1e-6, weights @ scores / np.maximum(mass, 1e-300), others)
    return float(1 - ((scores - predicted) ** 2).sum() / ((scores - others) ** 2).sum())


def _weigh(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Return Gaussian weights of all pairs: (len(a), len(b))."""
    squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.exp(-0.5 * squares / width**2)
