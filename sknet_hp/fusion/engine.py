"""The engine for GPUs and clusters.

It takes jobs from threads, has them trained in bundles, and hands back the results. It
batches continuously: which jobs train together, and when, is decided anew whenever
something changes, see `batching`. None of this can change a number: what a network
trains with does not matter (see `training`).
"""

import atexit
import itertools
import os
import threading
import time
import warnings
import weakref
from dataclasses import dataclass
from functools import partial

import joblib
import torch

from sknet_hp.fusion.batching import Batcher
from sknet_hp.fusion.bundles import Bundle, WaitingJob, copy_error
from sknet_hp.fusion.executor_pool import ExecutorPool
from sknet_hp.fusion.executors.base import TrainingOutcome, WorkerDied
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.tables import TableStore
from sknet_hp.fusion.task_cache import TaskCache
from sknet_hp.fusion.tasks.scheduler import TaskScheduler
from sknet_hp.fusion.tasks.task import Call, Task
from sknet_hp.fusion.tasks.warning_state import WarningState
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import Rows, TrainingJob
from sknet_hp.training.state import TrainingResult

_MAX_DEATHS = 3  # of workers in turn over one network
_CACHE_PART = 8  # the part of the memory for waiting tasks that the cache may hold
_COMPILING = 20.0  # seconds to wait, when the interpreter ends, for trainings that may still be compiled
_UNWINDING = 1.0  # seconds to wait for the threads of a call that was cancelled


@dataclass(frozen=True)
class NetworkCounts:
    """How many networks were trained, are in training, and wait.

    Those of a session were trained since it began.
    """

    trained: int
    training: int
    waiting: int


