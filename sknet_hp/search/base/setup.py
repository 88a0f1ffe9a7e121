"""What a search goes by, found before anything is trained."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.spaces.space import Space

Split = tuple[np.ndarray, np.ndarray]
"""The numbers of the training rows and of the test rows."""


class Setup(NamedTuple):
    """What a search goes by.

    Attributes
    ----------
    X, y, params : what `fit` was given.
    routed : to whom `params` go.
    scorers, metric : and the name of the score that the search goes by.
    splits : of the rows.
    space : that is searched.
    searched : names of all parameters that candidates differ in.
    resource : that is handed out.
    """

    X: TableLike
    y: ArrayLike
    params: dict[str, Any]
    routed: Bunch
    scorers: Any
    metric: str
    splits: list[Split]
    space: Space
    searched: list[str]
    resource: Resource


def split_rows(cv: Any, X: TableLike, y: ArrayLike, routed: Bunch) -> list[Split]:
    """Return the splits that a splitter makes."""
    return [(_to_numbers(train), _to_numbers(test)) for train, test in cv.split(X, y, **routed.splitter.split)]


def _to_numbers(rows: Any) -> np.ndarray:
    """Return row numbers; rows may be a mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows
