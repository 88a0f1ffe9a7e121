"""Splits inside the outer training rows: inner folds, and rows held out in `fit`."""

import warnings
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    StratifiedGroupKFold,
    TimeSeriesSplit,
)
from sklearn.utils import _safe_indexing

from sknet_hp.estimators.targets.splitters import GroupHoldOut, LastRows
from sknet_hp.evaluation.levels.outer import are_classes, find_shared
from sknet_hp.evaluation.levels.walk import find_barrier, hands_on_groups, iterate_parts, list_own_parameters
from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.fusion.detection import TrainsNetworks, has_network

_MOST_ROWS_BY_AUTO = 10_000
"""Up to so many rows, `early_stopping="auto"` of scikit-learn's boosting means no."""


class Level(NamedTuple):
    """What the splits inside outer training rows have to respect.

    Attributes
    ----------
    data : all rows.
    splits : the outer ones.
    ordered : whether the order of rows is that of time.
    gap : rows left out between training and test rows, in order of time.
    seed : of splits that are drawn.
    """

    data: Data
    splits: list[Split]
    ordered: bool
    gap: int
    seed: int

    @property
    def asks_for_something(self) -> bool:
        """Whether rows cannot be split at random."""
        return self.ordered or self.data.groups is not None


class WithGroups(BaseCrossValidator):
    """A user's own splitter that does not say that it wants groups, and gets them.

    Parameters
    ----------
    splitter : what splits.
    """

    __metadata_request__split: ClassVar[dict[str, Any]] = {"groups": True}

    def __init__(self, splitter: Any):
        self.splitter = splitter

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        """Return the splitter's own splits."""
        return self.splitter.split(X, y, groups)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the splitter's own number of splits."""
        return int(self.splitter.get_n_splits(X, y, groups))


def find_inner_splitters(estimator: Any, level: Level) -> tuple[dict[str, Any], list[str]]:
    """Return parameters that let inner splits respect groups or time, and notes.

    Parameters
    ----------
    estimator : whose `cv` and `validation_split` are looked at, wherever they are.
    level : what there is to respect.

    Returns
    -------
    parameters : dict
        By their names in the estimator; empty if there is nothing to respect.
    notes : list of str
        What was replaced, and what could not be.

    Raises
    ------
    ValueError
        If there are fewer groups than inner folds, or a splitter counts rows of the
        whole table.
    """
    found: dict[str, Any] = {}
    notes: list[str] = []
    if not level.asks_for_something:
        return found, notes
    for prefix, part in iterate_parts(estimator):
        own = list_own_parameters(part)
        if own.get("cv", "prefit") != "prefit" or ("cv" in own and own["cv"] is None):
            found |= _adapt_cv(f"{prefix}cv", part, own["cv"], level, notes)
        notes += _note_choices(prefix, own, level)
        if isinstance(part, TrainsNetworks) and "validation_split" in own:
            barrier = None if level.ordered else find_barrier(estimator, prefix)
            if barrier is None:
                found |= _adapt_held_out(prefix, own, level, notes)
            elif own["early_stopping"]:
                notes.append(
                    f"{type(barrier).__name__} hands no groups on to its networks, so the rows that they hold out for "
                    f"early stopping do not respect groups; set early_stopping=False, or use a search of sknet_hp"
                )
        elif own.get("early_stopping") not in (None, False) and _stops_early(own, level):
            notes.append(
                f"{type(part).__name__}(early_stopping={own['early_stopping']!r}) may hold rows out at random "
                f"and not respect {_name(level)}; set early_stopping=False"
            )
        elif own.get("train_split") is not None:
            notes.append(
                f"{type(part).__name__} holds rows out by its train_split, which may not respect {_name(level)}; set "
                f"train_split=None, or one of your own"
            )
    return found, notes


def _stops_early(own: dict[str, Any], level: Level) -> bool:
    """Return whether an estimator of scikit-learn's holds out rows, given so many."""
    return own["early_stopping"] != "auto" or max(len(split.train) for split in level.splits) > _MOST_ROWS_BY_AUTO


