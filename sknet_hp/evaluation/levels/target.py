"""The target of an evaluation, as its estimators take it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import get_tags

from sknet_hp.evaluation.levels.walk import iterate_parts
from sknet_hp.evaluation.running.data import Data


def read_target(data: Data, estimators: Iterable[Any]) -> Data:
    """Return the data with a target that can be learned, in the shape of one.

    A single column, such as ``table[["price"]]``, becomes one-dimensional, unless an
    estimator wants columns.

    Parameters
    ----------
    data : as it was given.
    estimators : that are evaluated.

    Raises
    ------
    ValueError
        If there is something to learn, and the target is the same in all rows.
    """
    estimators = list(estimators)
    if not any(map(_wants_columns, estimators)):
        data = replace(data, y=flatten_column(data.y))
    if data.y is not None and any(is_classifier(each) or is_regressor(each) for each in estimators):
        require_variation(data.y)
    return data


def flatten_column(y: Any) -> Any:
    """Return a target of one column as one-dimensional, any other as it is."""
    shape = np.shape(y)
    if len(shape) != 2 or shape[1] != 1:
        return y
    return y.iloc[:, 0] if hasattr(y, "iloc") else np.asarray(y)[:, 0]


def require_variation(y: Any) -> None:
    """Refuse a target from which nothing can be learned.

    Raises
    ------
    ValueError
        If it is the same in all rows, and there are several.
    """
    values = np.asarray(y)
    if len(values) > 1 and (values == values[:1]).all():
        raise ValueError(f"y is the same in all {len(values)} rows ({values.tolist()[0]!r}): there is nothing to learn")


def _wants_columns(estimator: Any) -> bool:
    parts = [part for _, part in iterate_parts(estimator) if hasattr(part, "__sklearn_tags__")]
    return any(not get_tags(part).target_tags.single_output for part in parts)
