"""Where a bundle of jobs trains: in this process, or in a worker process of loky's. One narrow interface, `Executor`."""

import atexit
import contextlib
import itertools
import multiprocessing.resource_tracker
import os
import pickle
import shutil
import signal
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cloudpickle
import numpy as np
from joblib.externals.loky.backend import resource_tracker
from joblib.externals.loky.backend.context import get_context
from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, ShutdownExecutorError
from torch import nn

from sknet_hp.nets.graph import trace
from sknet_hp.training.cohort import Cancelled, train
from sknet_hp.training.job import Rows, Table, TrainingJob, TrainingResult

Done = Callable[[list[TrainingResult] | BaseException], None]

_WORKER_CACHE_BYTES = 1 << 28


class WorkerDied(Exception):
    """The process that trained a bundle is gone."""


class Bundle(Protocol):
    """What an executor is given: jobs of one key, and whether anybody still wants them."""

    jobs: list[TrainingJob]

    def cancelled(self) -> bool: ...


class Executor(Protocol):
    """One place that trains one bundle at a time."""

    busy: bool

    def ready(self) -> bool:
        """Whether a bundle given now would begin to train now."""
        ...

    def submit(self, bundle: Any, done: Done) -> None:
        """Train; call `done` with the results, or with what went wrong, from another thread."""
        ...

    def cancel(self) -> None:
        """Stop between two steps."""
        ...


class Here:
    """In this process, in a thread that lives as long as the bundle."""

    def __init__(self, device: str = "cpu"):
        self.busy = False
        self.off = False
        self.device = device

    def ready(self) -> bool:
        return True

    def submit(self, bundle: Bundle, done: Done) -> None:
        self.busy, self.off = True, False
        thread = threading.Thread(target=self._run, args=(bundle, done), name="sknet_hp-training", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had: train in the caller's
            self._run(bundle, done)

    def _run(self, bundle: Bundle, done: Done) -> None:
        outcome: list[TrainingResult] | BaseException
        try:
            jobs = bundle.jobs
            if self.device != "cpu":
                jobs = [replace(job, device=self.device) for job in jobs]
            outcome = train(jobs, lambda: self.off or bundle.cancelled())
        except BaseException as error:
            outcome = error
        self.busy = False
        done(outcome)

    def cancel(self) -> None:
        self.off = True


# ---- arrays go over once -------------------------------------------------------------------------------------------


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
        self.folder: str | None = None
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

    def new_path(self) -> str:
        """Where a file may be made, in memory if possible; it goes when the process ends."""
        if self.folder is None:
            shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
            self.folder = tempfile.mkdtemp(prefix=f"sknet_hp-{os.getpid()}-", dir=shared)
            resource_tracker.register(self.folder, "folder")  # removed by that process if this one is killed
            atexit.register(self._remove_all)
        return os.path.join(self.folder, f"{next(self.counter)}.bin")

    def _write(self, table: Table) -> TableFile:
        path = self.new_path()
        arrays, offset = [], 0
        with open(path, "wb") as file:
            for name in ("X", "y", "weight"):
                array = getattr(table, name)
                if array is not None:
                    file.seek(offset)
                    file.write(np.ascontiguousarray(array).data if array.size else b"")
                    arrays.append((name, array.dtype.str, array.shape, offset))
                    offset += -(-array.nbytes // 64) * 64
        return TableFile(path, tuple(arrays), offset)

    def _remove(self, identity: int, path: str) -> None:
        self.files.pop(identity, None)
        if os.getpid() == self.pid:  # what a fork drops, its parent may still need
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _remove_all(self) -> None:
        if os.getpid() == self.pid and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            resource_tracker.unregister(self.folder, "folder")


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


# ---- a worker process ----------------------------------------------------------------------------------------------


def _start_worker(flag_path: str, parent: int) -> None:
    """In the worker, once: import what training needs; leave Ctrl-C to the parent; end when the parent has ended."""
    global _FLAG
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    _FLAG = np.memmap(flag_path, dtype=np.int64, mode="r", shape=(1,))

    train([_smallest_job()])  # whatever is loaded or set up at the first training


def _smallest_job() -> TrainingJob:
    graph, _ = trace(nn.Linear(1, 2))
    return TrainingJob(graph, 2, 0, Rows(Table(np.zeros((2, 1), np.float32), np.arange(2))), max_epochs=1)


_FLAG: np.ndarray = np.zeros(1, np.int64)
_TABLES: OrderedDict[str, tuple[Table, int]] = OrderedDict()


def _load(file: TableFile) -> Table:
    if file.path in _TABLES:
        _TABLES.move_to_end(file.path)
        return _TABLES[file.path][0]
    data = np.memmap(file.path, dtype=np.uint8, mode="c")  # pages are shared between workers as long as nobody writes
    arrays = {name: np.ndarray(shape, dtype, data, offset) for name, dtype, shape, offset in file.arrays}
    table = Table(arrays["X"], arrays["y"], arrays.get("weight"))
    _TABLES[file.path] = table, file.size
    while len(_TABLES) > 1 and sum(size for _, size in _TABLES.values()) > _WORKER_CACHE_BYTES:
        _TABLES.popitem(last=False)
    return table


def _probe() -> int:
    return os.getpid()


def _train_remotely(payload: bytes, files: list[TableFile], number: int) -> list[TrainingResult]:
    """In the worker: train one bundle whose rows refer to `files` by position."""
    tables = [_load(file) for file in files]
    jobs = pickle.loads(payload)

    def rows(reference: Any) -> Rows | None:
        return None if reference is None else Rows(tables[reference[0]], reference[1])

    return train([replace(job, train=rows(job.train), validation=rows(job.validation)) for job in jobs], lambda: bool(_FLAG[0] >= number))


class Worker:
    """One loky process that stays alive between bundles, and is replaced when it dies."""

    def __init__(self, store: TableStore):
        self.store = store
        self.busy = False
        self.up = threading.Event()
        self.number = 0
        self.flag_path = store.new_path()
        self.flag = np.memmap(self.flag_path, dtype=np.int64, mode="w+", shape=(1,))  # bundles up to this number are called off
        self.pool: Any = None
        self.pid: int | None = None

    def start(self, ready: Callable[[BaseException | None], None]) -> None:
        """Begin to start the process; `ready` is called, from another thread, when it has imported torch or failed."""
        self.close()
        self.pool = ProcessPoolExecutor(
            max_workers=1,
            context=get_context("loky"),
            initializer=_start_worker,
            initargs=(self.flag_path, os.getpid()),
            env={"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

        def started(future: Any) -> None:
            error = future.exception()
            if error is None:
                self.pid = future.result()
                self.up.set()
            ready(error)

        # The process inherits that this thread takes no Ctrl-C, so that one in the middle of its imports does not end it.
        multiprocessing.resource_tracker.ensure_running()  # or loky would now, and that unblocks signals
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.pool.submit(_probe).add_done_callback(started)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def ready(self) -> bool:
        pool = self.pool
        return self.up.is_set() and pool is not None and pool._flags.broken is None

    def submit(self, bundle: Bundle, done: Done) -> None:
        self.busy = True
        self.number += 1
        tables: dict[int, int] = {}
        files: list[TableFile] = []

        def reference(rows: Rows | None) -> Any:
            if rows is None:
                return None
            if id(rows.table) not in tables:
                tables[id(rows.table)] = len(files)
                files.append(self.store.file(rows.table))
            return tables[id(rows.table)], rows.index

        def finished(outcome: list[TrainingResult] | BaseException) -> None:
            if isinstance(outcome, (BrokenProcessPool, ShutdownExecutorError)):
                self.up.clear()
                outcome = WorkerDied(str(outcome))
            self.busy = False
            done(outcome)

        if bundle.cancelled():  # before this number was known to `cancel`
            finished(Cancelled())
            return
        try:
            light = [replace(job, train=reference(job.train), validation=reference(job.validation)) for job in bundle.jobs]
            future = self.pool.submit(_train_remotely, cloudpickle.dumps(light), files, self.number)
        except Exception as error:  # unpicklable modules and the like are the job's own fault; a broken pool is not
            finished(error)
        else:
            future.add_done_callback(lambda f: finished(f.exception() or f.result()))

    def cancel(self) -> None:
        self.flag[0] = self.number

    def close(self) -> None:
        """End the process."""
        self.up.clear()
        if self.pool is not None:
            self.pool.shutdown(wait=False, kill_workers=True)
            self.pool = None
