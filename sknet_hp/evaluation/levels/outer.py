"""The outer splits of an evaluation."""

import warnings
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target

from sknet_hp.evaluation.running.data import Data, Split

Rows = tuple[np.ndarray, np.ndarray]
"""The numbers of the rows to train on, and to score on."""


def make_outer_splits(
    cv: Any, data: Data, estimator: Any, *, n_repeats: int = 1, random_state: Any = None
) -> list[Split]:
    """Return the outer splits, repeat by repeat.

    Parameters
    ----------
    cv : int, None, splitter or iterable of (train, test)
        A number of folds (None: 5) shuffles rows; classes are equally frequent in all
        folds, and rows of one group stay together. What a splitter repeats by itself,
        such as `RepeatedKFold`, is counted as repeats too.
    data : all rows.
    estimator : whose kind says whether y are classes.
    n_repeats : how often the rows are split anew.
    random_state : of the shuffling.

    Raises
    ------
    TypeError
        If `cv` is nothing that splits.
    ValueError
        If there are fewer groups or rows than folds, a splitter gives no split or tears
        groups apart, row numbers are none, or repeats would all be the same.
    """
    if not isinstance(n_repeats, Integral) or n_repeats < 1:
        raise ValueError(f"n_repeats must be a whole number of at least 1, got {n_repeats!r}")
    draw = check_random_state(random_state)
    splits: list[Split] = []
    for _ in range(n_repeats):
        splitter = _make_splitter(cv, data, estimator, seed=int(draw.randint(2**31 - 1)), n_repeats=n_repeats)
        blocks = _divide_into_repeats(_split(splitter, data))
        for block in blocks:
            first = 1 + splits[-1].repeat if splits else 0
            splits += [Split(first, fold, train, test) for fold, (train, test) in enumerate(block)]
    _check_splits(cv, splits, data)
    return splits


def is_ordered(splits: list[Split]) -> bool:
    """Return whether all training rows stand before all test rows, in every split.

    Then the order of rows is that of time.
    """
    return all(len(split.train) and len(split.test) and split.train.max() < split.test.min() for split in splits)


def can_repeat(cv: Any) -> bool:
    """Return whether `cv` can split the rows anew, in another way."""
    return _is_count(cv) or (getattr(cv, "shuffle", True) and hasattr(cv, "random_state"))


def lacks_repeats(splits: list[Split], cv: Any) -> bool:
    """Return whether rows were split once, by `cv` that can split them in other ways.

    Rows in order of time can be split in one way only.
    """
    return can_repeat(cv) and are_disjoint(splits) and not is_ordered(splits)


def are_disjoint(splits: list[Split]) -> bool:
    """Return whether no row is scored twice, as in the folds of one repeat."""
    tests = np.concatenate([split.test for split in splits])
    return len(np.unique(tests)) == len(tests)


def are_classes(estimator: Any, y: Any) -> bool:
    """Return whether folds can have equal shares of the classes in y."""
    return y is not None and is_classifier(estimator) and type_of_target(y) in ("binary", "multiclass")


def _make_splitter(cv: Any, data: Data, estimator: Any, *, seed: int, n_repeats: int) -> Any:
    if _is_count(cv):
        n_folds = 5 if cv is None else int(cv)
        if n_folds < 2:
            raise ValueError(f"cv must be at least 2 folds, got {cv!r}")
        return _make_folds(n_folds, data, estimator, seed)
    if isinstance(cv, bool | Real | str | type) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise TypeError(
            f"cv must be a number of folds, a splitter such as KFold(5), or (train, test) pairs of row numbers; "
            f"got {cv!r}"
        )
    if n_repeats == 1:
        return cv
    if can_repeat(cv):
        splitter = clone(cv, safe=False)
        splitter.random_state = seed
        return splitter
    raise ValueError(
        f"n_repeats={n_repeats} needs splits that differ from repeat to repeat, but cv={cv!r} always gives the same; "
        f"give a number of folds, or a splitter that shuffles"
    )


