"""Transformations of numeric columns to a common scale, and their bins.

All learn from training rows alone.
"""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np

from sknet_hp.estimators.encoding.standardise import LIMIT, NumericBlocks, Standardiser

_SAMPLE = 100_000  # rows from which quantiles are taken: a standard error of the median of 0.3 % of a rank
_SAMPLE_CELLS = 2**25  # at most, of wide tables: 256 MiB
MAX_BINS = 4096
"""Bins of all columns together at most; they are inputs of the network."""

ROWS_PER_BIN = 64
"""Rows for each bin at least; the number of bins is rounded down to a power of two.

Few rows teach many bins nothing but noise, and folds should agree about their number.
"""

_OFTEN = 0.25  # of the rows
_NOISE = 1e-5  # of a column's spread, so that values which come often share several quantiles (Gorishniy et al. 2021)
_FAR = 1e300  # in units of the spread: differences of such numbers are finite


class _SampleLearner:
    """Learns from a sample of rows.

    Attributes
    ----------
    flagged_ : int ndarray
        Positions of the columns with missing values in training.
    """

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> Self:
        """Learn from rows of positive weight."""
        counts = None if weight is None else weight > 0
        n_counting = blocks.n_rows if counts is None else int(counts.sum())
        most = max(_SAMPLE // 10, min(_SAMPLE, _SAMPLE_CELLS // blocks.width))
        every = max(1, -(-n_counting // most))
        taken = np.arange(0, blocks.n_rows, every) if counts is None else np.flatnonzero(counts)[::every]
        sample, flagged = np.empty((len(taken), blocks.width)), np.zeros(blocks.width, dtype=bool)
        for rows, values, missing in blocks:
            if missing is not None:
                flagged |= (missing if counts is None else missing[counts[rows]]).any(axis=0)
            begin, end = np.searchsorted(taken, (rows.start, rows.stop))
            sample[begin:end] = values if end - begin == len(values) else values[taken[begin:end] - rows.start]
        self.flagged_ = np.flatnonzero(flagged)
        self._learn(sample, None if weight is None else weight[taken])
        return self

    def _learn(self, sample: np.ndarray, weight: np.ndarray | None) -> None:
        """Learn from a sample, (rows, width) float64, NaN where missing."""
        raise NotImplementedError


def _find_flagged(blocks: NumericBlocks, weight: np.ndarray | None) -> np.ndarray:
    """Return which columns miss values in rows of positive weight, bool (width,)."""
    flagged = np.zeros(blocks.width, dtype=bool)
    for rows, _, missing in blocks:
        if missing is not None:
            flagged |= (missing if weight is None else missing[weight[rows] > 0]).any(axis=0)
    return flagged


class ColumnTransform(_SampleLearner):
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


def compute_quantiles(column: np.ndarray, weight: np.ndarray | None, levels: Any) -> np.ndarray:
    """Compute quantiles of the values that are not missing, NaN if all are.

    A quantile is the smallest value up to which there is that share of the weight, so
    that a row of weight 2 is two rows.
    """
    present = ~np.isnan(column)
    if not present.any():
        return np.full(len(levels), np.nan)
    order = np.argsort(column[present], kind="stable")
    share = np.cumsum(np.ones(len(order)) if weight is None else weight[present][order])
    at = np.searchsorted(share, np.asarray(levels) * share[-1] * (1 - 1e-12))
    return column[present][order][at]


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


class PiecewiseLinear(_SampleLearner):
    """Piecewise linear encoding of numbers (Gorishniy et al. 2022).

    Each column becomes a row of bins, which fill up one after the other as its value
    rises.

    A bin is 0 below its range, 1 above, and linear within. A column of few distinct
    values has a bin between any two neighbours; others have `n_bins` between quantiles
    of the training rows, of which some stay empty where quantiles coincide. Values that
    more than a quarter of the rows have, such as the zeros of amounts that are mostly
    zero, would leave few bins to the other rows: quantiles are those of the others.
    Missing values leave all empty.

    Parameters
    ----------
    n_bins : of each column, at most. Fewer where that would make more than `MAX_BINS`
        of all or where rows are few (`ROWS_PER_BIN`), and none where not even two would
        fit.
    equal : whether all columns get as many bins, of which some stay empty, as long as
        there are any.
    """

    def __init__(self, n_bins: int, equal: bool = False):
        self.n_bins = n_bins
        self.equal = equal

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> Self:
        """Learn from rows of positive weight."""
        if min(self.n_bins, MAX_BINS // blocks.width) >= 2:
            return super().fit(blocks, weight)
        self._learn(np.empty((0, blocks.width)), None)  # no room for bins
        return self

    def _learn(self, sample: np.ndarray, weight: np.ndarray | None) -> None:
        n_bins = min(self.n_bins, MAX_BINS // sample.shape[1], 2 ** (len(sample) // ROWS_PER_BIN).bit_length() // 2)
        self.edges_, self.counts_ = [], []
        for column in sample.T if n_bins >= 2 else ():
            present = ~np.isnan(column)
            distinct, inverse = np.unique(column[present], return_inverse=True)
            few = len(distinct) <= n_bins + 1
            edges = (
                distinct
                if few
                else _choose_edges(
                    distinct, np.bincount(inverse, None if weight is None else weight[present]), n_bins + 1
                )
            )
            with np.errstate(over="ignore"):
                usable = len(edges) > 1 and bool(np.isfinite(np.diff(edges)).all())
            self.edges_.append(edges if usable else np.zeros(0))
            self.counts_.append(max(0, len(distinct) - 1) if few else n_bins)
        if not self.counts_:
            self.edges_, self.counts_ = [np.zeros(0)] * sample.shape[1], [0] * sample.shape[1]
        if self.equal:
            self.counts_ = [max(self.counts_, default=0)] * len(self.counts_)

    @property
    def binned_(self) -> list[int]:
        """Positions of the columns that have bins."""
        return [j for j, count in enumerate(self.counts_) if count]

    def write(self, blocks: NumericBlocks, bins: np.ndarray, shares: np.ndarray) -> None:
        """Write which bin is filled in part, and how much of it.

        The former goes into ``bins``, uint16, the latter into ``shares``, float32; both
        have shape (n_rows, len(binned_)).
        """
        for rows, values, missing in blocks:
            for k, j in enumerate(self.binned_):
                edges = self.edges_[j]
                if not len(edges):
                    bins[rows, k], shares[rows, k] = 0, 0.0
                    continue
                position, share = _locate_in_bins(values[:, j], edges)
                if missing is not None:
                    position[missing[:, j]], share[missing[:, j]] = 0, 0.0
                bins[rows, k], shares[rows, k] = position, share


def _choose_edges(distinct: np.ndarray, mass: np.ndarray, n: int) -> np.ndarray:
    """Choose n of more than n values at most, ascending.

    They are those with more than `_OFTEN` of the mass, and quantiles of the others.
    """
    often = mass > _OFTEN * mass.sum()
    return np.union1d(
        distinct[often], compute_quantiles(distinct[~often], mass[~often], np.linspace(0, 1, n - int(often.sum())))
    )


def _locate_in_bins(column: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bin that each value lies in, and how far; shapes (rows,)."""
    position = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, len(edges) - 2)
    with np.errstate(over="ignore", invalid="ignore"):
        share = (column - edges[position]) / (edges[position + 1] - edges[position])
    return position, np.clip(share, 0, 1)


TRANSFORMS: dict[str, type[Standardiser] | type[ColumnTransform]] = {
    "standard": Standardiser,
    "quantile": Quantile,
    "robust_smooth": RobustSmooth,
    "none": Unchanged,
}
