"""Saved estimators: one file of tensors and JSON, no pickle.

A file is in the safetensors format. Its metadata hold a tree of plain data in JSON, in which arrays are named and classes are known by short names:
ours, and scikit-learn's `Pipeline`. Whatever else is scikit-learn's goes through skops, which knows what it may build. So loading makes objects of
known classes and sets their attributes; it calls nothing that a file names.
"""

import hashlib
import json
import math
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer

from sknet_hp.estimators import requests
from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.categories import Codes, OneHot
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.preprocessing import TableEncoder
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.estimators.sparse import SparseScaler
from sknet_hp.estimators.standardise import Standardiser
from sknet_hp.estimators.steps import step_from_bytes, step_to_bytes
from sknet_hp.estimators.targets import ClassTarget, NumberTarget
from sknet_hp.estimators.transforms import PiecewiseLinear, Quantile, RobustSmooth, Unchanged
from sknet_hp.estimators.words import Words
from sknet_hp.training.averaging import Average
from sknet_hp.training.job import State
from sknet_hp.training.stopping import Plateau

FORMAT = 1
"""Raised when a file could not be read by what came before."""

_CLASSES: dict[str, type] = {
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
        QuantileTransformer,
        Pipeline,
        AveragedClassifier,
        AveragedRegressor,
    )
}
_LEFT_OUT = {"_net", "_number_of", requests.ATTRIBUTE}  # what is made again when it is asked for, and what has a node of its own
_SAVED = (NetClassifier, NetRegressor, Pipeline, AveragedClassifier, AveragedRegressor)
_SCALARS = {kind.__name__: kind for kind in (np.bool_, np.int64, np.int32, np.float64, np.float32)}


class SavedModelError(ValueError):
    """A file that can not be loaded; the message says why."""


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Save an estimator, or a pipeline that holds one, fitted or not, in a file without pickle.

    The state of the optimizer is kept, so that `warm_start` goes on after loading, bit for bit.

    Parameters
    ----------
    estimator : NetClassifier, NetRegressor, Pipeline, or the ensemble that is a search's `best_estimator_` with ``refit="ensemble"``
        Other steps of a pipeline, and other members of an ensemble, may be any of scikit-learn's estimators.
    path : str or path-like
        The file; it is replaced at once, when all is written.

    Raises
    ------
    TypeError
        If something in it can not be stored without pickle, such as callbacks, or holds a network without being a pipeline or a search's
        ensemble, such as a `VotingClassifier`; the message names it.
    """
    content = to_bytes(estimator)
    target = Path(path)
    partial = target.with_name(f".{uuid.uuid4().hex}.partial")  # nobody else's, whoever saves here at the same time
    try:
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None  # what was asked for, not the file beside it
    finally:
        with suppress(OSError):
            partial.unlink()


def to_bytes(estimator: Any) -> bytes:
    """What `save` writes."""
    if not isinstance(estimator, _SAVED):
        inner = "save its best_estimator_, or " if isinstance(getattr(estimator, "best_estimator_", None), _SAVED) else ""
        raise TypeError(
            f"save takes a NetClassifier, a NetRegressor, a Pipeline or the ensemble of a search, got {type(estimator).__name__}; "
            f"{inner}use joblib.dump for others"
        )
    writer = _Writer()
    try:
        tree = json.dumps(writer.encode(estimator, type(estimator).__name__), separators=(",", ":"))
    except RecursionError:
        raise TypeError(
            f"{type(estimator).__name__} holds something that holds itself, which can't be stored without pickle; use joblib.dump"
        ) from None
    metadata = {"sknet_hp": str(FORMAT), "tree": tree, "sha256": _digest(tree, writer.arrays)}
    try:
        return save_tensors(writer.arrays, metadata)
    except SafetensorError as error:  # its header has a limit
        raise TypeError(f"{type(estimator).__name__} holds more text than the format takes ({error}); use joblib.dump") from None


def load(path: str | os.PathLike[str]) -> Any:
    """Load what `save` has written. Nothing in the file is executed.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    NetClassifier, NetRegressor, Pipeline or ensemble
        As it was saved, fitted.

    Raises
    ------
    SavedModelError
        If the file is damaged, was changed, is none of ours or comes from a newer version; the message says which.
    FileNotFoundError
        If there is none.
    """
    return from_bytes(Path(path).read_bytes(), repr(str(path)))


def from_bytes(content: bytes, name: str) -> Any:
    """What `load` gives for the content of a file, which errors name."""
    try:
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"] if 0 < size <= len(content) - 8 else {}
        version = int(metadata["sknet_hp"])
        tree, digest = metadata["tree"], metadata["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SavedModelError(f"{name} is no file that sknet_hp.save has written, or its beginning is damaged") from None
    if version > FORMAT:
        raise SavedModelError(f"{name} was written by a newer version of sknet_hp (format {version}, this one reads up to {FORMAT}); update sknet_hp")
    try:
        arrays = load_tensors(content)
        if not isinstance(tree, str) or _digest(tree, arrays) != digest:
            raise SavedModelError(f"{name} is damaged or was changed: its contents do not match their checksum")
        estimator = _Reader(arrays).decode(json.loads(tree))
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, MemoryError) as error:
        if isinstance(error, SavedModelError):
            raise
        raise SavedModelError(f"{name} is damaged: {type(error).__name__} while reading it") from None
    if not isinstance(estimator, _SAVED):
        raise SavedModelError(f"{name} holds no estimator")
    return estimator


def _digest(tree: str, arrays: dict[str, np.ndarray]) -> str:
    sha = hashlib.sha256(tree.encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


class _Writer:
    """Objects to a tree, arrays aside. A tree's node is a number, text, None, or {kind: content}."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def encode(self, value: Any, where: str) -> Any:
        """The node of a value; `where` names it in errors."""
        if value is None or (isinstance(value, (bool, str)) and type(value) in (bool, str)):
            return value
        if type(value) is int:
            return value if abs(value) < 2**53 else {"int": str(value)}
        if type(value) is float:
            return {"float": repr(value)} if not math.isfinite(value) else value
        if isinstance(value, np.generic):
            return self._scalar(value, where)
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if type(value) in (list, tuple):
            return {type(value).__name__: [self.encode(part, f"{where}[{k}]") for k, part in enumerate(value)]}
        if type(value) is dict:
            return {"dict": [[self.encode(key, where), self.encode(part, f"{where}[{key!r}]")] for key, part in value.items()]}
        if type(value).__name__ in _CLASSES and _CLASSES[type(value).__name__] is type(value):
            state = {name: part for name, part in vars(value).items() if name not in _LEFT_OUT}
            node = {"object": type(value).__name__, "state": {name: self.encode(part, f"{where}.{name}") for name, part in state.items()}}
            return node | {"requests": requests.plain(value)} if requests.ATTRIBUTE in vars(value) else node
        if type(value).__module__.startswith("sklearn."):
            return {"skops": self._stored(np.frombuffer(step_to_bytes(value, where), dtype=np.uint8))}
        raise TypeError(
            f"{where} is {' '.join(repr(value).split())} ({type(value).__module__}.{type(value).__qualname__}), "
            "which can't be stored without pickle; use joblib.dump"
        )

    def _scalar(self, value: np.generic, where: str) -> Any:
        if isinstance(value, np.str_):
            return str(value)
        if type(value).__name__ not in _SCALARS and not isinstance(value, (np.integer, np.floating, np.bool_)):
            raise TypeError(f"{where} is {value!r} ({type(value).__name__}), which can't be stored without pickle; use joblib.dump")
        return {"scalar": self._stored(np.array(value))}

    def _array(self, value: np.ndarray, where: str) -> Any:
        if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
            return {"array": self._stored(value)}
        if value.dtype.kind == "U":
            return {"texts": value.tolist(), "dtype": value.dtype.str}
        if value.dtype.kind == "O" and value.ndim == 1:
            return {"objects": [self.encode(part, f"{where}[{k}]") for k, part in enumerate(value)]}
        raise TypeError(f"{where} is an array of {value.dtype}, which can't be stored without pickle; use joblib.dump")

    def _stored(self, array: np.ndarray) -> str:
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.array(array, order="C", copy=True)
        return name


