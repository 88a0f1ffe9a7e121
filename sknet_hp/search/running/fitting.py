"""One estimator trained by a schedule of fits that go on from each other."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.running.resource import Resource


class SplitData(NamedTuple):
    """What one split trains on and is scored on."""

    X: TableLike
    y: ArrayLike
    train: np.ndarray
    test: np.ndarray
    fit_params: dict[str, Any]
    score_params: dict[str, Any]


def plan_fits(schedule: Iterable[tuple[dict[str, Any], int]], resource: Resource) -> list[dict[str, Any]]:
    """Return what to set before each of the fits that train an estimator by a schedule.

    Parameters
    ----------
    schedule : parameters, and the resource to train up to with them.
    resource : of the search.
    """
    settings, before, reached = [], dict[str, Any](), 0
    for params, n_resources in schedule:
        settings.append(select_changed(params, before) | resource.make_settings(n_resources, reached, params))
        before, reached = params, n_resources
    return settings


def fit_on(estimator: Any, data: SplitData, settings: dict[str, Any]) -> Any:
    """Set parameters of an estimator, and fit it on the training rows of a split."""
    estimator.set_params(**clone(settings, safe=False))
    X, y = _safe_split(estimator, data.X, data.y, data.train)
    params = _check_method_params(data.X, params=data.fit_params, indices=data.train)
    return estimator.fit(X, **params) if y is None else estimator.fit(X, y, **params)


def select_changed(params: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that are not the same objects as before.

    To set a step of a pipeline once more would lose what it has learned.
    """
    return {name: value for name, value in params.items() if name not in before or before[name] is not value}
