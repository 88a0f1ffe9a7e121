"""Any table to what a network takes: numbers on a common scale, bins, categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from sknet_hp.estimators.encoding.categories import Codes, OneHot, take_census
from sknet_hp.estimators.encoding.frames import open_table
from sknet_hp.estimators.encoding.numbers_as_text import find_nonnumeric_cell
from sknet_hp.estimators.encoding.room import check_room
from sknet_hp.estimators.encoding.sparse import SparseScaler, SparseTable
from sknet_hp.estimators.encoding.standardise import NumericBlocks
from sknet_hp.estimators.encoding.table import Table
from sknet_hp.estimators.encoding.transforms import TRANSFORMS, PiecewiseLinear
from sknet_hp.estimators.encoding.words import Words, is_text
from sknet_hp.nets.inputs import Inputs

_PART_BYTES = 2**26
_PART_ROWS = 1024


class TableEncoder(BaseEstimator):
    """Any table to a float32 matrix: numeric columns standardised, missing values
    filled and flagged, categories one-hot.

    The columns come in parts, each in the order of the input: standardised numbers; a
    0/1 flag for each numeric column with missing values in training; two numbers for
    each column of text; bins of the numbers; the 0/1 columns of categories and words;
    and codes, which are row numbers of one table of learned vectors for all columns
    that have some. All is learned on the rows given to `fit_transform`.

    Networks are given the same in a compact form, in which only the numbers are columns
    (`learn`, `encode`).

    Parameters
    ----------
    max_categories : int, default=100
        Most categories of a column that get a 0/1 column of their own. Rarer ones share
        one more.
    numeric_transform : {"standard", "quantile", "robust_smooth", "none"} or None,
        default="standard" How numbers are brought onto a common scale.
    n_bins : int, default=0
        Bins of a piecewise linear encoding of each number, beside the number itself;
        none if 0.
    equal_bins : bool, default=False
        Give all numbers as many bins.
    codes : bool, default=False
        Write a column of more than ``max_categories`` categories as codes.
    words : bool, default=False
        Look into strings of several words, of which a column has more than
        ``max_categories``, or which are mostly unique: 0/1 columns for the most
        frequent words, how many training rows share the whole string, and its length.
    round_width : bool, default=False
        Add columns of zeros, by an eighth at most, where the number of columns depends
        on the rows: so that the folds of a search agree about it, and their networks
        train together.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in training.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, only if all are strings.
    notes_ : list of str
        What a user should be told about the columns.
    """

    def __init__(
        self,
        max_categories: int = 100,
        numeric_transform: str | None = "standard",
        n_bins: int = 0,
        equal_bins: bool = False,
        codes: bool = False,
        words: bool = False,
        round_width: bool = False,
    ):
        self.max_categories = max_categories
        self.numeric_transform = numeric_transform
        self.n_bins = n_bins
        self.equal_bins = equal_bins
        self.codes = codes
        self.words = words
        self.round_width = round_width

    def fit_transform(self, X: Any, sample_weight: Any = None, *, estimator: Any = None) -> np.ndarray:
        """Learn from a table and encode it.

        Parameters
        ----------
        X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
            The numbers of a sparse one are divided by the root mean square of those of
            their column that are not zero, with "standard", and are not shifted, so
            that zeros stay zeros; they have no bins.
        sample_weight : array-like of shape (n_rows,), default=None
            A row of weight k counts as k rows, and one of weight 0 as none.
        estimator : estimator instance, default=None
            The estimator on whose behalf the table is encoded: it gets
            ``n_features_in_`` and ``feature_names_in_``, and error messages name it.
            The encoder itself if None.

        Returns
        -------
        encoded : float32 ndarray of shape (n_rows, n_encoded)
        """
        return _wide(self.learn(X, sample_weight, estimator=estimator))

    def learn(self, X: Any, sample_weight: Any = None, *, estimator: Any = None) -> Inputs:
        """Learn from a table and encode it in the compact form; parameters as in
        `fit_transform`.
        """
        if self.max_categories < 1:
            raise ValueError(f"max_categories must be at least 1, got {self.max_categories!r}.")
        table = self._open(X, estimator, reset=True)
        weight = None if sample_weight is None else _check_weight(sample_weight, table.n_rows)
        numeric = [table.is_numeric(column) for column in range(table.n_columns)]
        self._numeric = [column for column, is_numeric in enumerate(numeric) if is_numeric]
        self._learn_categories(table, [column for column in range(table.n_columns) if not numeric[column]], weight)
        self._numbers, self._bins = None, None
        blocks = None
        if self._numeric:
            blocks = NumericBlocks(table, self._numeric)
            sparse = isinstance(table, SparseTable)
            self._numbers = self._transform(sparse).fit(blocks, weight)
            self._bins = (
                PiecewiseLinear(self.n_bins, self.equal_bins).fit(blocks, weight)
                if self.n_bins and not sparse
                else None
            )
        return self._encode(table, blocks)

    def transform(self, X: Any, *, estimator: Any = None) -> np.ndarray:
        """Encode a table of the columns seen in training; parameters and result as in
        `fit_transform`.
        """
        return _wide(self.encode(X, estimator=estimator))

    def encode(self, X: Any, *, estimator: Any = None) -> Inputs:
        """Encode a table of the columns seen in training in the compact form;
        parameters as in `fit_transform`.
        """
        self._check_fitted()
        table = self._open(X, estimator, reset=False)
        return self._encode(table, NumericBlocks(table, self._numeric) if self._numeric else None)

    def encode_in_parts(self, X: Any, *, estimator: Any = None) -> Iterator[Inputs]:
        """Encode a table as `encode` does, some rows after the others: so many that the
        encoded ones take about `_PART_BYTES`.

        Parts but the last have a multiple of 1024 rows, and no part but the only one
        has fewer, so predictions in batches of up to 1024 do not depend on whether
        there are parts.
        """
        self._check_fitted()
        table = self._open(X, estimator, reset=False)
        starts = self._starts(table.n_rows)
        for start, stop in zip(starts, [*starts[1:], table.n_rows], strict=True):
            part = table if len(starts) == 1 else table.part(slice(start, stop))
            yield self._encode(part, NumericBlocks(part, self._numeric) if self._numeric else None)

    def is_one_part(self, n_rows: int) -> bool:
        """Whether `encode_in_parts` gives a table of so many rows as a whole."""
        return len(self._starts(n_rows)) == 1

    def _starts(self, n_rows: int) -> range:
        """Where the parts begin."""
        step = max(1, _PART_BYTES // (max(4, self._columns().row_bytes) * _PART_ROWS)) * _PART_ROWS
        return range(0, max(1, n_rows - _PART_ROWS + 1), step)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the encoded columns, as in ``age``, ``age_missing``, ``note_length``,
        ``age_bin0``, ``city_Paris``, ``city_infrequent``.
        """
        self._check_fitted()
        if input_features is None:
            input_features = getattr(self, "feature_names_in_", [f"x{column}" for column in range(self.n_features_in_)])
        names = [input_features[column] for column in self._numeric]
        if self._numbers is not None:
            names += [f"{names[position]}_missing" for position in self._numbers.flagged_]
        names += [f"{input_features[words.column]}_{name}" for words in self._texts for name in words.number_names_]
        if self._bins is not None:
            numeric = [input_features[column] for column in self._numeric]
            names += [
                f"{name}_bin{bin}"
                for name, count in zip(numeric, self._bins.counts_, strict=True)
                for bin in range(count)
            ]
        for one_hot in self._categories:
            names += [f"{input_features[one_hot.column]}_{name}" for name in one_hot.names_]
        names += [f"spare{number}" for number in range(self._columns().width - len(names))]
        names += [f"{input_features[codes.column]}_code" for codes in self._codes]
        return np.array(names, dtype=object)

    @property
    def n_numeric(self) -> int:
        """How many columns, the first ones, are numbers."""
        return len(self._numeric)

    @property
    def bins(self) -> tuple[int, int]:
        """(where the bins begin, how many each number has), with `equal_bins`."""
        return self._columns().first_bin, (
            self._bins.counts_[0] if self._bins is not None and self._bins.counts_ else 0
        )

    @property
    def text_columns(self) -> list[int]:
        """The columns that held strings in training."""
        return sorted(each.column for each in [*self._categories, *self._codes] if each.text_)

    @property
    def n_codes(self) -> int:
        """How many columns, the last ones, are codes."""
        return len(self._codes)

    @property
    def n_categories(self) -> int:
        """How many rows the table has that the codes are of; rounded up with
        `round_width`.
        """
        total = sum(codes.n_codes_ for codes in self._codes)
        return total + (-total % _step(total) if self.round_width else 0)

    def _open(self, X: Any, estimator: Any, *, reset: bool) -> Table:
        owner = self if estimator is None else estimator
        table = open_table(X, owner)  # first, as a wrong number of dimensions has a message of its own
        _check_columns(owner, X, reset)
        if reset:
            self.n_features_in_ = table.n_columns
            names = getattr(owner, "feature_names_in_", None)
            if names is not None:
                self.feature_names_in_ = names
            elif hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        return table

    def _check_fitted(self) -> None:
        if not hasattr(self, "n_features_in_"):
            raise NotFittedError("This TableEncoder has not learned from a table yet. Call fit_transform first.")

    def _learn_categories(self, table: Table, columns: list[int], weight: np.ndarray | None) -> None:
        self._categories: list[OneHot | Words] = []
        self._codes = []
        self.notes_ = []
        for column in columns:
            census = take_census(table, column, weight)
            odd = find_nonnumeric_cell(census.rows) if census.text and not table.is_category(column) else None
            if odd is not None:
                self.notes_.append(
                    f"{table.label(column)} is taken as text, for cells like {odd!r}, though most are numbers; "
                    f"pandas.to_numeric(column, errors='coerce') makes all others NaN, and astype('category') says "
                    f"that it is not meant as numbers"
                )
            coded = self.codes and len(census.rows.keys() - {None}) > self.max_categories
            if self.words and is_text(census, self.max_categories):
                self._categories.append(Words(column, census, self.max_categories))
            elif not coded:
                self._categories.append(OneHot(column, census, self.max_categories))
            if coded:
                self._codes.append(Codes(column, census))

    def _transform(self, sparse: bool) -> Any:
        """What brings numbers onto a common scale, new."""
        name = self.numeric_transform or "none"
        if not sparse:
            return TRANSFORMS[name]()
        if name not in ("standard", "none"):
            raise ValueError(
                f"numeric_transform={name!r} makes something else of the zeros of a sparse X; use 'standard', which "
                f"divides and does not shift, or 'none', or give X as a dense array"
            )
        return SparseScaler(name == "standard")

    @property
    def _texts(self) -> list[Words]:
        return [words for words in self._categories if isinstance(words, Words)]

    def _columns(self) -> _Columns:
        """Where the columns of each part begin."""
        n_numbers = 0 if self._numbers is None else len(self._numeric) + len(self._numbers.flagged_)
        first_bin = n_numbers + 2 * len(self._texts)
        first_category = first_bin + (0 if self._bins is None else sum(self._bins.counts_))
        end = first_category + sum(len(each.names_) for each in self._categories)
        spare = -end % _step(end) if self.round_width and end > len(self._numeric) else 0
        is_sparse = isinstance(self._numbers, SparseScaler)
        n_hot = len(self._categories) - len(self._texts)
        binned = 0 if self._bins is None else len(self._bins.binned_)
        row_bytes = 4 * (0 if is_sparse else first_bin) + 6 * binned + 4 * (n_hot + len(self._codes))
        return _Columns(n_numbers, first_bin, first_category, end + spare, is_sparse, row_bytes)

    def _encode(self, table: Table, blocks: NumericBlocks | None) -> Inputs:
        columns, n_rows = self._columns(), table.n_rows
        check_room(n_rows, columns.row_bytes)
        floats = np.empty((n_rows, 0 if columns.is_sparse else columns.first_bin), np.float32)
        made: dict[str, np.ndarray] = {}
        entries = []
        if self._numbers is not None and blocks is not None:
            if isinstance(self._numbers, SparseScaler):
                entries.append(self._numbers.entries(blocks))
            else:
                self._numbers.write(blocks, floats[:, : columns.n_numbers])
        if self._bins is not None and blocks is not None and self._bins.binned_:
            shape = n_rows, len(self._bins.binned_)
            made |= {"bins": np.empty(shape, np.uint16), "shares": np.empty(shape, np.float32)}
            made["starts"] = np.cumsum([0, *(self._bins.counts_[j] for j in self._bins.binned_)], dtype=np.int64)
            self._bins.write(blocks, made["bins"], made["shares"])
        first, number, hot = columns.first_category, columns.n_numbers, []
        for each in self._categories:
            if isinstance(each, Words):
                rows, found = each.write(table, floats[:, number : number + 2])
                entries.append((rows, first + found, np.ones(len(rows), np.float32)))
                number += 2
            else:
                hot.append(np.empty(n_rows, np.int32))
                each.write(table, hot[-1], first)
            first += len(each.names_)
        if hot:
            made["hot"] = np.column_stack(hot)
        if self._codes:
            made["codes"] = np.empty((n_rows, len(self._codes)), np.int32)
            first = 0
            for number, codes in enumerate(self._codes):
                codes.write(table, made["codes"][:, number], first)
                first += codes.n_codes_
        if columns.is_sparse or self._texts:
            made |= _by_rows(entries, n_rows)
        return Inputs(floats, columns.width, **made)


