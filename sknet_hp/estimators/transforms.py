"""Other ways than standardisation to bring numeric columns onto a common scale; each learns from training rows alone."""

from __future__ import annotations

import warnings

import numpy as np

from sknet_hp.estimators.standardise import LIMIT, NumericBlocks, Standardiser

_SAMPLE = 100_000  # rows from which quantiles are taken: a standard error of the median of 0.3 % of a rank
_NOISE = 1e-5  # of a column's standard deviation, so that values which come often share several quantiles (Gorishniy et al. 2021)


class _Learned:
    """A transformation learned from a sample of rows.

    Attributes
    ----------
    flagged_ : int ndarray
        Positions of the columns with missing values in training; each has a 0/1 column.
    """

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> _Learned:
        """Learn from rows of positive weight; more than that weights do not say here."""
        counts = np.ones(blocks.n_rows, dtype=bool) if weight is None else weight > 0
        every = max(1, -(-int(counts.sum()) // _SAMPLE))
        number = np.cumsum(counts) - 1  # of each row among those that count
        parts, flagged = [], np.zeros(blocks.width, dtype=bool)
        for rows, values, missing in blocks:
            if missing is not None:
                flagged |= missing[counts[rows]].any(axis=0)
            parts.append(values[counts[rows] & (number[rows] % every == 0)])
        self.flagged_ = np.flatnonzero(flagged)
        self._learn(np.concatenate(parts))
        return self

    def _learn(self, sample: np.ndarray) -> None:
        """`sample` is (rows, width) float64; missing values are NaN."""
        raise NotImplementedError

    def _apply(self, values: np.ndarray) -> np.ndarray:
        """(rows, width) transformed; missing values become NaN, or what they are to be."""
        raise NotImplementedError

    def write(self, blocks: NumericBlocks, out: np.ndarray) -> None:
        """Write transformed columns, then flags, into ``out``, of shape (n_rows, width + n_flags)."""
        width = blocks.width
        for rows, values, missing in blocks:
            done = self._apply(values)
            if missing is not None:
                done[missing] = 0.0
            out[rows, :width] = np.clip(done, -LIMIT, LIMIT)
            if len(self.flagged_):
                out[rows, width:] = 0.0 if missing is None else missing[:, self.flagged_]


class Quantile(_Learned):
    """To a normal distribution, by quantiles of the training rows with a little noise (Gorishniy et al. 2021); missing values to the median."""

    def _learn(self, sample: np.ndarray) -> None:
        from sklearn.preprocessing import QuantileTransformer

        with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # columns that are all missing
            spread = np.nanstd(sample, axis=0)
        spread = np.where(np.isfinite(spread), spread, 0.0)
        noise = np.random.default_rng(0).standard_normal(sample.shape) * (spread * _NOISE)
        n_quantiles = min(len(sample), max(min(len(sample) // 30, 1000), 10))
        self._constant = spread == 0
        self.transformer_ = QuantileTransformer(n_quantiles=n_quantiles, output_distribution="normal", subsample=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            self.transformer_.fit(np.where(self._constant, 0.0, sample + noise))

    def _apply(self, values: np.ndarray) -> np.ndarray:
        done = self.transformer_.transform(np.where(self._constant, 0.0, values))
        done[:, self._constant] = 0.0
        return done


class RobustSmooth(_Learned):
    """Minus the median, divided by the interquartile range, then x / √(1 + (x / 3)²) (Holzmüller et al. 2024); missing values to the median.

    Where the interquartile range is zero, half the range divides; where that is zero too, the column becomes zero.
    """

    def _learn(self, sample: np.ndarray) -> None:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            low, first, median, third, high = np.nanquantile(sample, [0, 0.25, 0.5, 0.75, 1], axis=0)
            spread = third - first
            spread = np.where(spread > 0, spread, (high - low) / 2)
            self.factor_ = np.where((spread > 0) & np.isfinite(spread), 1 / spread, 0.0)
        self.median_ = np.nan_to_num(median)

    def _apply(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            x = np.clip((values - self.median_) * self.factor_, -LIMIT, LIMIT)
        return x / np.sqrt(1 + (x / 3) ** 2)


class Unchanged(_Learned):
    """As they are; missing values to zero."""

    def _learn(self, sample: np.ndarray) -> None:
        pass

    def _apply(self, values: np.ndarray) -> np.ndarray:
        return values


TRANSFORMS: dict[str, type[Standardiser] | type[_Learned]] = {
    "standard": Standardiser,
    "quantile": Quantile,
    "robust_smooth": RobustSmooth,
    "none": Unchanged,
}
