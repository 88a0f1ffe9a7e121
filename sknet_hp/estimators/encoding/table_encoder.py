"""The encoder of tables: numbers on a common scale, bins, dates, categories, words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from sknet_hp.estimators.encoding.categorical.categories import Codes, OneHot, count_categories
from sknet_hp.estimators.encoding.categorical.words import Words, is_text
from sknet_hp.estimators.encoding.columns import LearnedColumns, round_up
from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.dates.dated_table import DatedTable
from sknet_hp.estimators.encoding.dates.text import are_dates
from sknet_hp.estimators.encoding.doubts import describe_doubts
from sknet_hp.estimators.encoding.memory import check_memory
from sknet_hp.estimators.encoding.numeric.bins import PiecewiseLinear
from sknet_hp.estimators.encoding.numeric.sparse_scaler import SparseScaler
from sknet_hp.estimators.encoding.numeric.standardise import NumericBlocks, Standardiser
from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS, ColumnTransform
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.encoding.tables.sparse import SparseTable
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.nets.inputs import Inputs

_PART_BYTES = 2**26  # of encoded rows, about
_PART_ROWS = 1024  # parts have a multiple of these


class TableEncoder(BaseEstimator):
    """Encodes any table as a float32 matrix.

    Numeric columns are standardised, missing values filled and flagged, categories
    one-hot. Durations are numbers, of seconds. Dates become numbers, too: elapsed time,
    and where in the year, month, week and day (`DateColumn`). Text is taken as dates if
    all of it is like 2025-01-31 or 2025-01-31 18:30.

    The columns come in parts, each in the order of the input: standardised numbers,
    those of dates last; a 0/1 flag for each numeric column, and each of dates, with
    missing values in training; two numbers for each column of text; bins of the
    numbers; the 0/1 columns of categories and words; and codes, which are row numbers
    of one table of learned vectors for all columns that have some. All is learned on
    the rows given to `fit_transform`.

    Networks are given the same in a compact form, in which only the numbers are columns
    (`learn`, `encode`).

    Parameters
    ----------
    max_categories : int, default=100
        Most categories of a column that get a 0/1 column of their own. Rarer ones share
        one more.
    numeric_transform : {"standard", "quantile", "robust_smooth", "none"} or None
        How numbers are brought onto a common scale; "standard" by default.
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

    _dates: Sequence[DateColumn] = ()  # what models have that were saved before dates were read

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

    def fit_transform(
        self, X: TableLike, sample_weight: ArrayLike | None = None, *, estimator: BaseEstimator | None = None
    ) -> np.ndarray:
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
        return _make_dense(self.learn(X, sample_weight, estimator=estimator))

    def learn(
        self, X: TableLike, sample_weight: ArrayLike | None = None, *, estimator: BaseEstimator | None = None
    ) -> Inputs:
        """Learn from a table and encode it in the compact form.

        Parameters are those of `fit_transform`.
        """
        if self.max_categories < 1:
            raise ValueError(f"max_categories must be at least 1, got {self.max_categories!r}.")
        table = self._open_table(X, estimator, reset=True)
        weight = None if sample_weight is None else _check_weight(sample_weight, table.n_rows)
        self._numeric = [column for column in range(table.n_columns) if table.is_numeric(column)]
        typed = [column for column in range(table.n_columns) if table.is_date(column)]
        others = sorted(set(range(table.n_columns)) - {*self._numeric, *typed})
        written = self._learn_categories(table, others, weight)
        self._dates = [
            DateColumn(column, table.find_zone(column) if column in typed else None)
            for column in sorted([*typed, *written])
        ]
        moments = [date.read(table) for date in self._dates]
        for date, own in zip(self._dates, moments, strict=True):
            date.fit(own, weight)
        self._numbers: Standardiser | ColumnTransform | SparseScaler | None = None
        self._bins: PiecewiseLinear | None = None
        blocks = self._make_blocks(table, moments)
        if blocks is None:
            return self._encode(table, None)
        sparse = isinstance(table, SparseTable)
        self._numbers = self._make_scaler(sparse).fit(blocks, weight)
        self._drop_repeated_flags(self._numbers)
        if self.n_bins and not sparse:
            self._bins = PiecewiseLinear(self.n_bins, self.equal_bins).fit(blocks, weight)
        return self._encode(table, blocks)

    def transform(self, X: TableLike, *, estimator: BaseEstimator | None = None) -> np.ndarray:
        """Encode a table of the columns seen in training.

        Parameters and result are those of `fit_transform`.
        """
        return _make_dense(self.encode(X, estimator=estimator))

    def encode(self, X: TableLike, *, estimator: BaseEstimator | None = None) -> Inputs:
        """Encode a table of the columns seen in training in the compact form.

        Parameters are those of `fit_transform`.
        """
        self._check_fitted()
        table = self._open_table(X, estimator, reset=False)
        return self._encode(table, self._make_blocks(table))

    def encode_in_parts(self, X: TableLike, *, estimator: BaseEstimator | None = None) -> Iterator[Inputs]:
        """Encode a table as `encode` does, some rows after the others.

        There are so many rows in a part that it takes about `_PART_BYTES`. Parts but
        the last have a multiple of 1024 rows, and no part but the only one has fewer,
        so predictions in batches of up to 1024 do not depend on whether there are
        parts.
        """
        self._check_fitted()
        table = self._open_table(X, estimator, reset=False)
        starts = self._divide_rows(table.n_rows)
        for start, stop in zip(starts, [*starts[1:], table.n_rows], strict=True):
            part = table if len(starts) == 1 else table.select_rows(slice(start, stop))
            yield self._encode(part, self._make_blocks(part))

    def is_one_part(self, n_rows: int) -> bool:
        """Return whether `encode_in_parts` gives a table of so many rows as a whole."""
        return len(self._divide_rows(n_rows)) == 1

    def _divide_rows(self, n_rows: int) -> range:
        """Return the rows at which parts begin."""
        step = max(1, _PART_BYTES // (max(4, self.learned.layout.row_bytes) * _PART_ROWS)) * _PART_ROWS
        return range(0, max(1, n_rows - _PART_ROWS + 1), step)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the encoded columns.

        They are such as ``age``, ``age_missing``, ``note_length``, ``age_bin0``,
        ``city_Paris``, ``city_infrequent``.
        """
        self._check_fitted()
        if input_features is None:
            input_features = getattr(self, "feature_names_in_", [f"x{column}" for column in range(self.n_features_in_)])
        return np.array(self.learned.name_columns(input_features), dtype=object)

    @property
    def n_numeric(self) -> int:
        """The number of columns of numbers, which come first."""
        return self.learned.n_numeric

    @property
    def bins(self) -> tuple[int, int]:
        """(where the bins begin, how many each number has), with `equal_bins`."""
        n_bins = self._bins.counts_[0] if self._bins is not None and self._bins.counts_ else 0
        return self.learned.layout.first_bin, n_bins

    @property
    def text_columns(self) -> list[int]:
        """The columns that held strings in training, dates apart."""
        return sorted(each.column for each in [*self._categories, *self._codes] if each.text_)

    @property
    def n_codes(self) -> int:
        """The number of columns of codes, which come last."""
        return len(self._codes)

    @property
    def n_categories(self) -> int:
        """The number of learned vectors; rounded up with `round_width`."""
        total = sum(codes.n_codes_ for codes in self._codes)
        return round_up(total) if self.round_width else total

    @property
    def learned(self) -> LearnedColumns:
        """What was learned of each column."""
        return LearnedColumns(
            self._numeric, self._dates, self._numbers, self._bins, self._categories, self._codes, self.round_width
        )

    def _open_table(self, X: TableLike, estimator: BaseEstimator | None, *, reset: bool) -> Table:
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

    def _learn_categories(self, table: Table, columns: list[int], weight: np.ndarray | None) -> list[int]:
        """Learn the categories of columns; return those that hold dates, as text."""
        dates: list[int] = []
        self._categories: list[OneHot | Words] = []
        self._codes: list[Codes] = []
        self.notes_: list[str] = []
        for column in columns:
            counts = count_categories(table, column, weight)
            if counts.text and not table.is_category(column):
                if are_dates(text for text in counts.rows if text is not None):
                    dates.append(column)
                    continue
                self.notes_ += describe_doubts(table.label(column), counts)
            coded = self.codes and len(counts.rows.keys() - {None}) > self.max_categories
            if self.words and is_text(counts, self.max_categories):
                self._categories.append(Words(column, counts, self.max_categories))
            elif not coded:
                self._categories.append(OneHot(column, counts, self.max_categories))
            if coded:
                self._codes.append(Codes(column, counts))
        return dates

    def _drop_repeated_flags(self, numbers: Standardiser | ColumnTransform | SparseScaler) -> None:
        """Leave one flag for the numbers of a date, which are missing all at once."""
        first = len(self._numeric)
        repeated: list[int] = []
        for date in self._dates:
            repeated += range(first + 1, first + len(date.names_))
            first += len(date.names_)
        if repeated:
            numbers.flagged_ = numbers.flagged_[~np.isin(numbers.flagged_, repeated)]

    def _make_scaler(self, sparse: bool) -> Standardiser | ColumnTransform | SparseScaler:
        """Make what brings numbers onto a common scale."""
        name = self.numeric_transform or "none"
        if not sparse:
            return TRANSFORMS[name]()
        if name not in ("standard", "none"):
            raise ValueError(
                f"numeric_transform={name!r} makes something else of the zeros of a sparse X; use 'standard', which "
                f"divides and does not shift, or 'none', or give X as a dense array"
            )
        return SparseScaler(name == "standard")

    def _make_blocks(self, table: Table, moments: Sequence[np.ndarray] | None = None) -> NumericBlocks | None:
        """Return the numbers, those of dates among them; None if there are none."""
        if not self._dates:
            return NumericBlocks(table, self._numeric) if self._numeric else None
        dated = DatedTable(table, self._dates, moments or [date.read(table) for date in self._dates])
        return NumericBlocks(dated, [*self._numeric, *dated.added])

    def _encode(self, table: Table, blocks: NumericBlocks | None) -> Inputs:
        learned = self.learned
        check_memory(table.n_rows, learned.layout.row_bytes)
        return learned.encode(table, blocks)


def _make_dense(inputs: Inputs) -> np.ndarray:
    check_memory(len(inputs), 4 * inputs.n_features)
    return inputs.widen()


def _check_columns(owner: BaseEstimator, X: TableLike, reset: bool) -> None:
    """Note or compare the number and names of columns, as `validate_data` does."""
    nameless = type(X) is np.ndarray and not hasattr(owner, "feature_names_in_")
    if nameless and reset:
        owner.n_features_in_ = X.shape[1]
    elif not (nameless and getattr(owner, "n_features_in_", None) == X.shape[1]):
        validate_data(owner, X, reset=reset, skip_check_array=True)


def _check_weight(sample_weight: ArrayLike, n_rows: int) -> np.ndarray:
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight has shape {weight.shape}, and X has {n_rows} rows: it must be ({n_rows},).")
    if not np.isfinite(weight).all() or (weight < 0).any() or not (weight > 0).any():
        raise ValueError("sample_weight must be finite and not negative, and not all zero.")
    return weight / weight.max()
