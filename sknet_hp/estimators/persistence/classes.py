"""The classes whose objects a saved file may hold, attribute by attribute.

They are our own, and those of scikit-learn's estimators that hold our networks.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer

from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.fusion.detection import TrainsNetworks

CLASS_PATHS: dict[str, str] = {
    "NetClassifier": "sknet_hp.estimators.classifier.NetClassifier",
    "NetRegressor": "sknet_hp.estimators.regressor.NetRegressor",
    "AveragedClassifier": "sknet_hp.estimators.averaged.AveragedClassifier",
    "AveragedRegressor": "sknet_hp.estimators.averaged.AveragedRegressor",
    "TableEncoder": "sknet_hp.estimators.encoding.table_encoder.TableEncoder",
    "Standardiser": "sknet_hp.estimators.encoding.numeric.standardise.Standardiser",
    "Quantile": "sknet_hp.estimators.encoding.numeric.transforms.Quantile",
    "RobustSmooth": "sknet_hp.estimators.encoding.numeric.transforms.RobustSmooth",
    "Unchanged": "sknet_hp.estimators.encoding.numeric.transforms.Unchanged",
    "PiecewiseLinear": "sknet_hp.estimators.encoding.numeric.bins.PiecewiseLinear",
    "DateColumn": "sknet_hp.estimators.encoding.dates.date_column.DateColumn",
    "OneHot": "sknet_hp.estimators.encoding.categorical.categories.OneHot",
    "Codes": "sknet_hp.estimators.encoding.categorical.categories.Codes",
    "Words": "sknet_hp.estimators.encoding.categorical.words.Words",
    "SparseScaler": "sknet_hp.estimators.encoding.numeric.sparse_scaler.SparseScaler",
    "ClassTarget": "sknet_hp.estimators.targets.labels.ClassTarget",
    "NumberTarget": "sknet_hp.estimators.targets.numbers.NumberTarget",
    "LastRows": "sknet_hp.estimators.targets.splitters.LastRows",
    "GroupHoldOut": "sknet_hp.estimators.targets.splitters.GroupHoldOut",
    "State": "sknet_hp.training.state.State",
    "Plateau": "sknet_hp.training.rules.stopping.Plateau",
    "Average": "sknet_hp.training.rules.averaging.Average",
}
"""The classes of this package that a file may name, and where each is defined.

The names are part of the format: they stay when a class moves. Nothing else of this
package is ever built, and a module is imported only when a file asks for its class.
"""

_NAMES = {path: name for name, path in CLASS_PATHS.items()}
_MODELS = ("NetClassifier", "NetRegressor", "AveragedClassifier", "AveragedRegressor")
_HELPERS = ("_CalibratedClassifier",)  # what scikit-learn's estimators keep networks in, and no estimators themselves


def is_savable(value: object) -> bool:
    """Return whether `save` takes an object as a whole.

    It takes our estimators, pipelines, and other estimators of scikit-learn that hold
    one of our networks, except searches.
    """
    if isinstance(value, Pipeline) or any(_name_own_class(cls) in _MODELS for cls in type(value).__mro__):
        return True
    return (
        isinstance(value, BaseEstimator)
        and not isinstance(value, BaseSearchCV)
        and name_class(type(value)) is not None
        and holds_network(value)
    )


def is_stored_by_attribute(value: object) -> bool:
    """Return whether an object is written attribute by attribute.

    Other estimators are written by skops, which knows nothing of our networks.
    """
    return (
        _name_own_class(type(value)) is not None
        or type(value) in (Pipeline, QuantileTransformer)
        or holds_network(value)
    )


def name_class(cls: type) -> str | None:
    """Return the name that a class has in a file, or None if no file may hold it.

    Our classes have short names, those of scikit-learn the path they can be imported
    from.
    """
    own = _name_own_class(cls)
    if own is not None:
        return own
    package, module, *_ = [*cls.__module__.split("."), ""]
    if (
        package != "sklearn"
        or module not in sklearn.__all__
        or not (issubclass(cls, BaseEstimator) or cls.__name__ in _HELPERS)
    ):
        return None
    public = getattr(import_module(f"sklearn.{module}"), cls.__name__, None)
    return f"sklearn.{module}.{cls.__name__}" if public is cls else None


def find_class(name: str) -> type:
    """Return the class that has this name in a file.

    Raises
    ------
    ValueError, ImportError or AttributeError
        If there is no such class.
    """
    if name in CLASS_PATHS:
        return _import_own_class(name)
    package, module, own = name.split(".")
    if package == "sklearn" and module in sklearn.__all__:
        cls = getattr(import_module(f"sklearn.{module}"), own)
        if isinstance(cls, type) and name_class(cls) == name:
            return cls
    raise ValueError(f"a class {name!r}")


def _name_own_class(cls: type) -> str | None:
    """Return the name of one of our classes in a file, or None for any other class."""
    name = _NAMES.get(f"{cls.__module__}.{cls.__qualname__}")
    return name if name is not None and _import_own_class(name) is cls else None


@cache
def _import_own_class(name: str) -> type:
    module, _, own = CLASS_PATHS[name].rpartition(".")
    cls: type = getattr(import_module(module), own)
    return cls


def holds_network(value: object) -> bool:
    """Return whether one of our networks is in a value, however deep."""
    return any(isinstance(part, TrainsNetworks) for part in iterate_estimators(value))


def iterate_estimators(value: object) -> Iterator[Any]:
    """Yield all estimators in a value, itself included, each once."""
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
