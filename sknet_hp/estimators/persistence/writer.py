"""From estimators to trees of plain data, and arrays beside them."""

import math
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import Bunch

from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.estimators.persistence.classes import is_stored_by_attribute, name_class
from sknet_hp.estimators.persistence.skops_bytes import dump_with_skops

# Attributes that are made again when they are asked for, and one that has a node of its own.
_LEFT_OUT = {"_net", "number_of", metadata_requests.ATTRIBUTE}
_REFUSED = "which can't be stored without pickle; use joblib.dump"
_CHARACTERS = {"U": ("texts", np.uint32), "S": ("bytes", np.uint8)}
_SKOPS_TYPES = (np.ufunc, np.random.RandomState, np.random.Generator)  # beside those of scikit-learn


class Writer:
    """Turns objects into a tree of nodes.

    A node is a number, text, None or {kind: content}.

    Parameters
    ----------
    resumable : whether trainings can go on after reading; else the weights and the
        memory of optimizers that only this would need are left out.

    Attributes
    ----------
    arrays : the arrays that nodes name.
    """

    def __init__(self, resumable: bool = True) -> None:
        self._resumable = resumable
        self.arrays: dict[str, np.ndarray] = {}
        self._written: dict[int, int] = {}  # objects by address, in the order in which a `Reader` has made them

    def encode(self, value: Any, where: str) -> Any:
        """Return the node of a value; `where` names it in errors."""
        if value is None or type(value) in (bool, str):
            return value
        if type(value) is int:
            return value if abs(value) < 2**53 else {"int": str(value)}
        if type(value) is float:
            return {"float": repr(value)} if not math.isfinite(value) else value
        if isinstance(value, np.generic):
            return str(value) if isinstance(value, np.str_) else {"scalar": self._store_numbers(np.array(value), where)}
        if type(value) is np.ndarray:
            return self._encode_array(value, where)
        if type(value) in (list, tuple):
            return {type(value).__name__: [self.encode(part, f"{where}[{k}]") for k, part in enumerate(value)]}
        if type(value) in (dict, Bunch):
            pairs = [[self.encode(key, where), self.encode(part, f"{where}[{key!r}]")] for key, part in value.items()]
            return {"dict" if type(value) is dict else "bunch": pairs}
        if isinstance(value, BaseSearchCV):
            raise TypeError(
                f"{where} is a search ({type(value).__name__}), which is not saved; put its best_estimator_ there, or "
                f"use joblib.dump"
            )
        if is_stored_by_attribute(value) and (name := name_class(type(value))) is not None:
            return self._encode_object(value, name, where)
        if type(value).__module__.startswith("sklearn.") or isinstance(value, _SKOPS_TYPES):
            return {"skops": self._store(np.frombuffer(dump_with_skops(value, where), dtype=np.uint8))}
        raise TypeError(
            f"{where} is {' '.join(repr(value).split())} ({type(value).__module__}.{type(value).__qualname__}), "
            f"{_REFUSED}"
        )

    def _encode_object(self, value: Any, name: str, where: str) -> dict[str, Any]:
        known = self._written.get(id(value))
        if known is not None:
            return {"same": known}
        content = value.forget_weights() if name == "State" and not self._resumable else value
        state = BaseEstimator.__getstate__(value) if isinstance(value, BaseEstimator) else vars(content)
        parts = {own: self.encode(part, f"{where}.{own}") for own, part in state.items() if own not in _LEFT_OUT}
        self._written[id(value)] = len(self._written)
        node: dict[str, Any] = {"object": name, "state": parts}
        if metadata_requests.ATTRIBUTE in vars(value):
            node["requests"] = metadata_requests.export_requests(value)
        return node

    def _encode_array(self, value: np.ndarray, where: str) -> dict[str, Any]:
        kind, size = value.dtype.kind, value.dtype.itemsize
        if kind == "O" and value.ndim == 1:
            return {"objects": [self.encode(part, f"{where}[{k}]") for k, part in enumerate(value)]}
        if kind in _CHARACTERS and size:  # by characters, so that an array takes no more memory than in the file
            name, unit = _CHARACTERS[kind]
            characters = np.array(value, dtype=value.dtype.newbyteorder("<"), order="C").reshape(-1).view(unit)
            node: dict[str, Any] = {name: self._store(characters.reshape(*value.shape, size // characters.itemsize))}
        elif kind in "mM":
            times = np.array(value, dtype=value.dtype.newbyteorder("<")).view(np.int64)
            node = {"times": self._store(times), "type": value.dtype.name}
        else:
            node = {"array": self._store_numbers(value, where)}
        return node if value.dtype.isnative else node | {"order": value.dtype.byteorder}

    def _store_numbers(self, value: np.ndarray, where: str) -> str:
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
            raise TypeError(f"{where} is of {value.dtype}, {_REFUSED}")
        return self._store(value.astype(value.dtype.newbyteorder("<")))  # safetensors has no other order

    def _store(self, array: np.ndarray) -> str:
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.array(array, order="C", copy=True)
        return name
