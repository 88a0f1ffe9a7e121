"""What checks of data look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from sknet_hp.findings.data.table import Column, choose_rows, number_rows, read_columns, read_shape

Splits = Sequence[tuple[np.ndarray, np.ndarray]]

_MOST_CLASSES = 50
"""An integer target with more values is one of numbers, if no estimator says."""


@dataclass(frozen=True)
class DataCase:
    """A table with its target and its splits, or a sample of its rows.

    Attributes
    ----------
    n_rows : how many rows the whole table has.
    rows : array of int
        Which of its rows are in the sample, in their order; all of a small table.
    columns : list of Column
        With the sampled rows.
    target : array of shape (len(rows),), or None
        Class codes, or numbers as floats; None where there is not exactly one target.
    classes : array, or None
        By code; None for a target of numbers.
    splits : list of (train, test), or None
        Positions in the sample; rows that are not in it are left out.
    whole_target : array of shape (n_rows,), or None
        As `target`, of all rows.
    whole_splits : list of (train, test), or None
        Row numbers of the whole table.
    groups : array of shape (n_rows,), or None
        A group code for each row of the whole table.
    estimator : estimator, or None
    sparse_row_numbers : array of shape (len(rows),), or None
        Of a sparse table: a number for each row, the same for equal rows.
    """

    n_rows: int
    rows: np.ndarray
    columns: list[Column]
    whole_target: np.ndarray | None = None
    classes: np.ndarray | None = None
    whole_splits: Splits | None = None
    groups: np.ndarray | None = None
    estimator: Any = None
    sparse_row_numbers: np.ndarray | None = None

    @property
    def is_sample(self) -> bool:
        """Whether there are rows that are not looked at."""
        return len(self.rows) < self.n_rows

    @cached_property
    def target(self) -> np.ndarray | None:
        """The target of the sampled rows."""
        return None if self.whole_target is None else self.whole_target[self.rows]

    @cached_property
    def splits(self) -> Splits | None:
        """The splits of the sampled rows."""
        if self.whole_splits is None or not self.is_sample:
            return self.whole_splits
        positions = np.full(self.n_rows, -1)
        positions[self.rows] = np.arange(len(self.rows))
        return [(_drop_others(positions[train]), _drop_others(positions[test])) for train, test in self.whole_splits]


def _drop_others(positions: np.ndarray) -> np.ndarray:
    return positions[positions >= 0]


def make_case(
    X: Any, y: Any = None, *, splits: Iterable[Any] | None = None, groups: Any = None, estimator: Any = None
) -> DataCase | None:
    """Return what checks of data look at; None if X is no table.

    Parameters
    ----------
    X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,)
    splits : iterable of (train, test), arrays of row numbers
    groups : array-like of shape (n_rows,)
    estimator : that is to learn from it; it tells classes from numbers.
    """
    shape = read_shape(X)
    if shape is None or 0 in shape:
        return None
    rows = choose_rows(*shape)
    target, classes = _read_target(y, estimator)
    return DataCase(
        n_rows=shape[0],
        rows=rows,
        columns=read_columns(X, rows),
        whole_target=target,
        classes=classes,
        whole_splits=None if splits is None else [(_number(train), _number(test)) for train, test in splits],
        groups=None if groups is None else np.unique(np.asarray(groups).astype(str), return_inverse=True)[1],
        estimator=estimator,
        sparse_row_numbers=number_rows(X, rows),
    )


def _number(rows: Any) -> np.ndarray:
    """Return the numbers of rows, which may be given as a mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows


def _read_target(y: Any, estimator: Any) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the target as numbers or class codes, and the classes."""
    y = None if y is None else np.asarray(y)
    if y is not None and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y is None or y.ndim != 1:
        return None, None
    if not _holds_classes(y, estimator):
        return (y.astype(float), None) if np.isfinite(y.astype(float)).all() else (None, None)
    classes, codes = np.unique(y.astype(str) if y.dtype.kind == "O" else y, return_inverse=True)
    return codes, classes


def _holds_classes(y: np.ndarray, estimator: Any) -> bool:
    has_tags = hasattr(estimator, "__sklearn_tags__")  # which estimators of others may lack
    if has_tags and is_regressor(estimator):
        return False
    if (has_tags and is_classifier(estimator)) or y.dtype.kind in "OUSb":
        return True
    n_values = len(np.unique(y))
    return n_values <= min(_MOST_CLASSES, len(y) / 2) and bool((y == np.round(y)).all())
