"""Piecewise linear encoding of numbers in bins, learned from training rows alone."""

from __future__ import annotations

from typing import Self

import numpy as np

from sknet_hp.estimators.encoding.numeric.sample import SampleLearner, compute_quantiles
from sknet_hp.estimators.encoding.numeric.standardise import NumericBlocks

MAX_BINS = 4096
"""Bins of all columns together at most; they are inputs of the network."""

ROWS_PER_BIN = 64
"""Rows for each bin at least; the number of bins is rounded down to a power of two.

Few rows teach many bins nothing but noise, and folds should agree about their number.
"""

_OFTEN = 0.25  # of the rows


class PiecewiseLinear(SampleLearner):
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
