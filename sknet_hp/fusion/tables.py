"""Distinct tables, each held once, and each in one file for the worker processes of this machine."""

import atexit
import contextlib
import itertools
import os
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass

import numpy as np
from joblib.externals.loky.backend import resource_tracker

from sknet_hp.training.job import Table

_IN_MEMORY = "/dev/shm"
_RESERVE = 1 << 20  # bytes of it that are left to others, whatever there is


@dataclass(frozen=True)
class TableFile:
    """A table in a file that a worker maps into its memory: where, and what each array looks like."""

    path: str
    arrays: tuple[tuple[str, str, tuple[int, ...], int], ...]  # (name, dtype, shape, offset)
    size: int


class TableStore:
    """Distinct tables, each held once and written once; its file goes when nobody holds the table any longer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[tuple, list[weakref.ref[Table]]] = {}
        self.files: dict[int, TableFile] = {}
        self.folders: dict[str | None, str] = {}
        self.pid = os.getpid()
        self.counter = itertools.count()

    def intern(self, table: Table) -> Table:
        """The table of equal content that came first."""
        arrays = [table.X, table.y, *([] if table.weight is None else [table.weight])]
        key = tuple((a.shape, a.dtype.str, _checksum(a)) for a in arrays)
        with self.lock:
            alive = [ref for ref in self.known.get(key, []) if ref() is not None]
            for ref in alive:
                other = ref()
                if other is not None and _equal(table, other):
                    return other
            self.known[key] = [*alive, weakref.ref(table)]
            weakref.finalize(table, self._forget, key).atexit = False
        return table

    def _forget(self, key: tuple) -> None:
        # Runs wherever the collector runs, so it takes no lock: dictionary operations are atomic.
        alive = [ref for ref in self.known.get(key, []) if ref() is not None]
        if not alive:
            self.known.pop(key, None)

    def file(self, table: Table) -> TableFile:
        """The file of a table, written the first time."""
        with self.lock:
            known = self.files.get(id(table))
            if known is None:
                known = self.files[id(table)] = self._write(table)
                weakref.finalize(table, self._remove, id(table), known.path).atexit = False
        return known

    def new_path(self, size: int) -> str:
        """Where a file of so many bytes may be made, in memory if there is room; it goes when the process ends."""
        return self._path_in(_IN_MEMORY if _has_room(size) else None)

    def _path_in(self, parent: str | None) -> str:
        if parent not in self.folders:
            folder = tempfile.mkdtemp(prefix=f"sknet_hp-{os.getpid()}-", dir=parent)
            resource_tracker.register(folder, "folder")  # removed by that process if this one is killed
            if not self.folders:
                atexit.register(self._remove_all)
            self.folders[parent] = folder
        return os.path.join(self.folders[parent], f"{next(self.counter)}.bin")

    def _write(self, table: Table) -> TableFile:
        arrays, placed, size = [], [], 0
        for name in ("X", "y", "weight"):
            array = getattr(table, name)
            if array is not None:
                arrays.append((size, array))
                placed.append((name, array.dtype.str, array.shape, size))
                size += -(-array.nbytes // 64) * 64
        path = self.new_path(size)
        try:
            _fill(path, arrays)
        except OSError:  # others have taken the room meanwhile
            path = self._path_in(None)
            _fill(path, arrays)
        return TableFile(path, tuple(placed), size)

    def _remove(self, identity: int, path: str) -> None:
        self.files.pop(identity, None)
        if os.getpid() == self.pid:  # what a fork drops, its parent may still need
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _remove_all(self) -> None:
        for folder in self.folders.values() if os.getpid() == self.pid else ():
            shutil.rmtree(folder, ignore_errors=True)
            resource_tracker.unregister(folder, "folder")


def _has_room(size: int) -> bool:
    """Whether a file of so many bytes fits into memory, and leaves as much for others: containers often have little."""
    try:
        return os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > 2 * size + _RESERVE
    except OSError:
        return False


def _fill(path: str, arrays: list[tuple[int, np.ndarray]]) -> None:
    """Write each array at its place; nothing is left behind where that fails."""
    try:
        with open(path, "wb") as file:
            for offset, array in arrays:
                file.seek(offset)
                file.write(np.ascontiguousarray(array).data if array.size else b"")
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise OSError(error.errno, f"a table for worker processes can not be written to {path!r} ({error.strerror})") from error


def _checksum(array: np.ndarray) -> int:
    if array.size == 0 or not array.flags.c_contiguous or array.itemsize not in (4, 8):
        return 0
    words = array.reshape(-1).view(np.int64 if array.nbytes % 8 == 0 else np.int32)
    sample = words[:: max(1, len(words) // 64)]
    return int(words.sum(dtype=np.int64)) ^ 31 * int(sample.sum(dtype=np.int64))


def _equal(a: Table, b: Table) -> bool:
    if (a.weight is None) != (b.weight is None):
        return False
    pairs = [(a.X, b.X), (a.y, b.y)] + ([] if a.weight is None or b.weight is None else [(a.weight, b.weight)])
    return all(p is q or (p.dtype == q.dtype and np.array_equal(p, q)) for p, q in pairs)
