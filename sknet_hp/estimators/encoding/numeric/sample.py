"""What is learned of columns from a sample of the training rows, and its quantiles."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from sknet_hp.estimators.encoding.numeric.standardise import NumericBlocks

_SAMPLE = 100_000  # rows from which quantiles are taken: a standard error of the median of 0.3 % of a rank
_SAMPLE_CELLS = 2**25  # at most, of wide tables: 256 MiB


class SampleLearner:
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
