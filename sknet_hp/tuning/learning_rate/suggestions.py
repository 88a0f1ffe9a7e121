"""From losses at many rates to the rates that a person would choose.

Pure functions. Rates rise; losses are those of one seed, or the mean over seeds.
"""

from typing import NamedTuple

import numpy as np

BANDWIDTH = 0.15
"""Of the smoothing over rates, in decades."""

SPACING = 0.05
"""Of the rates of a smooth curve, in decades."""

TOLERANCE, MOST_OF_DROP = 0.04, 0.15
"""How much higher than the lowest loss that of the suggestion may be: by this share of
it, but never by more than this share of what training gains. Chosen with
the number of steps on every other table of `benchmarks/find_lr.py`.
"""


class Rates(NamedTuple):
    """The rates that can be read off a curve of losses."""

    suggestion: float
    steepest: float
    tenth_of_lowest: float
    edge_of_divergence: float


class Curve(NamedTuple):
    """Losses over rates, smooth, at many rates that are evenly spaced in decades."""

    rates: np.ndarray
    losses: np.ndarray


def read_sweep(
    rates: np.ndarray, losses: np.ndarray, first_losses: np.ndarray, chance: float, n_rows: float
) -> Rates | None:
    """Return what losses after trainings at constant rates say.

    Parameters
    ----------
    rates : (n,) rising.
    losses : (n,) the lowest of each training.
    first_losses : (n,) after the first epoch.
    chance : the loss of a network that has learned nothing of the columns.
    n_rows : that losses are the means of.

    Returns
    -------
    rates, or None if none of the losses is lower than chance.
    """
    if not np.nanmin(losses) < chance:
        return None
    curve = smooth_losses(rates, losses, chance)
    return Rates(
        suggestion=find_low_edge(curve, chance, n_rows),
        steepest=find_steepest(smooth_losses(rates, first_losses, chance)),
        tenth_of_lowest=find_lowest(curve) / 10,
        edge_of_divergence=find_edge_of_divergence(curve, chance),
    )


def smooth_losses(rates: np.ndarray, losses: np.ndarray, chance: float) -> Curve:
    """Return losses between rates, smoothed over neighbouring ones.

    Those beyond chance count as chance: a single explosion would drown its neighbours.
    """
    decades = np.log10(rates)
    fine = np.linspace(decades[0], decades[-1], 1 + max(2, round((decades[-1] - decades[0]) / SPACING)))
    between = np.interp(fine, decades, np.fmin(losses, chance))  # NaN counts as chance, too
    kernel = np.exp(-0.5 * ((fine[:, None] - fine) / BANDWIDTH) ** 2)
    return Curve(10**fine, kernel @ between / kernel.sum(axis=1))


def find_lowest(curve: Curve) -> float:
    """Return the rate of the lowest loss."""
    return float(curve.rates[np.argmin(curve.losses)])


def find_low_edge(curve: Curve, chance: float, n_rows: float) -> float:
    """Return the smallest rate that is nearly as good as the best.

    Short trainings favour rates that are too large for long ones: a rate that has come
    nearly as far goes further in the end.
    """
    k = int(np.argmin(curve.losses))
    limit = curve.losses[k] + compute_tolerance(float(curve.losses[k]), chance, n_rows)
    below = np.flatnonzero(curve.losses[:k] > limit)
    return float(curve.rates[below[-1] + 1 if len(below) else 0])


def compute_tolerance(lowest: float, chance: float, n_rows: float) -> float:
    """Return how much higher than the lowest a loss may be, to be nearly as good.

    At least by what a single row gains on average: where all rows but a few are
    learned, a share of the lowest loss is nothing, and luck would choose the rate.
    """
    drop = chance - lowest
    if lowest <= 0:  # a loss that may be negative has no share
        return TOLERANCE * drop
    return max(min(TOLERANCE * lowest, MOST_OF_DROP * drop), drop / n_rows)


def find_steepest(curve: Curve) -> float:
    """Return the rate at which the loss falls fastest over the logarithm of rates."""
    return float(curve.rates[np.argmin(np.gradient(curve.losses))])


def find_edge_of_divergence(curve: Curve, chance: float) -> float:
    """Return the rate above the best from which on half of the gain is lost.

    Infinity if none is so large.
    """
    k = int(np.argmin(curve.losses))
    worse = np.flatnonzero(curve.losses[k:] > (curve.losses[k] + chance) / 2)
    return float(curve.rates[k + worse[0]]) if len(worse) else float(np.inf)


def smooth_exponentially(losses: np.ndarray, beta: float = 0.98) -> np.ndarray:
    """Return the moving average of a ramp's losses, as fastai has it."""
    smooth, mean = np.empty(len(losses)), 0.0
    for k, loss in enumerate(losses):
        mean = beta * mean + (1 - beta) * loss
        smooth[k] = mean / (1 - beta ** (k + 1))
    return smooth


def find_valley(losses: np.ndarray) -> int:
    """Return the step in the middle of a ramp's longest fall.

    The longest fall is the longest series of steps, with others between them, whose
    losses only ever fall; fastai calls the middle of it the valley.
    """
    n = len(losses)
    length, before = np.ones(n, dtype=int), np.full(n, -1)
    for k in range(1, n):
        higher = np.flatnonzero(losses[:k] > losses[k])
        if len(higher):
            before[k] = higher[np.argmax(length[higher])]
            length[k] = length[before[k]] + 1
    fall = [int(np.argmax(length))]
    while before[fall[-1]] >= 0:
        fall.append(int(before[fall[-1]]))
    return (fall[-1] + fall[0]) // 2
