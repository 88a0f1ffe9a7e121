"""The continuous batcher, for GPUs and clusters: jobs that threads hand over become
bundles, which train together.

A group of equal jobs goes to a free executor as soon as it is full, or no task can run
any further, or an executor is idle and nothing new has come for a while. The last two
rules make a deadlock impossible, whatever tasks do. None of this can change a number:
company does not matter (see `training`).
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
from typing import Any

import torch

from sknet_hp.fusion import devices
from sknet_hp.fusion.bundles import Bundle, Waiting, halves, own_instance
from sknet_hp.fusion.executor_pool import ExecutorPool
from sknet_hp.fusion.executors.base import Executor, WorkerDied
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.tables import TableStore
from sknet_hp.fusion.task_cache import TaskCache
from sknet_hp.fusion.tasks.task import Call
from sknet_hp.fusion.tasks.threads import Tasks
from sknet_hp.fusion.tasks.warning_state import WarningState
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import CohortKey, Rows, TrainingJob, TrainingResult

_PATIENCE = 0.25  # fraction of a bundle's expected time to wait for company
_LEAST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds
_MAX_DEATHS = 3  # of workers in turn over one network
_CACHE_PART = 8  # the part of the memory for waiting tasks that the cache may hold
_UNWINDING = 1.0  # seconds to wait for the threads of a call that was cancelled


@dataclass(frozen=True)
class Progress:
    """How far the engine is: networks trained since the session began, in training, and
    waiting.
    """

    trained: int
    training: int
    waiting: int


class Engine:
    """One for each process. `settings` come from the outermost `fused()`."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Condition()
        self.tasks = Tasks(self.lock, self.lock.notify)
        self.store = TableStore()
        self.cache = TaskCache()
        self.pool = ExecutorPool(self.lock)
        self.groups: dict[CohortKey, list[Waiting]] = {}
        self.ready_made: list[Bundle] = []  # bundles to be tried again
        self.in_training: dict[Bundle, Executor] = {}
        self.numbers = itertools.count()
        self.dispatcher: threading.Thread | None = None
        self.sessions: weakref.WeakSet[Any] = (
            weakref.WeakSet()
        )  # weak, because joblib may fail before it comes to `terminate`
        self.last_arrival = 0.0
        self.correction = 1.0  # measured seconds / expected seconds
        self.trained = self.trained_before = 0  # networks: in all, and before this session
        self.warning_state: WarningState | None = None
        self.torch_threads = 1
        atexit.register(self._at_exit)

    # ---- sessions --------------------------------------------------------------------------------------------------

    def open(
        self, session: Any, n_jobs: int | None, over: str | Cluster | None, max_threads: int, max_bytes: int
    ) -> None:
        """A `Parallel` call begins. The first of those that are open at the same time
        sets the rules and notes the warning filters.

        Raises RuntimeError if not even the engine's own thread can be started.
        """
        with self.lock:
            if not self.sessions:
                self.pool.begin(n_jobs, over)
                self.trained_before = self.trained
                self.tasks.n_permits, self.tasks.max_threads, self.tasks.max_bytes = (
                    self.pool.n_jobs,
                    max_threads,
                    max_bytes,
                )
                self.cache.max_bytes = max_bytes // _CACHE_PART
                self.warning_state = WarningState()
                self.torch_threads = torch.get_num_threads()
            self.sessions.add(session)
            try:
                self._ensure_dispatcher()
            except RuntimeError:
                self.sessions.discard(session)
                raise

    def _ensure_dispatcher(self) -> None:
        if self.dispatcher is None:
            self.dispatcher = threading.Thread(target=self._dispatch, name="sknet_hp-engine", daemon=True)
            try:
                self.dispatcher.start()
            except RuntimeError:
                self.dispatcher = None
                raise

    def close(self, session: Any) -> None:
        """A `Parallel` call has ended; after the last one the warning filters are as
        they were before the first.
        """
        with self.lock:
            self.sessions.discard(session)
            if not self.sessions and self.warning_state is not None:
                self.pool.end()
                self.cache.clear()
                self.warning_state.install(contents=True)
                self.warning_state = None
                torch.set_num_threads(self.torch_threads)  # tasks have set it to one for threads to come
            self.lock.notify()

    def progress(self) -> Progress:
        with self.lock:
            here = len(self.tasks.training)
            in_company = sum(len(bundle.members) for bundle in self.in_training)
            return Progress(self.trained + self.tasks.trained, here + in_company, sum(map(len, self.groups.values())))

    # ---- from a task's thread --------------------------------------------------------------------------------------

    def train(self, jobs: list[TrainingJob]) -> list[TrainingResult]:
        """Hand jobs over and wait for their results."""
        task = self.tasks.task()
        jobs = [self._interned(job) for job in jobs]
        together: list[Waiting] = []
        with self.lock:
            for job in jobs:
                waiting = Waiting(job, task, task.number if task is not None else next(self.numbers), together=together)
                if waiting.cancelled():
                    raise Cancelled
                together.append(waiting)
                if task is not None:
                    task.hands_over()
            for waiting in together:
                self.groups.setdefault(waiting.job.key, []).append(waiting)
            self.last_arrival = time.monotonic()
            self._ensure_dispatcher()
            if task is not None:
                self.tasks.park(task)
            self.lock.notify()
        try:
            for waiting in together:
                waiting.event.wait()
        finally:
            if task is not None:
                self.tasks.unpark(task)
        for waiting in together:
            waiting.together = []  # else they hold each other, and with them their tables, until the collector comes
        for message, category in itertools.chain(*(waiting.notes for waiting in together)):
            warnings.warn(message, category, stacklevel=2)
        for waiting in together:
            if waiting.error is not None:
                raise waiting.error
        return [waiting.result for waiting in together if waiting.result is not None]

    def _interned(self, job: TrainingJob) -> TrainingJob:
        table = self.store.intern(job.train.table)
        validation = job.validation
        if validation is not None:
            validation = Rows(
                table if validation.table is job.train.table else self.store.intern(validation.table), validation.index
            )
        return job.replace_rows(Rows(table, job.train.index), validation)

    def cancel(self, call: Call) -> None:
        """Cancel a call, its descendants, and the networks they wait for."""
        self.tasks.cancel(call)
        with self.lock:
            bundles = [*self.ready_made, *self.in_training]
            for w in itertools.chain(*self.groups.values(), *(bundle.members for bundle in bundles)):
                if w.cancelled():
                    self._settle(w, error=Cancelled())
            self.groups = {
                key: wanted for key, group in self.groups.items() if (wanted := [w for w in group if not w.cancelled()])
            }
            self.ready_made = [bundle for bundle in self.ready_made if not bundle.cancelled()]
            for bundle, executor in self.in_training.items():
                if bundle.cancelled():
                    executor.cancel(bundle)
            self.lock.notify()
        self.tasks.wait_for_end(call, _UNWINDING)

    # ---- the dispatcher --------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while True:
            try:
                if not self._turn():
                    return
            except Exception as error:  # nothing may leave threads waiting for ever
                with self.lock:
                    for waiting in itertools.chain(
                        *self.groups.values(), *(bundle.members for bundle in self.ready_made)
                    ):
                        self._settle(waiting, error=own_instance(error))
                    self.groups.clear()
                    self.ready_made.clear()

    def _turn(self) -> bool:
        """Do what is to be done now, or wait for a while; False if there is nothing
        more to wait for.
        """
        with self.lock:
            self.tasks.grant()
            chosen = self._choose()
            stranded = (
                self.tasks.take_stranded() if chosen is None and not self.groups and not self.in_training else None
            )
            if chosen is not None:
                bundle, executor = chosen
                executor.busy = True
                self.in_training[bundle] = executor
                bundle.begun = time.monotonic()
            elif stranded is None:
                if (
                    not self.sessions
                    and self.tasks.idle
                    and not self.groups
                    and not self.in_training
                    and not self.ready_made
                ):
                    self.dispatcher = None
                    return False
                self.lock.wait(self._pause())
        if chosen is not None:
            executor.submit(bundle, partial(self._finished, bundle))
        elif stranded is not None:
            self.tasks.run_here(stranded)
        return True

    def _pause(self) -> float:
        """How long the dispatcher may sleep if nothing happens."""
        return 0.02 if self.tasks.queue or self.tasks.resuming or self.groups else 0.5

    def _choose(self) -> tuple[Bundle, Executor] | None:
        """A bundle that should go now, and where to."""
        for bundle in self.ready_made:
            executor = self._place(bundle)
            if executor is not None:
                self.ready_made.remove(bundle)
                return bundle, executor
        now = time.monotonic()
        for key, group in sorted(self.groups.items(), key=self._urgency):
            job, more, left = group[0].job, self.tasks.to_come(), self._left(now)
            ahead = len(group) + min(more, len(self.tasks.queue) + len(self.tasks.running))
            self.pool.prepare(job, ahead)
            if not self.pool.any_free(job):
                continue
            places = self.pool.count(job)
            size = self._bundle_size(job, len(group) + more, left, places)
            if more and len(group) < size:
                expected = self.correction * devices.estimate_seconds(job, size)
                quiet = now - self.last_arrival > min(_LONGEST_WAIT, max(_LEAST_WAIT, _PATIENCE * expected))
                if self.tasks.can_go_on() and not quiet:
                    continue
            if len(group) < size:
                size = self._bundle_size(job, len(group), left, places)
            expected = self.correction * devices.estimate_seconds(job, size)
            group.sort(key=lambda w: w.number)
            bundle = Bundle(group[:size], expected=expected)
            executor = self._place(bundle)
            if executor is None:
                continue
            if group[size:]:
                self.groups[key] = group[size:]
            else:
                del self.groups[key]
            return bundle, executor
        return None

    def _place(self, bundle: Bundle) -> Executor | None:
        return self.pool.choose(bundle.jobs[0])

    def _left(self, now: float) -> int:
        """Networks in training, each counted by the part of its time that is left."""
        return round(
            sum(
                len(bundle.members) * max(0.0, 1 - (now - bundle.begun) / max(bundle.expected, 1e-9))
                for bundle in self.in_training
            )
        )

    def _urgency(self, item: tuple[CohortKey, list[Waiting]]) -> tuple[float, int]:
        """Groups that fill a stack come first, since the others may still grow; then
        those that were submitted first.
        """
        _, group = item
        return -min(1.0, len(group) / self.pool.compute_stack_height(group[0].job)), min(w.number for w in group)

    def _bundle_size(self, job: TrainingJob, n_jobs: int, left: int, places: int) -> int:
        """How many of n_jobs to train together, so that bundles are of a size and keep
        every place busy; `left` are in training already.

        No slivers: a stack of 3 small networks takes almost as long as one of 30.
        """
        height = 1 if job.observer is not None else self.pool.compute_stack_height(job)
        rounds = -(-(n_jobs + left) // (height * places))
        size = min(height, -(-(n_jobs + left) // (rounds * places)))
        return n_jobs if n_jobs <= min(size + size // 3, height) else size

    def _at_exit(self) -> None:
        """Leave no thread inside torch when the interpreter ends: cancel everything,
        and wait a moment for it.
        """
        if os.getpid() != self.pid:
            return
        with self.lock:
            calls = self.tasks.calls()
            for call in calls:
                call.off = True
        for call in calls:
            self.cancel(call)
        deadline = time.monotonic() + _UNWINDING
        while self.in_training and time.monotonic() < deadline:
            time.sleep(0.01)

    # ---- outcomes --------------------------------------------------------------------------------------------------

    def _finished(self, bundle: Bundle, outcome: list[TrainingResult] | BaseException) -> None:
        with self.lock:
            del self.in_training[bundle]
            if isinstance(outcome, list):
                seconds = time.monotonic() - bundle.begun
                if bundle.expected > 0.005:
                    self.correction = min(20.0, max(0.05, self.correction * (0.5 + 0.5 * seconds / bundle.expected)))
                self.trained += len(outcome)
                bundle.members[0].notes += self.pool.take_notes()
                for waiting, result in zip(bundle.members, outcome, strict=True):
                    self._settle(waiting, result=result)
            else:
                self._failed(bundle, outcome)
            self.tasks.grant()
            self.lock.notify()

    def _failed(self, bundle: Bundle, error: BaseException) -> None:
        """A bundle did not train: retry it, in halves, until the member is found that
        is guilty.
        """
        alive = [w for w in bundle.members if not w.cancelled()]
        for waiting in bundle.members:
            if waiting.cancelled():
                self._settle(waiting, error=Cancelled())
        if not alive:
            return
        if isinstance(error, WorkerDied):
            deaths = bundle.deaths + 1
            if len(alive) > 1 or deaths < _MAX_DEATHS:
                note = f"a worker died while it trained {len(alive)} networks; they are trained again in others"
                alive[0].notes.append((note, RuntimeWarning))
                self.ready_made += [Bundle(part, deaths, bundle.expected / 2) for part in halves(alive)]
                return
            failure = RuntimeError(
                f"{deaths} workers died in turn while they trained this network; it may need more memory than there is"
            )
            failure.__cause__, error = error, failure
        elif len(alive) > 1 and isinstance(error, Exception):
            if "out of memory" in str(error).lower():
                alive[0].notes.append(
                    (
                        f"a cohort of {len(alive)} networks ran out of memory; it is trained again in halves",
                        RuntimeWarning,
                    )
                )
            self.ready_made += [Bundle(part, expected=bundle.expected / 2) for part in halves(alive)]
            return
        for waiting in alive:
            self._settle(waiting, error=own_instance(error))

    def _settle(
        self, waiting: Waiting, result: TrainingResult | None = None, error: BaseException | None = None
    ) -> None:
        if not waiting.event.is_set():
            waiting.result, waiting.error = result, error
            waiting.event.set()
            if waiting.task is not None and all(other.event.is_set() for other in waiting.together):
                self.tasks.wake(waiting.task)


_ENGINE: Engine | None = None
_MAKING = threading.Lock()


def get_engine() -> Engine:
    """The engine of this process (a fork has its own)."""
    global _ENGINE
    with _MAKING:
        if _ENGINE is None or _ENGINE.pid != os.getpid():
            _ENGINE = Engine()
        return _ENGINE
