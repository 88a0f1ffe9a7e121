"""What an evaluation is made on, and what each of its fits is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length, indexable

from sknet_hp.estimators.types import ArrayLike, TableLike


@dataclass(frozen=True)
class Data:
    """A table with its target, and what is known of its rows.

    Attributes
    ----------
    X, y : as they were given; y may be None.
    groups : of the rows, or None.
    sample_weight : of the rows, or None.
    """

    X: TableLike
    y: ArrayLike
    groups: np.ndarray | None = None
    sample_weight: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.X.shape[0]) if hasattr(self.X, "shape") else len(self.X)

    def select_metadata(self, rows: np.ndarray, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Return what is given of groups and weights of some rows, if it is named."""
        known = {"groups": self.groups, "sample_weight": self.sample_weight}
        return {name: part[rows] for name in names if (part := known[name]) is not None}


def read_data(X: TableLike, y: ArrayLike = None, groups: ArrayLike = None, sample_weight: ArrayLike = None) -> Data:
    """Return the data of an evaluation, checked for equal numbers of rows.

    Raises
    ------
    ValueError
        If lengths differ, groups or weights are not one value a row, a target or a
        group is missing, or weights are no weights.
    """
    if isinstance(y, str):
        raise TypeError(f"y must be the values to predict, one for each row; got {y!r}")
    X, y = indexable(X, y)
    _require_values("y", y, "leave them out, in X too")
    vectors = {"groups": _read_groups(groups), "sample_weight": _read_weights(sample_weight)}
    check_consistent_length(X, y, *vectors.values())
    return Data(X, y, **vectors)


def _require_values(name: str, given: ArrayLike, remedy: str) -> None:
    """Refuse targets, or groups, of which some are missing."""
    from pandas import isna

    if given is None:
        return
    # Lists of text would turn a NaN among them into text.
    missing = np.asarray(isna(np.asarray(given) if hasattr(given, "dtype") else np.asarray(given, dtype=object)))
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1))
        verb = "are" if name == "groups" else "is"
        raise ValueError(
            f"{name} {verb} missing in {len(rows)} of {len(missing)} rows, the first of which is row {rows[0]}: "
            f"{remedy}"
        )


def _read_groups(given: ArrayLike) -> np.ndarray | None:
    groups = _read_vector("groups", given)
    _require_values("groups", groups, "give each of them a group of its own, or leave them out")
    try:
        np.unique([] if groups is None else groups)
    except TypeError as error:
        kinds = ", ".join(sorted({type(group).__name__ for group in (() if groups is None else groups.tolist())}))
        raise ValueError(f"groups must be of one type, such as all text; got {kinds}") from error
    return groups


def _read_weights(given: ArrayLike) -> np.ndarray | None:
    weights = _read_vector("sample_weight", given)
    if weights is None:
        return None
    is_number = weights.dtype.kind in "biuf"
    if not is_number or not np.isfinite(weights).all() or weights.min(initial=0) < 0 or not weights.any():
        raise ValueError("sample_weight must be finite numbers of at least 0, and not all of them 0")
    return weights


def _read_vector(name: str, given: ArrayLike) -> np.ndarray | None:
    if given is None:
        return None
    vector = np.asarray(given)
    if vector.ndim != 1:
        received = repr(given) if isinstance(given, str) else f"an array of shape {vector.shape}"
        raise ValueError(f"{name} must have one value for each row, got {received}")
    return vector


class Split(NamedTuple):
    """Rows to train on, and rows to score on.

    Attributes
    ----------
    repeat, fold : its numbers, from 0.
    train, test : row numbers.
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"outer fold {self.fold}" + (f" of repeat {self.repeat}" if self.repeat else "")


class Task(NamedTuple):
    """An estimator to fit and score in one split.

    Attributes
    ----------
    name : of the estimator; tasks of one evaluation differ in the name or the split.
    estimator : that is cloned and fitted; see `sknet_hp.evaluation.levels`.
    split : its rows.
    is_cut : whether the estimator, a search, was given less time than it asks for.
    """

    name: str
    estimator: Any
    split: Split
    is_cut: bool = False
