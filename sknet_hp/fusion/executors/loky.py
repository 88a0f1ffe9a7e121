"""Training in a worker process of loky's, on this machine. It needs no `__main__` guard and takes classes defined in a notebook."""

import multiprocessing.resource_tracker
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from joblib.externals.loky.backend.context import get_context
from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, ShutdownExecutorError

from sknet_hp.fusion.executors.base import Bundle, Done, WorkerDied
from sknet_hp.fusion.executors.packing import pack, unpack, warm_up
from sknet_hp.fusion.tables import TableFile, TableStore
from sknet_hp.training.cohort import Cancelled, train
from sknet_hp.training.job import Table, TrainingResult

_WORKER_CACHE_BYTES = 1 << 28


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

    warm_up()


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
    return train(unpack(payload, [_load(file) for file in files]), lambda: bool(_FLAG[0] >= number))


class Worker:
    """One loky process that stays alive between bundles, and is replaced when it dies."""

    def __init__(self, store: TableStore):
        self.store = store
        self.busy = False
        self.up = threading.Event()
        self.number = 0
        self.bundle: Bundle | None = None
        self.flag_path = store.new_path(8)
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
        self.number, self.bundle = self.number + 1, bundle

        def finished(outcome: list[TrainingResult] | BaseException) -> None:
            if isinstance(outcome, (BrokenProcessPool, ShutdownExecutorError)):
                self.up.clear()
                outcome = WorkerDied(str(outcome))
            self.bundle, self.busy = None, False
            done(outcome)

        if bundle.cancelled():  # before this number was known to `cancel`
            finished(Cancelled())
            return
        try:
            payload, tables = pack(bundle.jobs)
            future = self.pool.submit(_train_remotely, payload, [self.store.file(table) for table in tables], self.number)
        except Exception as error:  # unpicklable modules and the like are the job's own fault; a broken pool is not
            finished(error)
        else:
            future.add_done_callback(lambda f: finished(f.exception() or f.result()))

    def cancel(self, bundle: Bundle) -> None:
        number = self.number
        if self.bundle is bundle:
            self.flag[0] = number

    def close(self) -> None:
        """End the process."""
        self.up.clear()
        if self.pool is not None:
            self.pool.shutdown(wait=False, kill_workers=True)
            self.pool = None
