"""Intervals and tests for scores of cross-validation, as pure functions.

The scores of different splits are not independent: their training rows overlap. All
that stands here corrects for it as Nadeau & Bengio (2003) do.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class CorrectedT:
    """The mean of correlated values, with its Student's t distribution.

    Attributes
    ----------
    mean : float
        Of the values.
    sd : float
        Their standard deviation, with n - 1 in the denominator.
    scale : float
        The corrected standard error of the mean.
    degrees_of_freedom : int
        n - 1.
    """

    mean: float
    sd: float
    scale: float
    degrees_of_freedom: int

    @property
    def statistic(self) -> float:
        """The mean over its standard error; infinite if all values are the same."""
        if self.scale > 0:
            return self.mean / self.scale
        return float(np.copysign(np.inf, self.mean)) if self.mean else 0.0

    @property
    def p_value(self) -> float:
        """Two-sided, for a mean of zero."""
        return float(2 * stats.t.sf(abs(self.statistic), self.degrees_of_freedom))

    @property
    def effect_size(self) -> float:
        """The mean in standard deviations of the values (Cohen's d, paired)."""
        if self.sd > 0:
            return self.mean / self.sd
        return float(np.copysign(np.inf, self.mean)) if self.mean else 0.0

    def compute_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return both ends of the interval around the mean.

        Read as a posterior (Corani & Benavoli 2015), it is the interval that holds the
        true mean with this probability.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence!r}")
        half = float(stats.t.ppf((1 + confidence) / 2, self.degrees_of_freedom)) * self.scale
        return self.mean - half, self.mean + half

    def compute_probability_below(self, value: float) -> float:
        """Return the posterior probability that the true mean is below a value."""
        if self.scale > 0:
            return float(stats.t.cdf((value - self.mean) / self.scale, self.degrees_of_freedom))
        return float(self.mean < value)


class RopeProbabilities(NamedTuple):
    """Where a true difference lies, relative to a region of practical equivalence.

    Attributes
    ----------
    below : probability that it is below the region.
    inside : probability that it is inside, so that it makes no difference in practice.
    above : probability that it is above.
    """

    below: float
    inside: float
    above: float


def fit_corrected_t(values: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> CorrectedT:
    """Return the mean of values of cross-validation, with its corrected distribution.

    Its squared scale is (1/n + n_test/n_train) times the variance of the values, and it
    has n - 1 degrees of freedom. The second term stands for what the splits have in
    common; repeating a cross-validation does not make it smaller.

    Parameters
    ----------
    values : array-like of shape (n,)
        A score, or a difference of scores, for each split, repeats included.
    n_train, n_test : int or array-like of shape (n,)
        Rows of each split. Where splits differ, their means count.

    Returns
    -------
    CorrectedT

    Raises
    ------
    ValueError
        If there are fewer than two values, some are not finite, or the numbers of rows
        do not fit.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52.
    Bouckaert & Frank (2004) use it with repeated cross-validation.
    """
    array = check_values(values)
    n = len(array)
    train, test = (_average_rows(rows, name, n) for rows, name in ((n_train, "n_train"), (n_test, "n_test")))
    # Values that are equal but for rounding have no spread: 0.1 + 0.2 - 0.3 is not a difference.
    sd = float(np.std(array, ddof=1))
    if sd <= 8 * np.finfo(float).eps * float(np.max(np.abs(array))):
        sd = 0.0
    return CorrectedT(float(np.mean(array)), sd, sd * float(np.sqrt(1 / n + test / train)), n - 1)


def corrected_interval(
    scores: ArrayLike, n_train: ArrayLike, n_test: ArrayLike, confidence: float = 0.95
) -> tuple[float, float]:
    """Return a confidence interval for the true score of a way of training.

    The interval is for the mean score, on new rows, of models trained on `n_train` rows
    in this way. `docs/evaluation.md` shows how often it contains that score.

    Parameters
    ----------
    scores : array-like of shape (n,)
        A score for each split of cross-validation, including repeats.
    n_train, n_test : int or array-like of shape (n,)
        Numbers of training and test rows in each split.
    confidence : float, default=0.95
        How often the interval should contain the true score.

    Returns
    -------
    low, high : float
        Ends of the interval. They are equal if all scores are.

    Raises
    ------
    ValueError
        If there are fewer than two scores, or some are not finite.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52.

    Examples
    --------
    >>> from sknet_hp.evaluation import corrected_interval
    >>> scores = [0.81, 0.84, 0.79, 0.83, 0.80]
    >>> low, high = corrected_interval(scores, n_train=800, n_test=200)
    >>> f"{low:.3f} to {high:.3f}"
    '0.775 to 0.853'
    """
    return fit_corrected_t(scores, n_train, n_test).compute_interval(confidence)


def compute_rope_probabilities(posterior: CorrectedT, rope: float) -> RopeProbabilities:
    """Return the probabilities that a true difference is below, inside, above a rope.

    The Bayesian correlated t-test: with a flat prior, and a correlation between splits
    of n_test / (n_train + n_test), the posterior of the true difference is the
    corrected Student's t.

    Parameters
    ----------
    posterior : CorrectedT
        Of the differences.
    rope : float
        Half the width of the region of practical equivalence: differences from -rope to
        rope make none in practice.

    References
    ----------
    Corani & Benavoli (2015), A Bayesian approach for comparing cross-validated
    algorithms on multiple data sets, Machine Learning 100. Benavoli et al. (2017), Time
    for a change, JMLR 18.
    """
    if not (np.isfinite(rope) and rope >= 0):
        raise ValueError(f"rope must be a number of at least 0, half the width of the region, got {rope!r}")
    below = posterior.compute_probability_below(-rope)
    # The other side by symmetry: 1 - (1 - 1e-20) would be 0.
    mirrored = CorrectedT(-posterior.mean, posterior.sd, posterior.scale, posterior.degrees_of_freedom)
    above = mirrored.compute_probability_below(-rope)
    return RopeProbabilities(below, max(0.0, 1 - below - above), above)


def adjust_by_holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values that hold for all comparisons together.

    Parameters
    ----------
    p_values : array-like of shape (n_comparisons,)

    Returns
    -------
    adjusted : ndarray of shape (n_comparisons,)
        Rejecting where they are below 5 % makes one or more false rejections in at most
        5 % of such studies.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian
    Journal of Statistics 6.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def check_values(values: ArrayLike) -> np.ndarray:
    """Return scores as an array, if they can be judged together.

    Raises
    ------
    ValueError
        If there are fewer than two, they are not in one dimension, or some are not
        finite.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise ValueError(f"scores must be in one dimension, one for each split, got an array of shape {array.shape}")
    if len(array) < 2:
        raise ValueError(f"an interval or a test needs the scores of two or more splits, got {len(array)}")
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise ValueError(
            f"the score of split {bad[0]} is {array[bad[0]]} ({len(bad)} of {len(array)} are not finite); "
            "find out why that fit or metric failed, then score again"
        )
    return array


def _average_rows(rows: Any, name: str, n: int) -> float:
    counts = np.asarray(rows, dtype=float)
    if counts.ndim > 1 or (counts.ndim == 1 and len(counts) != n):
        raise ValueError(f"{name} must be one number, or one for each of the {n} splits, got shape {counts.shape}")
    if not (counts > 0).all():
        raise ValueError(f"{name} must be positive numbers of rows, got {rows!r}")
    return float(np.mean(counts))
