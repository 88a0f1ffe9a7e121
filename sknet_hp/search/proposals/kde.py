"""Densities of good and bad candidates, as in BOHB (Falkner et al. 2018, section 3.2).

Each is a product of kernels, one for each coordinate.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

MIN_DENSITY = 1e-32


class KDE:
    """Kernel density over continuous coordinates in [0, 1] and unordered choices.

    Parameters
    ----------
    data : ndarray of shape (n, d)
        Without NaN; choices by their numbers.
    levels : ndarray of shape (d,)
        How many values a coordinate has, 0 for continuous.
    min_bandwidth : float

    Attributes
    ----------
    bandwidths : ndarray of shape (d,)
        Normal reference, 1.06 σ n^(−1 / (4 + d)), at least the least. That of a choice
        among L is at most (L − 1) / L, where all values are equally likely; more, which
        the rule gives to many values far apart, would make the datum's own the least
        likely.

    Notes
    -----
    Gaussian for what is continuous; for choices 1 − h on the datum's value and h / (L −
    1) on each other one (Aitchison & Aitken 1976). These are the kernels and the
    bandwidths of statsmodels' `KDEMultivariate`, which the authors use; it takes the
    number of data for L.
    """

    def __init__(self, data: np.ndarray, levels: np.ndarray, min_bandwidth: float = 1e-3):
        n, d = data.shape
        self.data, self.levels, self.choice = data, levels, levels > 0
        h = np.maximum(1.06 * data.std(axis=0) * n ** (-1 / (4 + d)), min_bandwidth)
        self.bandwidths = np.where(self.choice, np.minimum(h, 1 - 1 / np.maximum(levels, 1)), h)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Return the logarithm of the density at points of shape (m, d)."""
        h, other = self.bandwidths, np.maximum(self.levels - 1, 1)
        distance = points[:, None] - self.data  # (m, n, d)
        with np.errstate(divide="ignore"):  # for continuous coordinates, whose h may be above 1
            differs = np.where(distance == 0, np.log(np.where(self.choice, 1 - h, 1)), np.log(h / other))
        gaussian = -0.5 * (distance / h) ** 2 - np.log(h * np.sqrt(2 * np.pi))
        kernels = np.where(self.choice, differs, gaussian)
        return logsumexp(kernels.sum(axis=2), axis=1) - np.log(len(self.data))

    def sample(self, n: int, random_state: np.random.RandomState, bandwidth_factor: float = 3) -> np.ndarray:
        """Draw n points, an array of shape (n, d), each about one datum.

        Kernels are wider by a factor where they are continuous. Continuous coordinates
        are drawn from a normal distribution that is truncated to [0, 1]; a choice is
        kept with probability 1 − h, otherwise any value is drawn, as in the authors'
        code (HpBandSter).
        """
        about = self.data[random_state.randint(len(self.data), size=n)]
        wide = bandwidth_factor * self.bandwidths
        low, high = ndtr(-about / wide), ndtr((1 - about) / wide)
        normal = about + wide * ndtri(low + (high - low) * random_state.uniform(size=about.shape))
        kept = random_state.uniform(size=about.shape) < 1 - self.bandwidths
        drawn = np.floor(random_state.uniform(size=about.shape) * self.levels)
        return np.where(self.choice, np.where(kept, about, drawn), np.clip(normal, 0, 1))


def impute(data: np.ndarray, levels: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """Return data of a conditional space whose missing coordinates are filled.

    Each is filled with what a random row that has it holds there; at random if no row
    has it.
    """
    filled = data.copy()
    for row in filled:
        while np.isnan(row).any():
            missing = np.isnan(row)
            j = int(np.flatnonzero(missing)[0])
            valid = np.flatnonzero(~np.isnan(data[:, j]))
            if len(valid):
                row[missing] = data[random_state.choice(valid)][missing]
            else:
                row[j] = random_state.randint(levels[j]) if levels[j] else random_state.uniform()
    return filled


def log_ratio(good: KDE, bad: KDE, points: np.ndarray) -> np.ndarray:
    """Return log (max(g, 1e-32) / max(l, 1e-32)) of points: the least is the best."""
    least = np.log(MIN_DENSITY)
    ratio: np.ndarray = np.maximum(bad.log_density(points), least) - np.maximum(good.log_density(points), least)
    return ratio


class GoodAndBad(NamedTuple):
    """The density l of good candidates at one budget, and the density g of bad ones."""

    good: KDE
    bad: KDE


def fit_densities(
    configs: np.ndarray,
    losses: np.ndarray,
    levels: np.ndarray,
    random_state: np.random.RandomState,
    *,
    min_points: int,
    top_n_percent: int = 15,
    min_bandwidth: float = 1e-3,
) -> GoodAndBad | None:
    """Return the densities of what was seen at one budget, None if that is too little.

    Each density needs more data than there are dimensions.

    Parameters
    ----------
    configs : ndarray of shape (N, d), NaN where a candidate does not have a dimension.
    losses : ndarray of shape (N,); NaN, of those that failed, counts as the worst.
    levels : ndarray of shape (d,), as `KDE` takes them.
    """
    N, d = configs.shape
    n_good = max(min_points, top_n_percent * N // 100)
    n_bad = max(min_points, (100 - top_n_percent) * N // 100)
    order = np.argsort(losses, kind="stable")  # NaN comes last
    good, bad = configs[order[:n_good]], configs[order[n_good : n_good + n_bad]]
    if min(len(good), len(bad)) <= d:
        return None
    return GoodAndBad(*(KDE(impute(part, levels, random_state), levels, min_bandwidth) for part in (good, bad)))
