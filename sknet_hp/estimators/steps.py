"""scikit-learn's own estimators, the other steps of a pipeline, as bytes and back, by skops: no pickle either."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sknet_hp.estimators import requests


@cache
def _trusted() -> list[str]:
    """What skops may build beside estimators: what scikit-learn's hold of splitters, functions that select columns, types and requests."""
    from sklearn import feature_selection, model_selection

    functions = ("chi2", "f_classif", "f_oneway", "f_regression", "mutual_info_classif", "mutual_info_regression", "r_regression")
    found = [getattr(feature_selection, name) for name in functions if hasattr(feature_selection, name)]
    splitters = [part for part in map(model_selection.__dict__.get, model_selection.__all__) if hasattr(part, "split")]
    return [
        *(f"{part.__module__}.{part.__qualname__}" for part in [*found, *splitters]),
        *(f"numpy.{name}" for name in ("dtype", "number", "integer", "floating", "object_")),
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.impute._iterative._ImputerTriplet",
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
    ]


def step_to_bytes(value: Any, where: str) -> bytes:
    """What skops writes of it; `where` names it in errors.

    Raises
    ------
    TypeError
        If it holds something that skops does not store, or would not build when it is loaded.
    """
    import skops.io

    what = f"{where} ({type(value).__name__})"
    try:
        content = skops.io.dumps(_without_owners(value))
    except Exception as error:  # of many kinds, from skops and from what it asks to describe itself
        raise TypeError(f"{what} can't be stored without pickle ({' '.join(str(error).split()).rstrip('.')}); use joblib.dump") from error
    unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(_trusted()))
    if any(name.startswith("sknet_hp.") for name in unknown):
        raise TypeError(
            f"{what} holds a network, which is stored alone or as a step of a Pipeline only: save the network itself, or use joblib.dump for all"
        )
    if unknown:
        raise TypeError(f"{what} holds {', '.join(unknown)}, which would not be trusted when it is loaded; use joblib.dump")
    return content


def step_from_bytes(content: bytes) -> Any:
    """The opposite.

    Raises
    ------
    ValueError
        If it can't be read, or holds what is not trusted.
    """
    import skops.io

    try:
        return skops.io.loads(content, trusted=_trusted())
    except Exception as error:  # whatever a changed archive makes of skops
        raise ValueError("a step of the pipeline can't be read") from error


def _without_owners(value: Any) -> Any:
    """The same; a copy where estimators in it have requests, which would point back at them: skops writes trees."""
    if not any(_with_requests(value, set())):
        return value
    value = deepcopy(value)
    for estimator in list(_with_requests(value, set())):
        requests.restore(estimator, requests.plain(estimator), owner=type(estimator).__name__)
    return value


def _with_requests(value: Any, seen: set[int]) -> Iterator[Any]:
    """The estimators in it that have requests of their own."""
    if id(value) in seen:
        return
    seen.add(id(value))
    parts: Any = ()
    if isinstance(value, BaseEstimator):
        if requests.ATTRIBUTE in vars(value):
            yield value
        parts = [part for name, part in vars(value).items() if name != requests.ATTRIBUTE]
    elif isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        parts = list(value)
    for part in parts:
        yield from _with_requests(part, seen)
