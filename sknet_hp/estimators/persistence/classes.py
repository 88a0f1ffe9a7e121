"""The classes whose objects a saved file may hold, attribute by attribute: ours, and
those of scikit-learn's estimators that hold our networks.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.encoding.categories import Codes, OneHot
from sknet_hp.estimators.encoding.sparse import SparseScaler
from sknet_hp.estimators.encoding.standardise import Standardiser
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.encoding.transforms import PiecewiseLinear, Quantile, RobustSmooth, Unchanged
from sknet_hp.estimators.encoding.words import Words
from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.estimators.targets.numbers import NumberTarget
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.training.job import State
from sknet_hp.training.rules.averaging import Average
from sknet_hp.training.rules.stopping import Plateau

_OURS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        NetClassifier,
        NetRegressor,
        TableEncoder,
        Standardiser,
        Quantile,
        RobustSmooth,
        Unchanged,
        PiecewiseLinear,
        OneHot,
        Codes,
        Words,
        SparseScaler,
        ClassTarget,
        NumberTarget,
        State,
        Plateau,
        Average,
        AveragedClassifier,
        AveragedRegressor,
    )
}
_HELPERS = ("_CalibratedClassifier",)  # what scikit-learn's estimators keep networks in, and no estimators themselves


def is_saved(value: Any) -> bool:
    """Whether `save` takes it as a whole: an estimator of ours, a pipeline, or what
    holds a network of ours, but for searches.
    """
    if isinstance(value, (NetClassifier, NetRegressor, Pipeline, AveragedClassifier, AveragedRegressor)):
        return True
    return (
        isinstance(value, BaseEstimator)
        and not isinstance(value, BaseSearchCV)
        and name_of(type(value)) is not None
        and holds_network(value)
    )


def is_by_attribute(value: Any) -> bool:
    """Whether an object is written attribute by attribute: skops knows nothing of our
    networks.
    """
    return (
        _OURS.get(type(value).__name__) is type(value)
        or type(value) in (Pipeline, QuantileTransformer)
        or holds_network(value)
    )


def name_of(cls: type) -> str | None:
    """What a class is called in a file: ours by their names, scikit-learn's by where
    they can be imported from; None for others.
    """
    if _OURS.get(cls.__name__) is cls:
        return cls.__name__
    package, room, *_ = [*cls.__module__.split("."), ""]
    if (
        package != "sklearn"
        or room not in sklearn.__all__
        or not (issubclass(cls, BaseEstimator) or cls.__name__ in _HELPERS)
    ):
        return None
    return (
        f"sklearn.{room}.{cls.__name__}"
        if getattr(import_module(f"sklearn.{room}"), cls.__name__, None) is cls
        else None
    )


def class_named(name: str) -> type:
    """The opposite.

    Raises
    ------
    ValueError, ImportError or AttributeError
        If there is no such class.
    """
    if name in _OURS:
        return _OURS[name]
    package, room, own = name.split(".")
    if package == "sklearn" and room in sklearn.__all__:
        cls = getattr(import_module(f"sklearn.{room}"), own)
        if isinstance(cls, type) and name_of(cls) == name:
            return cls
    raise ValueError(f"a class {name!r}")


def holds_network(value: Any) -> bool:
    """Whether there is a network of ours in it, however deep."""
    return any(isinstance(part, TrainsNetworks) for part in objects_in(value))


def objects_in(value: Any) -> Iterator[Any]:
    """All estimators in a value, itself included, each once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
        elif isinstance(part, np.ndarray) and part.dtype == object:
            waiting += part.ravel().tolist()
        elif isinstance(part, BaseEstimator) or type(part).__name__ in _HELPERS:
            yield part
            waiting += [own for name, own in vars(part).items() if name != metadata_requests.ATTRIBUTE]
