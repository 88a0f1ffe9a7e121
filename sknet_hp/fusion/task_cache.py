"""What tasks of fused calls have in common, made once for all of them.

Such as the encoded rows of a split.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

_MAX_ARRAYS = 1000  # beyond, there is little that tasks have in common


class HasBytes(Protocol):
    """An array, or what has its attribute."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        ...


ArrayT = TypeVar("ArrayT", bound=HasBytes)
BelongingT = TypeVar("BelongingT")


class TaskCache:
    """A cache of arrays, each with an object that belongs to it, by key.

    An array is found for as long as anybody holds it. The cache itself holds the arrays
    that were used last, up to `max_bytes`.

    Attributes
    ----------
    max_bytes : of the arrays that the cache holds; it holds no array larger than that.
    """

    def __init__(self) -> None:
        self.max_bytes = 0
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[weakref.ref[Any], Any]] = {}
        self._held: OrderedDict[str, HasBytes] = OrderedDict()  # the one used last at the end
        self._held_bytes = 0
        self._n_cleared = 0  # how often

    def get_or_make(self, key: str, make: Callable[[], tuple[ArrayT, BelongingT]]) -> tuple[ArrayT, BelongingT]:
        """Return the array of a key and what belongs to it; make them if needed.

        Two tasks that ask at the same time may each make their own.
        """
        with self._lock:
            entry = self._entries.get(key)
            found = None if entry is None else entry[0]()
            if entry is not None and found is not None:
                if key in self._held:
                    self._held.move_to_end(key)
                return found, entry[1]
            before = self._n_cleared
        array, belonging = make()
        with self._lock:
            if self._n_cleared == before:  # else the call that it was for has ended meanwhile
                self._store(key, array, belonging)
        return array, belonging

    def _store(self, key: str, array: HasBytes, belonging: object) -> None:
        self._entries[key] = weakref.ref(array, partial(self._remove, key)), belonging
        if array.nbytes > self.max_bytes:
            return
        self._held_bytes += array.nbytes - (self._held[key].nbytes if key in self._held else 0)
        self._held[key] = array
        while self._held_bytes > self.max_bytes or len(self._held) > _MAX_ARRAYS:
            _, oldest = self._held.popitem(last=False)
            self._held_bytes -= oldest.nbytes

    def _remove(self, key: str, reference: weakref.ref[Any]) -> None:
        # Runs wherever an array is dropped, under this lock too, so it takes none: operations on dictionaries
        # are atomic.
        entry = self._entries.get(key)
        if entry is not None and entry[0] is reference:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Empty the cache; what is being made now is not stored either."""
        with self._lock:
            self._n_cleared += 1
            self._entries.clear()
            self._held.clear()
            self._held_bytes = 0