def _adapt_cv(name: str, part: Any, cv: Any, level: Level, notes: list[str]) -> dict[str, Any]:
    """Return a splitter in place of `cv`, by its name, if one is needed."""
    if level.data.groups is not None and not hands_on_groups(part):
        notes.append(f"{name} of {type(part).__name__} cannot respect {_name(level)}: it passes no groups on")
        return {}
    if not (cv is None or isinstance(cv, Integral) or hasattr(cv, "split")):
        raise ValueError(
            f"{name} is a list of splits, but each outer fold has training rows of its own, with other row numbers; "
            f"give a number of folds or a splitter"
        )
    n_folds = _count_folds(cv, level)
    if hasattr(cv, "split"):
        if _respects(cv, level):
            asks = level.data.groups is None or _requests_groups(cv)
            return {} if asks else {name: WithGroups(cv)}
        notes.append(
            f"{name}={cv!r} does not respect {_name(level)}; {n_folds} folds that do are used instead. Give a number "
            f"of folds to choose them yourself"
        )
    return {name: _make_folds(name, n_folds, part, level)}


def _make_folds(name: str, n_folds: int, part: Any, level: Level) -> Any:
    """Return a splitter of so many folds that respects what there is to respect."""
    if level.ordered:
        return TimeSeriesSplit(n_folds, gap=level.gap)
    assert level.data.groups is not None
    least = min(len(np.unique(level.data.groups[split.train])) for split in level.splits)
    if least < n_folds:
        raise ValueError(
            f"{name}: {n_folds} inner folds need at least as many groups, but an outer fold has only {least} to train "
            f"on; give the search cv={max(least, 2)} or fewer, or more outer folds"
        )
    classes = is_classifier(part) and are_classes(part, level.data.y)
    return StratifiedGroupKFold(n_folds, shuffle=True, random_state=level.seed) if classes else GroupKFold(n_folds)


def _adapt_held_out(prefix: str, own: dict[str, Any], level: Level, notes: list[str]) -> dict[str, Any]:
    """Return a splitter of the rows that a network holds out, by its name."""
    name, given = f"{prefix}validation_split", own["validation_split"]
    if given is not None:
        if _respects(given, level, first_only=True):
            return {}
        notes.append(f"{name}={given!r} does not respect {_name(level)}; a split that does is used instead")
    size = own["validation_fraction"]
    return {name: LastRows(size, gap=level.gap) if level.ordered else GroupHoldOut(size, random_state=level.seed)}


def _note_choices(prefix: str, own: dict[str, Any], level: Level) -> list[str]:
    """Return what is to be said of networks that a search chooses from."""
    return [
        f"{prefix}{name} offers networks, whose early stopping may not respect {_name(level)}; give them a "
        f"validation_split of their own, such as {'LastRows()' if level.ordered else 'GroupHoldOut()'}"
        for name in ("param_grid", "param_distributions", "search_spaces")
        if has_network(own.get(name))
    ]


def _count_folds(cv: Any, level: Level) -> int:
    """Return the number of folds that a splitter makes of the first training rows."""
    if cv is None or isinstance(cv, Integral):
        return 5 if cv is None else int(cv)
    X, y, groups = _take_training_rows(level)
    repeats = int(getattr(cv, "n_repeats", 1))
    try:
        return max(2, int(cv.get_n_splits(X, y, groups)) // repeats)
    except Exception:  # of whatever a splitter needs that is not there
        return 5


def _respects(cv: Any, level: Level, *, first_only: bool = False) -> bool:
    """Return whether a splitter keeps groups apart, or time in order.

    The training rows of the first outer split are tried.
    """
    X, y, groups = _take_training_rows(level)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pairs = list(cv.split(X, y, groups))[: 1 if first_only else None]
    except Exception:  # then it says so itself when it is used
        return True
    pairs = [(np.arange(len(y))[train], np.arange(len(y))[test]) for train, test in pairs]  # or masks
    if level.ordered:
        return all(len(train) and len(test) and train.max() < test.min() for train, test in pairs)
    return not any(find_shared(groups, train, test) for train, test in pairs)


def _take_training_rows(level: Level) -> tuple[Any, Any, Any]:
    rows, data = level.splits[0].train, level.data
    return tuple(None if part is None else _safe_indexing(part, rows) for part in (data.X, data.y, data.groups))  # type: ignore[return-value]


def _requests_groups(cv: Any) -> bool:
    routing = getattr(cv, "get_metadata_routing", None)
    return routing is not None and routing().split.requests.get("groups") is True


def _name(level: Level) -> str:
    return "the order of time" if level.ordered else "groups"
