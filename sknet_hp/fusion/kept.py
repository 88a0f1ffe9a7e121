"""What tasks of fused calls have in common, such as the encoded rows of a split, made once for all of them."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np


class Kept:
    """Arrays, each with what belongs to it, by name: found as long as anybody holds the array. The latest are held here, while there is room.

    Attributes
    ----------
    room : bytes of arrays that are held here at most.
    """

    def __init__(self) -> None:
        self.room = 0
        self._lock = threading.Lock()
        self._known: dict[str, tuple[weakref.ref[np.ndarray], Any]] = {}
        self._latest: OrderedDict[str, np.ndarray] = OrderedDict()

    def find(self, name: str, make: Callable[[], tuple[np.ndarray, Any]]) -> tuple[np.ndarray, Any]:
        """What has this name, or else is made now: by two tasks that come at the same time, maybe, each for itself."""
        with self._lock:
            reference, belonging = self._known.get(name, (None, None))
            array = None if reference is None else reference()
            if array is not None:
                if name in self._latest:
                    self._latest.move_to_end(name)
                return array, belonging
        array, belonging = make()
        with self._lock:
            self._known = {other: entry for other, entry in self._known.items() if entry[0]() is not None}
            self._known[name] = weakref.ref(array), belonging
            self._latest[name] = array
            while sum(held.nbytes for held in self._latest.values()) > self.room:
                self._latest.popitem(last=False)
        return array, belonging

    def forget(self) -> None:
        with self._lock:
            self._known.clear()
            self._latest.clear()
