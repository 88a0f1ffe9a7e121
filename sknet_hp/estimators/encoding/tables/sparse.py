"""SciPy's sparse matrices as tables, which are never made dense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from sknet_hp.estimators.types import TableLike

_ENTRIES = 2**18  # looked at in one go


class SparseTable:
    """A `Table` over a sparse matrix or array of any format."""

    def __init__(self, X: TableLike, estimator: BaseEstimator):
        # In scikit-learn's words: complex numbers, other than two dimensions, no rows, no columns.
        csr = check_array(
            X,
            accept_sparse="csr",
            dtype=None,
            ensure_all_finite=False,
            accept_large_sparse=True,
            estimator=estimator,
            input_name="X",
        )
        if csr.dtype.kind not in "fiub":
            raise TypeError(f"X is sparse and has dtype {csr.dtype}; allowed are numbers and booleans.")
        if not csr.has_canonical_format:
            csr = csr.copy()
            csr.sum_duplicates()
        self._csr = csr
        self.n_rows, self.n_columns = csr.shape

    def label(self, column: int) -> str:
        """Name a column, by its position, in an error message."""
        return f"Column {column}"

    def is_numeric(self, column: int) -> bool:
        """Return whether the column holds numbers: always."""
        return True

    def is_date(self, column: int) -> bool:
        """Return whether the column holds dates: never."""
        return False

    def is_category(self, column: int) -> bool:
        """Return whether the column is declared to hold categories: never."""
        return False

    def select_rows(self, rows: slice) -> SparseTable:
        """Return some rows."""
        made = object.__new__(SparseTable)
        made._csr = self._csr[rows]
        made.n_rows, made.n_columns = made._csr.shape
        return made

    def read_floats(self, columns: Sequence[int], rows: slice, out: np.ndarray) -> None:
        """Write cells as float64."""
        out[...] = self._csr[rows].toarray()[:, columns]

    def find_zone(self, column: int) -> str | None:
        """Refuse to read dates, of which there are none."""
        raise TypeError(f"{self.label(column)} holds no dates")

    def read_moments(self, column: int, rows: slice, zone: str | None) -> np.ndarray:
        """Refuse to read dates, of which there are none."""
        raise TypeError(f"{self.label(column)} holds no dates")

    def read_objects(self, column: int, rows: slice) -> np.ndarray:
        """Return cells as Python objects; a missing one is None."""
        cells = self._csr[rows].toarray()[:, column].astype(object)
        cells[cells != cells] = None
        return cells

    def read_entries(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield what is stored, block of rows by block.

        Each block is (row numbers, column numbers, values as float64), all of shape
        (entries,).
        """
        indptr = self._csr.indptr
        start = 0
        while start < self.n_rows:
            stop = max(start + 1, int(np.searchsorted(indptr, indptr[start] + _ENTRIES, side="right")) - 1)
            stored = slice(indptr[start], indptr[stop])
            rows = np.repeat(np.arange(start, stop), np.diff(indptr[start : stop + 1]))
            yield rows, self._csr.indices[stored], self._csr.data[stored].astype(np.float64)
            start = stop
