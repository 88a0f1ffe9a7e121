"""How much of a score's variance comes from seeds and how much from splits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

MOST_SEEDS = 10**6
"""More than anybody trains: for half-widths that are as good as zero."""


@dataclass(frozen=True)
class VarianceComponents:
    """The variance of the score of one fit, in three parts.

    Attributes
    ----------
    seed : float
        Of what a seed does in all splits alike.
    split : float
        Of what a split does to all seeds alike: its test rows are easier, its training
        rows better.
    seed_in_split : float
        The residual: what a seed does in one split and not in others. With the same
        rows and the same seed a network is the same, so this is the work of seeds too.
    """

    seed: float
    split: float
    seed_in_split: float

    @property
    def total(self) -> float:
        """The variance of the score of one fit."""
        return self.seed + self.split + self.seed_in_split

    @property
    def share_of_seeds(self) -> float:
        """The part, from 0 to 1, that comes from seeds; 0 where nothing varies."""
        return (self.seed + self.seed_in_split) / self.total if self.total else 0.0

    @property
    def share_of_splits(self) -> float:
        """The part, from 0 to 1, that comes from splits; 0 where nothing varies."""
        return self.split / self.total if self.total else 0.0


def decompose_variance(scores: ArrayLike) -> VarianceComponents:
    """Return what seeds and splits contribute to the variance of scores.

    A two-way layout with random effects, one score in each cell; the components follow
    from the mean squares, and those that would be negative are zero.

    Parameters
    ----------
    scores : array-like of shape (n_seeds, n_splits)

    Raises
    ------
    ValueError
        If there are fewer than two seeds or splits, or some scores are not finite.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, chapter 4.
    """
    table = check_score_table(scores)
    n_seeds, n_splits = table.shape
    by_seed, by_split = table.mean(axis=1), table.mean(axis=0)
    residuals = table - by_seed[:, None] - by_split[None, :] + table.mean()
    ms_residual = float(np.sum(residuals**2)) / ((n_seeds - 1) * (n_splits - 1))
    ms_seed = n_splits * float(np.var(by_seed, ddof=1))
    ms_split = n_seeds * float(np.var(by_split, ddof=1))
    rounding = (8 * np.finfo(float).eps * float(np.max(np.abs(table)))) ** 2
    seed, split, rest = ((ms_seed - ms_residual) / n_splits, (ms_split - ms_residual) / n_seeds, ms_residual)
    return VarianceComponents(*(part if part > rounding else 0.0 for part in (seed, split, rest)))


def compute_seed_noise(scores: ArrayLike) -> float:
    """Return by how much a mean over the splits varies from seed to seed.

    Parameters
    ----------
    scores : array-like of shape (n_seeds, n_splits)

    Returns
    -------
    sd : float
        The standard deviation over seeds of the mean over splits.
    """
    table = check_score_table(scores, least_splits=1)
    sd = float(np.std(table.mean(axis=1), ddof=1))
    return sd if sd > 8 * np.finfo(float).eps * float(np.max(np.abs(table))) else 0.0


def compute_noise_threshold(sd: float, degrees_of_freedom: int, n_seeds: int, confidence: float) -> float:
    """Return the difference that two runs of the same estimator seldom exceed.

    Parameters
    ----------
    sd : float
        Of the score of one seed.
    degrees_of_freedom : int
        Of that estimate.
    n_seeds : int
        Over how many seeds each of the two is averaged.
    confidence : float
        How often the difference of two runs stays within the threshold.
    """
    return float(stats.t.ppf((1 + confidence) / 2, degrees_of_freedom)) * sd * float(np.sqrt(2 / n_seeds))


def count_seeds_needed(sd: float, half_width: float, confidence: float = 0.95) -> int:
    """Return how many seeds bring the interval of their mean down to a half-width.

    The smallest n >= 2 with t(n - 1) · sd / √n <= half_width.

    Parameters
    ----------
    sd : float
        Of the score of one seed.
    half_width : float
        What is wanted, in units of the score.
    confidence : float, default=0.95

    Raises
    ------
    ValueError
        If `half_width` is not positive, or a million seeds would not do.
    """
    if not half_width > 0:
        raise ValueError(f"half_width must be positive, in units of the score, got {half_width!r}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence!r}")

    def is_enough(n: int) -> bool:
        return bool(stats.t.ppf((1 + confidence) / 2, n - 1) * sd / np.sqrt(n) <= half_width)

    if not is_enough(MOST_SEEDS):
        raise ValueError(
            f"half_width={half_width!r} would take more than {MOST_SEEDS:,} seeds (one varies by {sd:.3g})"
        )
    low, high = 1, MOST_SEEDS  # once there are enough, more are enough too
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def check_score_table(scores: ArrayLike, least_splits: int = 2) -> np.ndarray:
    """Return a table of scores, seeds by splits, if it can be decomposed."""
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < least_splits:
        raise ValueError(
            f"scores must have two or more seeds as rows and {least_splits} or more splits as columns, "
            f"got shape {table.shape}"
        )
    if not np.isfinite(table).all():
        seed, split = np.argwhere(~np.isfinite(table))[0]
        raise ValueError(
            f"the score of seed {seed} in split {split} is {table[seed, split]}; leave it out or fit again"
        )
    return table
