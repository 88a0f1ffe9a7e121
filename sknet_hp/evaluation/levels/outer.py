"""The outer splits of an evaluation."""

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target

from sknet_hp.evaluation.running.data import Data, Split


def make_outer_splits(
    cv: Any, data: Data, estimator: Any, *, n_repeats: int = 1, random_state: Any = None
) -> list[Split]:
    """Return the outer splits, repeat by repeat.

    Parameters
    ----------
    cv : int, None, splitter or iterable of (train, test)
        A number of folds (None: 5) shuffles rows; classes are equally frequent in all
        folds, and rows of one group stay together.
    data : all rows.
    estimator : whose kind says whether y are classes.
    n_repeats : how often the rows are split anew.
    random_state : of the shuffling.

    Raises
    ------
    ValueError
        If there are fewer groups or rows than folds, a splitter gives no split or tears
        groups apart, or repeats would all be the same.
    """
    if not isinstance(n_repeats, Integral) or n_repeats < 1:
        raise ValueError(f"n_repeats must be a whole number of at least 1, got {n_repeats!r}")
    draw = check_random_state(random_state)
    splits: list[Split] = []
    for repeat in range(n_repeats):
        splitter = _make_splitter(cv, data, estimator, seed=int(draw.randint(2**31 - 1)), n_repeats=n_repeats)
        pairs = _split(splitter, data)
        splits += [Split(repeat, fold, train, test) for fold, (train, test) in enumerate(pairs)]
    _check_splits(cv, splits, data)
    return splits


def is_ordered(splits: list[Split]) -> bool:
    """Return whether all training rows stand before all test rows, in every split.

    Then the order of rows is that of time.
    """
    return all(len(split.train) and len(split.test) and split.train.max() < split.test.min() for split in splits)


def are_classes(estimator: Any, y: Any) -> bool:
    """Return whether folds can have equal shares of the classes in y."""
    return y is not None and is_classifier(estimator) and type_of_target(y) in ("binary", "multiclass")


def _make_splitter(cv: Any, data: Data, estimator: Any, *, seed: int, n_repeats: int) -> Any:
    if cv is None or (isinstance(cv, Integral) and not isinstance(cv, bool)):
        n_folds = 5 if cv is None else int(cv)
        if n_folds < 2:
            raise ValueError(f"cv must be at least 2 folds, got {cv!r}")
        return _make_folds(n_folds, data, estimator, seed)
    if n_repeats == 1:
        return cv
    if getattr(cv, "shuffle", True) and hasattr(cv, "random_state"):
        splitter = clone(cv, safe=False)
        splitter.random_state = seed
        return splitter
    raise ValueError(
        f"n_repeats={n_repeats} needs splits that differ from repeat to repeat, but cv={cv!r} always gives the same; "
        f"give a number of folds, or a splitter that shuffles"
    )


def _make_folds(n_folds: int, data: Data, estimator: Any, seed: int) -> Any:
    classes = are_classes(estimator, data.y)
    if data.groups is None:
        if n_folds > data.n_rows:
            raise ValueError(f"cv={n_folds} folds need as many rows, but there are {data.n_rows}")
        kind = StratifiedKFold if classes else KFold
        return kind(n_folds, shuffle=True, random_state=seed)
    n_groups = len(np.unique(data.groups))
    if n_groups < n_folds:
        raise ValueError(
            f"cv={n_folds} folds need at least as many groups, but groups= has {n_groups}: rows of one group stay "
            f"together. Give cv={max(n_groups, 2)} or fewer, or finer groups"
        )
    kind = StratifiedGroupKFold if classes else GroupKFold
    return kind(n_folds, shuffle=True, random_state=seed)


def _split(splitter: Any, data: Data) -> list[tuple[np.ndarray, np.ndarray]]:
    with warnings.catch_warnings():
        # Splitters that know no groups are refused below, if they tear one apart.
        warnings.filterwarnings("ignore", message="The groups parameter is ignored", category=UserWarning)
        pairs = splitter.split(data.X, data.y, data.groups) if hasattr(splitter, "split") else splitter
        found = [(_to_numbers(train), _to_numbers(test)) for train, test in pairs]
    if not found:
        raise ValueError(f"cv={splitter!r} gives no split of these {data.n_rows} rows")
    return found


def _to_numbers(rows: Any) -> np.ndarray:
    """Return row numbers; rows may be a mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def _check_splits(cv: Any, splits: list[Split], data: Data) -> None:
    for split in splits:
        if not len(split.train) or not len(split.test):
            raise ValueError(
                f"cv={cv!r}: {split.name} has {len(split.train)} rows to train on and {len(split.test)} to score on"
            )
        if np.intersect1d(split.train, split.test).size:
            raise ValueError(f"cv={cv!r}: {split.name} trains on rows that it is scored on")
        torn = find_shared(data.groups, split.train, split.test)
        if torn:
            raise ValueError(
                f"cv={cv!r} puts rows of one group ({torn[0]!r}) on both sides of {split.name}; give a number of "
                f"folds, or a splitter that keeps groups together, such as GroupKFold, or leave groups out"
            )


def find_shared(groups: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> list[Any]:
    """Return the groups that have rows on both sides."""
    if groups is None:
        return []
    shared: list[Any] = np.intersect1d(groups[train], groups[test]).tolist()
    return shared
