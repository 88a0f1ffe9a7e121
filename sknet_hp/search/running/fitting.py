"""One estimator trained by a schedule: fits that go on from each other, with parameters
that change in between.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from sknet_hp.search.running.resource import Resource


class SplitData(NamedTuple):
    """What one split trains on and is scored on."""

    X: Any
    y: Any
    train: np.ndarray
    test: np.ndarray
    fit_params: dict[str, Any]
    score_params: dict[str, Any]


def stages(schedule: Iterable[tuple[dict[str, Any], int]], resource: Resource) -> list[dict[str, Any]]:
    """What to set before each of the fits that train one estimator by a schedule:
    parameters, and the resource to train up to with them.
    """
    settings, before, reached = [], dict[str, Any](), 0
    for params, n_resources in schedule:
        settings.append(changed(params, before) | resource.settings(n_resources, reached, params))
        before, reached = params, n_resources
    return settings


def fit_on(estimator: Any, data: SplitData, settings: dict[str, Any]) -> Any:
    """The estimator, with these settings, fitted (further) on the training rows of a
    split.
    """
    estimator.set_params(**clone(settings, safe=False))
    X, y = _safe_split(estimator, data.X, data.y, data.train)
    params = _check_method_params(data.X, params=data.fit_params, indices=data.train)
    return estimator.fit(X, **params) if y is None else estimator.fit(X, y, **params)


def changed(params: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Those that are not the same objects. To set a step of a pipeline once more would
    lose what it has learned.
    """
    return {name: value for name, value in params.items() if name not in before or before[name] is not value}