class _Reader:
    """The opposite of `_Writer`."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.arrays = arrays

    def decode(self, node: Any) -> Any:
        """The value of a node. Raises ValueError and its like for nodes that no `_Writer` makes."""
        if not isinstance(node, dict):
            if isinstance(node, list):
                raise ValueError("a list without a kind")
            return node
        if "object" in node:
            cls = _CLASSES[node["object"]]
            made: Any = object.__new__(cls)
            state = {str(name): self.decode(part) for name, part in node["state"].items()}
            vars(made).update(state)  # not setattr: nothing of the class is called, and frozen dataclasses are as good
            if "requests" in node:
                requests.restore(made, node["requests"])
            return made
        if "texts" in node:
            return np.array(node["texts"], dtype=_text_type(node["dtype"]))
        ((kind, content),) = node.items()
        if kind == "dict":
            return {self.decode(key): self.decode(value) for key, value in content}
        if kind in ("list", "tuple"):
            parts = [self.decode(part) for part in content]
            return parts if kind == "list" else tuple(parts)
        if kind == "objects":
            objects = np.empty(len(content), dtype=object)
            objects[:] = [self.decode(part) for part in content]
            return objects
        if kind == "int":
            return int(content)
        if kind == "float":
            return float(content)
        if kind == "array":
            return self.arrays[content].copy()
        if kind == "scalar":
            return self.arrays[content][()]
        if kind == "skops":
            return step_from_bytes(self.arrays[content].tobytes())
        raise ValueError(f"a node of kind {kind!r}")


def _text_type(text: str) -> np.dtype:
    dtype = np.dtype(str(text))
    if dtype.kind != "U":
        raise ValueError(f"text of type {text}")
    return dtype
