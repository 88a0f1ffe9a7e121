"""Standardisation of a table's numeric columns, in blocks that fit in cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sknet_hp.estimators.encoding.tables.table import Numbers

LIMIT = 1e6
"""Standardised values are clipped to this size; their squares are finite in float32."""

_INNER_LOOP = 1024  # values; NumPy spends more on starting shorter inner loops than on their arithmetic
_BLOCK = 65_536  # float64 values, 512 KiB: a block stays in a core's cache between the steps on it


def make_infinity_error(label: str) -> ValueError:
    """Make the error for infinity in a column, in scikit-learn's words and more."""
    return ValueError(
        f"Input X contains infinity or a value too large for dtype('float64'). {label} holds it; replace it by a "
        f"number, or by NaN if it is not known."
    )


class NumericBlocks:
    """The numeric columns of a table, read block by block as float64.

    Iteration yields ``(rows, values, missing)``: a slice; the cells, of shape (block,
    width), in a buffer that the next block overwrites; and a mask of the missing ones,
    or None where there are none. The blocks' edges depend on the shape alone, so sums
    over them have the same bits for any kind of table.
    """

    def __init__(self, table: Numbers, columns: list[int]):
        self.table, self._columns = table, columns
        self.n_rows, self.width = table.n_rows, len(columns)
        self._group = max(1, _INNER_LOOP // self.width)
        self._step = self._group * max(1, _BLOCK // (self._group * self.width))
        self._complete: set[int] = set()  # starts of the blocks found to miss nothing

    def __iter__(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray | None]]:
        buffer = np.empty((min(self._step, self.n_rows), self.width))
        for start in range(0, self.n_rows, self._step):
            rows = slice(start, min(start + self._step, self.n_rows))
            values = buffer[: rows.stop - start]
            missing = None
            with np.errstate(over="ignore", invalid="ignore"):
                self.table.read_floats(self._columns, rows, values)
                if start not in self._complete:
                    missing = self._find_missing(values)
            if missing is None:
                self._complete.add(start)
            yield rows, values, missing

    def _find_missing(self, values: np.ndarray) -> np.ndarray | None:
        """Return a mask of missing cells, or None where there are none."""
        if np.isfinite(values.sum()):
            return None
        infinite = np.isinf(values).any(axis=0)  # (width,)
        if infinite.any():
            raise make_infinity_error(self.table.label(self._columns[int(infinite.argmax())]))
        missing = np.isnan(values)
        return missing if missing.any() else None  # finite values can also have a sum that overflows

    def tile(self, row: np.ndarray) -> np.ndarray:
        """Repeat a row of shape (width,) as `apply` wants it."""
        return np.tile(row, self._group)

    def apply(self, operation: np.ufunc, values: np.ndarray, tiled: np.ndarray) -> None:
        """Apply ``operation`` in place between each row of a block and a tiled row."""
        whole = len(values) - len(values) % self._group
        wide = values[:whole].reshape(-1, self._group * self.width)
        operation(wide, tiled, out=wide)
        operation(values[whole:], tiled[: self.width], out=values[whole:])

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum a block over its rows, to shape (width,)."""
        whole = len(values) - len(values) % self._group
        total = np.add.reduce(values[:whole].reshape(-1, self._group * self.width), axis=0)
        total[: values[whole:].size] += values[whole:].ravel()
        return np.add.reduce(total.reshape(self._group, self.width), axis=0)


class Standardiser:
    """Brings numbers to zero mean and unit variance; missing ones to the mean, flagged.

    Attributes
    ----------
    unit_ : float64 ndarray of shape (width,), or None
        What to multiply a column by before all else, if there are columns too large to
        square.
    mean_, std_ : float64 ndarray of shape (width,)
        ``std_`` is infinite for a column that is constant or all missing: it taught
        nothing, so it is zero ever after.
    flagged_ : int ndarray
        Positions of the columns with missing values in training; each has a 0/1 column.
    """

    def fit(self, blocks: NumericBlocks, weight: np.ndarray | None) -> Standardiser:
        """Learn the columns' moments.

        Rows count by ``weight``, of shape (n_rows,), or once each if it is None.
        """
        self.unit_ = None
        with np.errstate(over="ignore", invalid="ignore"):
            moments = _compute_moments(blocks, weight, self.unit_)
            too_large = ~np.isfinite(moments.mean + moments.variance)
            if too_large.any():  # float64 ends at 1e308, so squares do at 1e154
                self.unit_ = np.where(too_large, 2.0**-540, 1.0)
                moments = _compute_moments(blocks, weight, self.unit_)
        self.mean_, self.std_ = moments.mean, np.sqrt(moments.variance)
        self.std_[(self.std_ == 0) | (moments.present == 0)] = np.inf
        self.flagged_ = np.flatnonzero(moments.flagged)
        return self

    def write(self, blocks: NumericBlocks, out: np.ndarray) -> None:
        """Write standardised columns, then flags, into ``out``.

        ``out`` has shape (n_rows, width + n_flags).
        """
        mean, std = blocks.tile(self.mean_), blocks.tile(self.std_)
        unit = None if self.unit_ is None else blocks.tile(self.unit_)
        width = blocks.width
        with np.errstate(over="ignore"):
            for rows, values, missing in blocks:
                if unit is not None:
                    blocks.apply(np.multiply, values, unit)
                blocks.apply(np.subtract, values, mean)
                blocks.apply(np.divide, values, std)
                if missing is not None:
                    values[missing] = 0.0
                if values.max() > LIMIT or values.min() < -LIMIT:  # rare, and cheaper to ask than to clip
                    np.clip(values, -LIMIT, LIMIT, out=values)
                out[rows, :width] = values
                if len(self.flagged_):
                    out[rows, width:] = 0.0 if missing is None else missing[:, self.flagged_]


class _Moments(NamedTuple):
    """Moments of each column, all of shape (width,).

    They are its mean and variance, the weight behind them, and whether cells that count
    are missing.
    """

    mean: np.ndarray
    variance: np.ndarray
    present: np.ndarray
    flagged: np.ndarray


def _compute_moments(blocks: NumericBlocks, weight: np.ndarray | None, unit: np.ndarray | None) -> _Moments:
    """Compute the columns' moments.

    Cells are multiplied by ``unit``, of shape (width,), before all else if it is given.

    Two passes, each about a value of the column: the first about its first number,
    which keeps a constant column exact, the second about its mean. A mean far larger
    than the spread then costs no digits.
    """
    scale = None if unit is None else blocks.tile(unit)
    first = np.full(blocks.width, np.nan)
    total, present, squares = np.zeros((3, blocks.width))
    flagged = np.zeros(blocks.width, dtype=bool)
    centre = blocks.tile(total)
    for rows, values, missing in blocks:
        block_weight = None if weight is None else weight[rows]
        if scale is not None:
            blocks.apply(np.multiply, values, scale)
        if np.isnan(first).any():
            first = _find_first_numbers(first, values, missing, block_weight)
            centre = blocks.tile(np.nan_to_num(first))
        if missing is not None:
            flagged |= (missing if block_weight is None else missing & (block_weight[:, None] > 0)).any(axis=0)
        present += _sum_present(values, missing, block_weight)
        total += _sum_centred(blocks, values, missing, block_weight, centre, power=1)
    count = np.where(present > 0, present, 1.0)
    mean = np.nan_to_num(first) + total / count

    centre = blocks.tile(mean)
    for rows, values, missing in blocks:
        if scale is not None:
            blocks.apply(np.multiply, values, scale)
        squares += _sum_centred(blocks, values, missing, None if weight is None else weight[rows], centre, power=2)
    return _Moments(mean, squares / count, present, flagged)


def _sum_present(values: np.ndarray, missing: np.ndarray | None, weight: np.ndarray | None) -> np.ndarray | float:
    """Sum the weight of a block's cells that are not missing, per column."""
    if missing is None:
        return float(len(values) if weight is None else weight.sum())
    return (~missing).sum(axis=0) if weight is None else (weight[:, None] * ~missing).sum(axis=0)


def _sum_centred(
    blocks: NumericBlocks,
    values: np.ndarray,
    missing: np.ndarray | None,
    weight: np.ndarray | None,
    centre: np.ndarray,
    power: int,
) -> np.ndarray:
    """Sum weight * (value - centre) ** power over a block, which is overwritten.

    Missing values are left out.
    """
    blocks.apply(np.subtract, values, centre)
    if missing is not None:
        values[missing] = 0.0
    if power == 2:
        np.multiply(values, values, out=values)
    if weight is not None:
        np.multiply(values, weight[:, None], out=values)
    return blocks.sum(values)


def _find_first_numbers(
    known: np.ndarray, values: np.ndarray, missing: np.ndarray | None, weight: np.ndarray | None
) -> np.ndarray:
    """Return each column's first number in a row that counts.

    Where it is not ``known`` from earlier blocks, it is looked for in this one.
    """
    usable = np.ones(values.shape, dtype=bool) if missing is None else ~missing
    if weight is not None:
        usable &= weight[:, None] > 0
    found = values[usable.argmax(axis=0), np.arange(values.shape[1])]
    return np.where(np.isnan(known) & usable.any(axis=0), found, known)
