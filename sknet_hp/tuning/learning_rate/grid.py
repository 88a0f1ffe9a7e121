"""Which rates are tried next."""

import numpy as np

COARSE, FINE = 0.5, 0.25
"""Distances of neighbouring rates, in decades: everywhere, and where it matters."""

FIRST, LAST = -5.0, 1.0
"""The rates that come first, as powers of ten."""

LEAST, MOST = -9.0, 5.0
"""How far the grid is ever extended."""

EXTENSION = 2.0
"""Decades by which the grid is extended where the best rate is near its end."""


def list_first() -> list[float]:
    """Return the rates that are tried first, the same for all optimizers."""
    return _to_rates(np.arange(FIRST, LAST + COARSE / 2, COARSE))


def list_beyond(tried: np.ndarray, suggestion: float, lowest: float, edge: float) -> list[float]:
    """Return rates beyond those that were tried, where they may be better.

    Parameters
    ----------
    tried : (n,) rising.
    suggestion, lowest, edge : what the losses so far say: the rates of the suggestion,
        of the lowest loss, and of divergence.
    """
    first, last = np.log10(tried[0]), np.log10(tried[-1])
    found: list[float] = []
    if np.log10(suggestion) < first + 2 * COARSE and first > LEAST:
        found += _to_rates(np.arange(max(LEAST, first - EXTENSION), first - COARSE / 2, COARSE))
    if (np.log10(lowest) > last - 2 * COARSE or not np.isfinite(edge)) and last < MOST:
        found += _to_rates(np.arange(last + COARSE, min(MOST, last + EXTENSION) + COARSE / 2, COARSE))
    return found


def list_between(tried: np.ndarray, suggestion: float, lowest: float, edge: float) -> list[float]:
    """Return rates between those that were tried, where the losses decide."""
    low, high = np.log10(suggestion) - COARSE, np.log10(lowest) + COARSE
    middles = (np.log10(tried[1:]) + np.log10(tried[:-1])) / 2
    near_edge = np.abs(middles - np.log10(edge)) < COARSE / 2 if np.isfinite(edge) else np.zeros(len(middles), bool)
    wide = np.diff(np.log10(tried)) > FINE * 1.01
    return _to_rates(middles[wide & (((low <= middles) & (middles <= high)) | near_edge)])


def _to_rates(decades: np.ndarray) -> list[float]:
    return [float(rate) for rate in 10.0 ** np.round(decades, 6)]
