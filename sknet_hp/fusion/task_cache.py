"""What tasks of fused calls have in common, such as the encoded rows of a split, made
once for all of them.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

_MOST = 1000  # arrays that are held: beyond, there is little that they have in common


class Kept:
    """Arrays, each with what belongs to it, by name: found as long as anybody holds the
    array. The latest are held here, while there is room.

    Attributes
    ----------
    room : bytes of arrays that are held here at most; larger ones are not.
    """

    def __init__(self) -> None:
        self.room = 0
        self._lock = threading.Lock()
        self._known: dict[str, tuple[weakref.ref[Any], Any]] = {}
        self._latest: OrderedDict[str, Any] = OrderedDict()
        self._bytes = 0
        self._forgotten = 0  # how often

    def find(self, name: str, make: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """What has this name, or else is made now: by two tasks that come at the same
        time, maybe, each for itself.
        """
        with self._lock:
            reference, belonging = self._known.get(name, (None, None))
            array = None if reference is None else reference()
            if array is not None:
                if name in self._latest:
                    self._latest.move_to_end(name)
                return array, belonging
            before = self._forgotten
        array, belonging = make()
        with self._lock:
            if self._forgotten == before:  # else the call that it was for has ended meanwhile
                self._keep(name, array, belonging)
        return array, belonging

    def _keep(self, name: str, array: Any, belonging: Any) -> None:
        self._known[name] = weakref.ref(array, partial(self._gone, name)), belonging
        if array.nbytes > self.room:
            return
        self._bytes += array.nbytes - (self._latest[name].nbytes if name in self._latest else 0)
        self._latest[name] = array
        while self._bytes > self.room or len(self._latest) > _MOST:
            _, oldest = self._latest.popitem(last=False)
            self._bytes -= oldest.nbytes

    def _gone(self, name: str, reference: weakref.ref[Any]) -> None:
        # Runs wherever an array is dropped, under this lock too, so it takes none: operations on dictionaries
        # are atomic.
        entry = self._known.get(name)
        if entry is not None and entry[0] is reference:
            self._known.pop(name, None)

    def forget(self) -> None:
        """All of it; and what is being made now is not kept."""
        with self._lock:
            self._forgotten += 1
            self._known.clear()
            self._latest.clear()
            self._bytes = 0
