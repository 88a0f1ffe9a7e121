"""Encoded rows, in the compact form that networks take.

They are floats, bins and how full they are, categories, entries of sparse columns, and
codes.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np


class Form(NamedTuple):
    """What an encoded table is made of.

    Attributes
    ----------
    width : columns that the network's first layer sees, those of codes apart.
    n_floats : those that are floats; they come first.
    n_binned, n_bins : numbers with bins, and how many bins they have together; their
        columns come next.
    n_hot : columns of categories, each a number of the one column that is 1.
    sparse : whether there are entries of sparse columns.
    n_codes : columns of numbers of learned vectors.
    """

    width: int
    n_floats: int
    n_binned: int = 0
    n_bins: int = 0
    n_hot: int = 0
    sparse: bool = False
    n_codes: int = 0

    @property
    def has_cells(self) -> bool:
        """Whether there is more than floats."""
        return self.n_binned > 0 or self.n_hot > 0 or self.sparse or self.width > self.n_floats


_DTYPES: dict[str, type] = {
    "floats": np.float32,
    "bins": np.uint16,
    "shares": np.float32,
    "starts": np.int64,
    "hot": np.int32,
}
_DTYPES |= {"sparse_starts": np.int64, "sparse_columns": np.int32, "sparse_values": np.float32, "codes": np.int32}


@cache
def _make_empty(dtype: type, *shape: int) -> np.ndarray:
    """Make an array of no cells, or of zeros, that nobody writes into."""
    return np.zeros(shape, dtype)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Encoded rows.

    A network sees `width` wide columns, of which only the floats exist; then the
    numbers of learned vectors.

    Attributes
    ----------
    floats : (rows, n_floats) float32, the first wide columns.
    width : how many wide columns there are.
    bins : (rows, n_binned) uint16, which bin of each number is filled in part; those
        below are full.
    shares : (rows, n_binned) float32, how full that bin is.
    starts : (n_binned + 1,) int64, where the bins of each number begin among all bins,
        whose wide columns come after the floats.
    hot : (rows, n_hot) int32, for each category the wide column that is 1, or -1.
    sparse_starts, sparse_columns, sparse_values : entries of other wide columns as in
        SciPy's CSR, int64 (rows + 1,), int32 and float32 (entries,).
    codes : (rows, n_codes) int32, numbers of learned vectors.
    """

    floats: np.ndarray
    width: int
    bins: np.ndarray = field(default_factory=lambda: _make_empty(np.uint16, 0, 0))
    shares: np.ndarray = field(default_factory=lambda: _make_empty(np.float32, 0, 0))
    starts: np.ndarray = field(default_factory=lambda: _make_empty(np.int64, 1))
    hot: np.ndarray = field(default_factory=lambda: _make_empty(np.int32, 0, 0))
    sparse_starts: np.ndarray = field(default_factory=lambda: _make_empty(np.int64, 0))
    sparse_columns: np.ndarray = field(default_factory=lambda: _make_empty(np.int32, 0))
    sparse_values: np.ndarray = field(default_factory=lambda: _make_empty(np.float32, 0))
    codes: np.ndarray = field(default_factory=lambda: _make_empty(np.int32, 0, 0))

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():  # kernels read them by their addresses
            array = getattr(self, name)
            if array.dtype != dtype or not (array.flags.c_contiguous and array.flags.aligned):
                object.__setattr__(self, name, np.require(array, dtype, ["C", "A"]))

    @classmethod
    def from_wide(cls, X: np.ndarray, n_codes: int = 0) -> "Inputs":
        """Take wide rows, (rows, width + n_codes), as `widen` gives them."""
        width = X.shape[1] - n_codes
        floats = np.ascontiguousarray(X[:, :width], dtype=np.float32)
        return cls(floats, width, codes=X[:, width:].astype(np.int32)) if n_codes else cls(floats, width)

    def __len__(self) -> int:
        return len(self.floats)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays, by name."""
        return {name: getattr(self, name) for name in _DTYPES}

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(array.nbytes for array in self.arrays.values())

    @cached_property
    def form(self) -> Form:
        """What it is made of."""
        return Form(
            self.width,
            self.floats.shape[1],
            self.bins.shape[1],
            int(self.starts[-1]),
            self.hot.shape[1],
            len(self.sparse_starts) > 0,
            self.codes.shape[1],
        )

    @property
    def n_features(self) -> int:
        """Columns of `widen`."""
        return self.width + self.codes.shape[1]

    def widen(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Write some rows out as one matrix, (rows, width + n_codes) float32.

        It is `floats` itself where there is nothing else and all rows are asked for.
        """
        floats, n_floats = self.floats[rows], self.floats.shape[1]
        if not self.form.has_cells and not self.form.n_codes:
            return floats
        numbers = np.arange(len(self))[rows]
        out = np.zeros((len(numbers), self.n_features), np.float32)
        out[:, :n_floats] = floats
        for f in range(self.bins.shape[1]):
            count = int(self.starts[f + 1] - self.starts[f])
            part = out[:, n_floats + int(self.starts[f]) :][:, :count]
            at = self.bins[numbers, f].astype(np.int64)
            part[np.arange(count) < at[:, None]] = 1.0
            part[np.arange(len(numbers)), at] = self.shares[numbers, f]
        for column in self.hot[numbers].T if self.hot.size else ():
            present = np.flatnonzero(column >= 0)
            out[present, column[present]] = 1.0
        if len(self.sparse_starts):
            first, last = self.sparse_starts[numbers], self.sparse_starts[numbers + 1]
            row = np.repeat(np.arange(len(numbers)), last - first)
            entry = (
                np.arange(len(row))
                - np.repeat(np.cumsum(last - first) - (last - first), last - first)
                + np.repeat(first, last - first)
            )
            out[row, self.sparse_columns[entry]] = self.sparse_values[entry]
        out[:, self.width :] = self.codes[numbers] if self.codes.size else 0
        return out

    def take(self, rows: slice) -> "Inputs":
        """Return some rows, without a copy."""
        changed = {
            name: getattr(self, name)[rows]
            for name in ("floats", "bins", "shares", "hot", "codes")
            if getattr(self, name).size or name == "floats"
        }
        if len(self.sparse_starts):
            begin, end, _ = rows.indices(len(self))
            changed["sparse_starts"] = self.sparse_starts[begin : end + 1]
        return Inputs(**{"width": self.width, **self.arrays, **changed})