class Engine:
    """What trains the networks of a process. The outermost `fused()` sets its rules.

    Attributes
    ----------
    parallels : those whose calls are open; weak, because joblib may fail before it
        comes to `terminate`.
    dispatcher : the engine's own thread, None while there is nothing to do.
    n_trained : networks that executors have trained.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Condition()
        self.tasks = TaskScheduler(self.lock, self.lock.notify)
        self.store = TableStore()
        self.cache = TaskCache()
        self.pool = ExecutorPool(self.lock)
        self.batcher = Batcher(self.tasks.state, self.pool)
        self.numbers = itertools.count()
        self.dispatcher: threading.Thread | None = None
        self.parallels: weakref.WeakSet[joblib.Parallel] = weakref.WeakSet()
        self.n_trained = 0
        self.warning_state: WarningState | None = None
        self.torch_threads = 1
        atexit.register(self._stop_at_exit)

    # ---- calls -----------------------------------------------------------------------------------------------------

    def open(
        self,
        parallel: joblib.Parallel,
        n_jobs: int | None,
        over: str | Cluster | None,
        max_threads: int,
        max_bytes: int,
    ) -> None:
        """Begin a `Parallel` call.

        The first of those that are open at the same time sets the rules and notes the
        warning filters.

        Raises
        ------
        RuntimeError
            If not even the engine's own thread can be started.
        """
        with self.lock:
            if not self.parallels:
                self.pool.start(n_jobs, over)
                state = self.tasks.state
                state.n_permits, state.max_threads, state.max_bytes = self.pool.n_jobs, max_threads, max_bytes
                self.cache.max_bytes = max_bytes // _CACHE_PART
                self.warning_state = WarningState()
                self.torch_threads = torch.get_num_threads()
            self.parallels.add(parallel)
            try:
                self._ensure_dispatcher()
            except RuntimeError:
                self.parallels.discard(parallel)
                raise

    def _ensure_dispatcher(self) -> None:
        if self.dispatcher is None:
            self.dispatcher = threading.Thread(target=self._dispatch, name="sknet_hp-engine", daemon=True)
            try:
                self.dispatcher.start()
            except RuntimeError:
                self.dispatcher = None
                raise

    def close(self, parallel: joblib.Parallel) -> None:
        """End a `Parallel` call.

        After the last one the warning filters are as they were before the first.
        """
        with self.lock:
            self.parallels.discard(parallel)
            if not self.parallels and self.warning_state is not None:
                self.pool.stop()
                self.cache.clear()
                self.warning_state.install(contents=True)
                self.warning_state = None
                torch.set_num_threads(self.torch_threads)  # tasks have set it to one for threads to come
            self.lock.notify()

    def count_networks(self) -> NetworkCounts:
        """Count the networks of this process."""
        with self.lock:
            state, batcher = self.tasks.state, self.batcher
            training = len(state.training) + batcher.count_in_training()
            return NetworkCounts(self.n_trained + state.n_trained, training, batcher.count_waiting())

    # ---- from a task's thread --------------------------------------------------------------------------------------

    def train(self, jobs: list[TrainingJob]) -> list[TrainingResult]:
        """Hand jobs over and wait for their results."""
        task = self.tasks.get_current()
        together = self._hand_over([self._intern_tables(job) for job in jobs], task)
        try:
            for waiting in together:
                waiting.event.wait()
        finally:
            if task is not None:
                self.tasks.unpark(task)
        for waiting in together:
            waiting.siblings = []  # else they hold each other, and with them their tables, until the collector comes
        for message, category in itertools.chain(*(waiting.notes for waiting in together)):
            warnings.warn(message, category, stacklevel=2)
        for waiting in together:
            if waiting.error is not None:
                raise waiting.error
        return [waiting.result for waiting in together if waiting.result is not None]

    def _hand_over(self, jobs: list[TrainingJob], task: Task | None) -> list[WaitingJob]:
        together: list[WaitingJob] = []
        with self.lock:
            for job in jobs:
                number = task.number if task is not None else next(self.numbers)
                waiting = WaitingJob(job, task, number, siblings=together)
                if waiting.is_cancelled():
                    raise Cancelled
                together.append(waiting)
                if task is not None:
                    task.count_job()
            self.batcher.add(together)
            self._ensure_dispatcher()
            if task is not None:
                self.tasks.park(task)
            self.lock.notify()
        return together

    def _intern_tables(self, job: TrainingJob) -> TrainingJob:
        """Return the job with tables that jobs of equal content share."""
        table = self.store.intern(job.train.table)
        validation = job.validation
        if validation is not None:
            same = validation.table is job.train.table
            validation = Rows(table if same else self.store.intern(validation.table), validation.index)
        return job.replace_rows(Rows(table, job.train.index), validation)

    def cancel(self, call: Call) -> None:
        """Cancel a call, its descendants, and the networks they wait for."""
        self.tasks.cancel(call)
        with self.lock:
            for waiting in self.batcher.cancel():
                self._settle(waiting, error=Cancelled())
            self.lock.notify()
        self.tasks.wait_for_end(call, _UNWINDING)

    # ---- the dispatcher --------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while True:
            try:
                if not self._take_step():
                    return
            except Exception as error:  # nothing may leave threads waiting for ever
                with self.lock:
                    for waiting in self.batcher.iterate_waiting():
                        self._settle(waiting, error=copy_error(error))
                    self.batcher.clear()

    def _take_step(self) -> bool:
        """Do what is to be done now, or wait for a while.

        Returns False if there is nothing more to wait for.
        """
        state, batcher = self.tasks.state, self.batcher
        with self.lock:
            self.tasks.grant_permits()
            chosen = batcher.take_bundle()
            stranded = None
            if chosen is not None:
                batcher.begin(*chosen)
            elif not batcher.groups and not batcher.in_training:
                stranded = state.take_stranded()
            if chosen is None and stranded is None:
                if not self.parallels and state.is_idle() and batcher.is_idle():
                    self.dispatcher = None
                    return False
                self.lock.wait(0.02 if state.queue or state.resuming or batcher.groups else 0.5)
        if chosen is not None:
            bundle, executor = chosen
            executor.submit(bundle, partial(self._finish, bundle))
        elif stranded is not None:
            self.tasks.run_inline(stranded)
        return True

    def _stop_at_exit(self) -> None:
        """Leave no thread inside torch or LLVM when the interpreter ends.

        It cancels everything, and waits for it: a moment, or as long as a first
        training may compile. A thread that stops inside LLVM keeps its lock, for which
        the interpreter would wait for ever.
        """
        if os.getpid() != self.pid:
            return
        with self.lock:
            calls = self.tasks.state.find_open_calls()
            for call in calls:
                call.cancelled_itself = True
        for call in calls:
            self.cancel(call)
        begin = time.monotonic()
        while self.batcher.in_training and time.monotonic() < begin + _UNWINDING:
            time.sleep(0.01)
        while self.tasks.state.training and time.monotonic() < begin + _COMPILING:
            time.sleep(0.01)

    # ---- outcomes --------------------------------------------------------------------------------------------------

    def _finish(self, bundle: Bundle, outcome: TrainingOutcome) -> None:
        with self.lock:
            self.batcher.end(bundle, trained=isinstance(outcome, list))
            if isinstance(outcome, list):
                self.n_trained += len(outcome)
                bundle.members[0].notes += self.pool.take_notes()
                for waiting, result in zip(bundle.members, outcome, strict=True):
                    self._settle(waiting, result=result)
            else:
                self._retry_or_fail(bundle, outcome)
            self.tasks.grant_permits()
            self.lock.notify()

    def _retry_or_fail(self, bundle: Bundle, error: BaseException) -> None:
        """Retry a bundle that did not train, in halves.

        Halves of halves find the member that fails, which gets the error.
        """
        alive = [w for w in bundle.members if not w.is_cancelled()]
        for waiting in bundle.members:
            if waiting.is_cancelled():
                self._settle(waiting, error=Cancelled())
        if not alive:
            return
        if isinstance(error, WorkerDied):
            deaths = bundle.deaths + 1
            if len(alive) > 1 or deaths < _MAX_DEATHS:
                note = f"a worker died while it trained {len(alive)} networks; they are trained again in others"
                alive[0].notes.append((note, RuntimeWarning))
                self.batcher.retry(alive, deaths, bundle.expected)
                return
            failure = RuntimeError(
                f"{deaths} workers died in turn while they trained this network; it may need more memory than there is"
            )
            failure.__cause__, error = error, failure
        elif len(alive) > 1 and isinstance(error, Exception):
            if "out of memory" in str(error).lower():
                note = f"a cohort of {len(alive)} networks ran out of memory; it is trained again in halves"
                alive[0].notes.append((note, RuntimeWarning))
            self.batcher.retry(alive, 0, bundle.expected)
            return
        for waiting in alive:
            self._settle(waiting, error=copy_error(error))

    def _settle(
        self, waiting: WaitingJob, result: TrainingResult | None = None, error: BaseException | None = None
    ) -> None:
        """Give a job its result or its error, unless it has one.

        When it was the last one that its task waits for, the task goes on.
        """
        if not waiting.event.is_set():
            waiting.result, waiting.error = result, error
            waiting.event.set()
            if waiting.task is not None and all(other.event.is_set() for other in waiting.siblings):
                self.tasks.wake(waiting.task)


_ENGINE: Engine | None = None
_MAKING = threading.Lock()


def get_engine() -> Engine:
    """Return the engine of this process (a fork has its own)."""
    global _ENGINE
    with _MAKING:
        if _ENGINE is None or _ENGINE.pid != os.getpid():
            _ENGINE = Engine()
        return _ENGINE


def get_engine_of_task() -> Engine | None:
    """Return the engine, if this thread is a task of the fused backend, else None."""
    known = _ENGINE
    return known if known is not None and known.pid == os.getpid() and known.tasks.get_current() is not None else None
