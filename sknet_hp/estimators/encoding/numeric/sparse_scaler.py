"""Scaling of numbers without a shift, so that the zeros of sparse tables stay zeros."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sknet_hp.estimators.encoding.numeric.standardise import LIMIT, NumericBlocks, make_infinity_error
from sknet_hp.estimators.encoding.tables.sparse import SparseTable


class SparseScaler:
    """Divides numbers by the root mean square of their column's, zeros left out.

    Missing ones become zero, with a flag.

    No mean is subtracted, so zeros stay zeros. All rows count alike where their weight
    is positive, as far as missing values are concerned, and by their weight in mean
    squares.

    Parameters
    ----------
    scaled : whether to divide at all.

    Attributes
    ----------
    factor_ : float64 ndarray of shape (width,)
        What columns are multiplied by; zero for one without a number that is not zero.
    flagged_ : int ndarray
        Positions of the columns with missing values in training; each has a 0/1 column.
    """

    def __init__(self, scaled: bool):
        self.scaled = scaled

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> SparseScaler:
        """Learn from the rows whose ``weight``, of shape (n_rows,), is positive.

        All rows count alike if it is None.
        """
        largest, total, squares = np.zeros((3, blocks.width))
        flagged = np.zeros(blocks.width, dtype=bool)
        for rows, columns, values in _read_entries(blocks):
            missing = np.isnan(values)
            counts = np.ones(len(rows), dtype=bool) if weight is None else weight[rows] > 0
            flagged[columns[missing & counts]] = True
            np.maximum.at(largest, columns[counts & ~missing], np.abs(values[counts & ~missing]))
        self.flagged_ = np.flatnonzero(flagged)
        if not self.scaled:
            self.factor_ = np.ones(blocks.width)
            return self
        unit = np.where(largest > 0, largest, 1.0)  # the square of a large number would be infinite
        for rows, columns, values in _read_entries(blocks):
            share = np.ones(len(rows)) if weight is None else weight[rows]
            share = np.where(np.isnan(values) | (values == 0), 0.0, share)
            total += np.bincount(columns, share, minlength=blocks.width)
            with np.errstate(over="ignore", invalid="ignore"):  # in rows that do not count
                parts = np.where(share > 0, (values / unit[columns]) ** 2, 0.0)
            squares += np.bincount(columns, share * parts, minlength=blocks.width)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            factor = 1 / (np.sqrt(squares / total) * unit)
        self.factor_ = np.where(np.isfinite(factor), factor, 0.0)
        return self

    def scale_entries(self, blocks: NumericBlocks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return scaled numbers, and flags in the columns behind those of the numbers.

        Returns
        -------
        rows, columns, values : int32, int32 and float32 of shape (entries,).
        """
        flag_of = np.full(blocks.width, -1)
        flag_of[self.flagged_] = blocks.width + np.arange(len(self.flagged_))
        limit = LIMIT if self.scaled else float(np.finfo(np.float32).max)
        found = []
        for rows, columns, values in _read_entries(blocks):
            missing = np.isnan(values)
            with np.errstate(over="ignore"):
                scaled = np.clip(values * self.factor_[columns], -limit, limit)
            flag = flag_of[columns]
            flagged = missing & (flag >= 0)
            scaled[flagged] = 1.0
            here = flagged | (~missing & (scaled != 0))
            found.append(
                (
                    rows[here].astype(np.int32),
                    np.where(flagged, flag, columns)[here].astype(np.int32),
                    scaled[here].astype(np.float32),
                )
            )
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def _read_entries(blocks: NumericBlocks) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield what a table stores, as `SparseTable.read_entries` does.

    Of a dense table that is all that is not zero.
    """
    table = blocks.table
    if not isinstance(table, SparseTable):
        for block, cells, _ in blocks:
            found, columns = np.nonzero(cells)
            yield block.start + found, columns, cells[found, columns]
        return
    for rows, columns, values in table.read_entries():
        infinite = np.isinf(values)
        if infinite.any():
            raise make_infinity_error(table.label(int(columns[infinite][0])))
        yield rows, columns, values