def _is_count(cv: Any) -> bool:
    return cv is None or (isinstance(cv, Integral) and not isinstance(cv, bool))


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
            f"together. Give {f'cv={n_groups} or fewer' if n_groups > 1 else 'groups of which there are several'}"
        )
    kind = StratifiedGroupKFold if classes else GroupKFold
    return kind(n_folds, shuffle=True, random_state=seed)


def _split(splitter: Any, data: Data) -> list[Rows]:
    with warnings.catch_warnings():
        # Splitters that know no groups are refused below, if they tear one apart.
        warnings.filterwarnings("ignore", message="The groups parameter is ignored", category=UserWarning)
        pairs = list(splitter.split(data.X, data.y, data.groups) if hasattr(splitter, "split") else splitter)
    if not pairs:
        raise ValueError(f"cv={_show(splitter)} gives no split of these {data.n_rows} rows")
    if not all(hasattr(pair, "__len__") and len(pair) == 2 and all(map(np.ndim, pair)) for pair in pairs):
        raise ValueError(
            f"cv={_show(splitter)} must give (train, test) pairs of row numbers; a single pair is a list too: "
            f"cv=[(train, test)]"
        )
    return [(_to_numbers(train, data.n_rows), _to_numbers(test, data.n_rows)) for train, test in pairs]


def _to_numbers(rows: Any, n_rows: int) -> np.ndarray:
    """Return row numbers; rows may be a mask."""
    rows = np.asarray(rows)
    if rows.dtype == bool and len(rows) == n_rows:
        return np.flatnonzero(rows)
    if rows.dtype.kind not in "iu" and len(rows):
        raise ValueError(f"cv must give whole row numbers, or a mask of all {n_rows} rows; got {rows.dtype}")
    if len(rows) and not (-n_rows <= rows.min() and rows.max() < n_rows):
        raise ValueError(f"cv gives row {rows.max()}, but the table has {n_rows} rows, from 0 to {n_rows - 1}")
    return rows.astype(int) % n_rows if n_rows else rows.astype(int)


def _divide_into_repeats(pairs: list[Rows]) -> list[list[Rows]]:
    """Return the splits repeat by repeat, if they score the same rows several times.

    So do those of `RepeatedKFold`. Other splits that score a row more than once, such
    as random ones, are all of one repeat.
    """
    blocks: list[list[Rows]] = [[]]
    seen: list[set[int]] = [set()]
    for train, test in pairs:
        rows = set(test.tolist())
        if seen[-1] & rows:
            blocks.append([])
            seen.append(set())
        blocks[-1].append((train, test))
        seen[-1] |= rows
    are_repeats = all(rows == seen[0] for rows in seen) and len({len(block) for block in blocks}) == 1
    return blocks if are_repeats and len(blocks[0]) > 1 else [pairs]


def _check_splits(cv: Any, splits: list[Split], data: Data) -> None:
    for split in splits:
        if not len(split.train) or not len(split.test):
            raise ValueError(
                f"cv={_show(cv)}: {split.name} has {len(split.train)} rows to train on and {len(split.test)} to score "
                f"on"
            )
        if np.intersect1d(split.train, split.test).size:
            raise ValueError(f"cv={_show(cv)}: {split.name} trains on rows that it is scored on")
        torn = find_shared(data.groups, split.train, split.test)
        if torn:
            raise ValueError(
                f"cv={_show(cv)} puts rows of one group ({torn[0]!r}) on both sides of {split.name}; give a number of "
                f"folds, or a splitter that keeps groups together, such as GroupKFold, or leave groups out"
            )


def _show(cv: Any) -> str:
    """Return what messages call `cv`: all row numbers would hide what they say."""
    return repr(cv) if hasattr(cv, "split") or _is_count(cv) else "the given list of splits"


def find_shared(groups: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> list[Any]:
    """Return the groups that have rows on both sides."""
    if groups is None:
        return []
    shared: list[Any] = np.intersect1d(groups[train], groups[test]).tolist()
    return shared
