"""From trees of plain data to estimators.

Objects of known classes are made and given their attributes; nothing that a file names
is called.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.estimators.persistence.classes import find_class
from sknet_hp.estimators.persistence.skops_bytes import load_with_skops

_LAST_CODE_POINT = 0x10FFFF


class Reader:
    """Builds estimators from a tree that a `Writer` made, and its arrays.

    They take no more memory than what the file holds: each array is taken once.
    """

    def __init__(self, arrays: dict[str, np.ndarray]):
        self._arrays = dict(arrays)
        self._made: list[Any] = []

    def decode(self, node: Any) -> Any:
        """Return the value of a node.

        Raises ValueError and its like for nodes that no `Writer` makes.
        """
        if not isinstance(node, dict):
            if isinstance(node, list):
                raise ValueError("a list without a kind")
            return node
        if "object" in node:
            return self._build_object(node)
        (kind,) = node.keys() - {"order", "type"}
        content = node[kind]
        if kind in ("array", "texts", "bytes", "times"):
            array = _view_as_kind(self._take_array(content), kind, node.get("type"))
            return array.astype(array.dtype.newbyteorder(node["order"])) if "order" in node else array
        if kind in ("dict", "bunch"):
            pairs = {self.decode(key): self.decode(value) for key, value in content}
            return pairs if kind == "dict" else Bunch(**pairs)
        if kind in ("list", "tuple"):
            parts = [self.decode(part) for part in content]
            return parts if kind == "list" else tuple(parts)
        if kind == "objects":
            objects = np.empty(len(content), dtype=object)
            objects[:] = [self.decode(part) for part in content]
            return objects
        if kind in ("int", "float"):
            return int(content) if kind == "int" else float(content)
        if kind == "scalar":
            return self._take_array(content).reshape(())[()]
        if kind == "skops":
            return load_with_skops(self._take_array(content).tobytes())
        if kind == "same":
            return self._made[content]
        raise ValueError(f"a node of kind {kind!r}")

    def _build_object(self, node: dict[str, Any]) -> Any:
        cls = find_class(node["object"])
        made: Any = object.__new__(cls)
        state = {str(name): self.decode(part) for name, part in node["state"].items()}
        if issubclass(cls, BaseEstimator):
            # Not the class's own method; this one warns of what another version of scikit-learn has made.
            BaseEstimator.__setstate__(made, state)
        else:
            vars(made).update(state)  # not setattr, which frozen dataclasses refuse
        if "requests" in node:
            metadata_requests.restore_requests(made, node["requests"])
        self._made.append(made)
        return made

    def _take_array(self, name: str) -> np.ndarray:
        """Take an array of the file out of those that are left.

        There is none a second time: else a small file could make many of a large array.
        """
        return self._arrays.pop(name)


def _view_as_kind(array: np.ndarray, kind: str, name: Any) -> np.ndarray:
    """Return a copy of an array, as the numbers it holds or as what they stand for.

    They may stand for points in time, or for the characters of text or bytes.
    """
    if kind == "array":
        return array.copy()
    if kind == "times":
        dtype = np.dtype(str(name))
        if dtype.kind not in "mM" or array.dtype != np.int64:
            raise ValueError(f"{array.dtype} as {name}")
        return array.copy().view(dtype)
    unit, letter = (np.uint32, "U") if kind == "texts" else (np.uint8, "S")
    if array.dtype != unit or (kind == "texts" and array.size and array.max() > _LAST_CODE_POINT):
        raise ValueError(f"characters that are none, of {array.dtype}")
    *shape, width = array.shape
    return array.reshape(-1).copy().view(f"{letter}{width}").reshape(shape)
