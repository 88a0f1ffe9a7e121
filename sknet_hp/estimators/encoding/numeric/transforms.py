"""Transformations of numeric columns to a common scale, learned from training rows."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np

from sknet_hp.estimators.encoding.numeric.sample import SampleLearner, compute_quantiles
from sknet_hp.estimators.encoding.numeric.standardise import LIMIT, NumericBlocks, Standardiser

_NOISE = 1e-5  # of a column's spread, so that values which come often share several quantiles (Gorishniy et al. 2021)
_FAR = 1e300  # in units of the spread: differences of such numbers are finite


def _find_flagged(blocks: NumericBlocks, weight: np.ndarray | None) -> np.ndarray:
    """Return which columns miss values in rows of positive weight, bool (width,)."""
    flagged = np.zeros(blocks.width, dtype=bool)
    for rows, _, missing in blocks:
        if missing is not None:
            flagged |= (missing if weight is None else missing[weight[rows] > 0]).any(axis=0)
    return flagged


class ColumnTransform(SampleLearner):
    """A transformation column by column.

    Each column with missing values in training has a 0/1 column more.

    Attributes
    ----------
    limit : to the size of what is written.
    """

    limit = LIMIT

    def _apply(self, values: np.ndarray) -> np.ndarray:
        """Transform values, (rows, width); missing ones may be NaN in the result."""
        raise NotImplementedError

    def write(self, blocks: NumericBlocks, out: np.ndarray) -> None:
        """Write transformed columns, then flags, into ``out``.

        ``out`` has shape (n_rows, width + n_flags).
        """
        width = blocks.width
        for rows, values, missing in blocks:
            done = self._apply(values)
            if missing is not None:
                done[missing] = 0.0
            if not (done.max() <= self.limit and done.min() >= -self.limit):  # rare, and cheaper to ask than to clip
                done = np.clip(done, -self.limit, self.limit)
            out[rows, :width] = done
            if len(self.flagged_):
                out[rows, width:] = 0.0 if missing is None else missing[:, self.flagged_]


class Quantile(ColumnTransform):
    """Brings columns to a normal distribution (Gorishniy et al. 2021).

    It goes by quantiles of the training rows with a little noise. Missing values become
    the median.

    The noise is in proportion to the median distance from the median, of the values
    that differ from it: unlike the standard deviation of the paper, it stays small
    beside the gaps between most values when some are far away. It is positive unless
    the column is constant, which then becomes zero.

    Weights say no more here than that rows of weight zero teach nothing.
    """

    def _learn(self, sample: np.ndarray, weight: np.ndarray | None) -> None:
        from sklearn.preprocessing import QuantileTransformer

        self.centre_ = _compute_medians(sample)
        with np.errstate(over="ignore"):
            distance = np.abs(sample - self.centre_)
        distance[distance == 0] = np.nan
        self.spread_ = np.minimum(_compute_medians(distance), np.finfo(np.float64).max)  # NaN if constant
        noise = np.random.default_rng(0).standard_normal(sample.shape) * _NOISE
        n_quantiles = min(len(sample), max(min(len(sample) // 30, 1000), 10))
        self.transformer_ = QuantileTransformer(n_quantiles=n_quantiles, output_distribution="normal", subsample=None)
        self.transformer_.fit(self._scale(sample) + noise)

    def _apply(self, values: np.ndarray) -> np.ndarray:
        done = self.transformer_.transform(self._scale(values))
        done[:, np.isnan(self.spread_)] = 0.0
        return done

    def _scale(self, values: np.ndarray) -> np.ndarray:
        """Scale values so that the transformer's tolerance of 1e-7 is small."""
        with np.errstate(over="ignore"):
            scaled = np.clip((values - self.centre_) / self.spread_, -_FAR, _FAR)
        return np.where(np.isnan(self.spread_), 0.0, scaled)


def _compute_medians(values: np.ndarray) -> np.ndarray:
    """Return the median of each column's present values, NaN if there are none.

    Of two in the middle it is the lower one.
    """
    medians = np.full(values.shape[1], np.nan)
    for j, column in enumerate(values.T):
        present = column[~np.isnan(column)]
        if len(present):
            middle = (len(present) - 1) // 2
            medians[j] = np.partition(present, middle)[middle]
    return medians


class RobustSmooth(ColumnTransform):
    """Robust scaling and smooth clipping (Holzmüller et al. 2024).

    The median is subtracted, the interquartile range divides, then x becomes
    x / √(1 + (x / 3)²). Missing values become the median.

    Where the interquartile range is zero, half the range divides; where that is zero
    too, the column becomes zero.
    """

    def _learn(self, sample: np.ndarray, weight: np.ndarray | None) -> None:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            low, first, median, third, high = np.array(
                [compute_quantiles(column, weight, [0, 0.25, 0.5, 0.75, 1]) for column in sample.T]
            ).T
            spread = third - first
            spread = np.where(spread > 0, spread, (high - low) / 2)
            self.factor_ = np.where((spread > 0) & np.isfinite(spread), 1 / spread, 0.0)
        self.median_ = np.nan_to_num(median)

    def _apply(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            x = np.clip((values - self.median_) * self.factor_, -LIMIT, LIMIT)
        return x / np.sqrt(1 + (x / 3) ** 2)


class Unchanged(ColumnTransform):
    """Leaves columns as they are, in float32; missing values become zero."""

    limit = float(np.finfo(np.float32).max)

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> Self:
        """Learn which columns miss values."""
        self.flagged_ = np.flatnonzero(_find_flagged(blocks, weight))
        return self

    def _apply(self, values: np.ndarray) -> np.ndarray:
        return values


TRANSFORMS: dict[str, type[Standardiser] | type[ColumnTransform]] = {
    "standard": Standardiser,
    "quantile": Quantile,
    "robust_smooth": RobustSmooth,
    "none": Unchanged,
}