class _Columns(NamedTuple):
    """Where the wide columns of each part begin, and how many there are.

    Attributes
    ----------
    n_numbers : numbers and flags; they come first.
    first_bin, first_category : where the bins begin, and the 0/1 columns of categories
        and words.
    width : how many there are, those of codes apart.
    is_sparse : whether the numbers are entries of sparse columns.
    row_bytes : what a row takes in the compact form, entries of sparse columns apart.
    """

    n_numbers: int
    first_bin: int
    first_category: int
    width: int
    is_sparse: bool
    row_bytes: int


def _by_rows(entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]], n_rows: int) -> dict[str, np.ndarray]:
    """Entries of sparse columns (rows, columns, values), ordered by row and column."""
    rows, columns, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    order = np.lexsort((columns, rows))
    starts = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=starts[1:])
    return {"sparse_starts": starts, "sparse_columns": columns[order].astype(np.int32), "sparse_values": values[order]}


def _wide(inputs: Inputs) -> np.ndarray:
    check_room(len(inputs), 4 * inputs.n_features)
    return inputs.widen()


def _step(n: int) -> int:
    """What n is rounded up to a multiple of: an eighth of it at most."""
    return max(1, 2 ** (n.bit_length() - 4))


def _check_columns(owner: Any, X: Any, reset: bool) -> None:
    """Note, or compare, number and names of columns, as `validate_data` does."""
    nameless = type(X) is np.ndarray and not hasattr(owner, "feature_names_in_")
    if nameless and reset:
        owner.n_features_in_ = X.shape[1]
    elif not (nameless and getattr(owner, "n_features_in_", None) == X.shape[1]):
        validate_data(owner, X, reset=reset, skip_check_array=True)


def _check_weight(sample_weight: Any, n_rows: int) -> np.ndarray:
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight has shape {weight.shape}, and X has {n_rows} rows: it must be ({n_rows},).")
    if not np.isfinite(weight).all() or (weight < 0).any() or not (weight > 0).any():
        raise ValueError("sample_weight must be finite and not negative, and not all zero.")
    return weight / weight.max()
