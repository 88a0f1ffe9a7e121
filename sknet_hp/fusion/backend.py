"""The joblib backend "fused": tasks run in threads.

Their networks train at the same time. It knows joblib's protocol and nothing of
networks beyond who has one: see `needs_threads`. What it imports late imports torch,
which takes a second.
"""

import contextlib
import math
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import joblib
from joblib.parallel import (
    BatchedCalls,
    FallbackToBackend,
    ParallelBackendBase,
    SequentialBackend,
    register_parallel_backend,
)

from sknet_hp.fusion.arguments import check_limits, check_n_jobs, resolve_over
from sknet_hp.fusion.detection import has_network, is_estimator, needs_threads
from sknet_hp.fusion.tasks.copies import clones_by_itself, copy_calls
from sknet_hp.fusion.tasks.sizes import estimate_bytes_of_batch
from sknet_hp.system.memory import read_available_memory

if TYPE_CHECKING:
    from sknet_hp.fusion.tasks.task import Call, Task

MAX_TASKS = 512
"""How many tasks a caller is told can run at once, so that many networks train
together.
"""

DEFAULT_MEMORY_FRACTION = 0.25
_UNKNOWN_MEMORY = 4 << 30  # bytes, where the system does not say what is free
_MAX_FRAMES = 12  # between a caller and the question how many tasks can run


class FusedBackend(ParallelBackendBase):
    """Tasks in threads of this process, each with its own copy of what it is given.

    On the CPU each network trains in the thread of its task, on a core of its own;
    several cores share a big one if it is alone. Networks for a GPU or a cluster wait
    for each other and train together.

    Parameters
    ----------
    over : "dask", "ray", a Dask client, "inline" or None
        The cluster in whose workers networks train; "inline" and None: this process.
    cores : int or None
        How many cores, or workers of a cluster, train networks, by joblib's rules,
        whatever `n_jobs` a call asks for. None: as many as it asks for.
    memory : int or None
        Bytes of data that tasks in flight may hold. Default: a quarter of what is free.
    max_threads : int
        How many tasks may be in flight at once.

    Attributes
    ----------
    calls : the open call of each `Parallel`.
    without_network : tasks that run in the thread that waits for them, by `Parallel`.
    retrieving : each `Parallel` whose thread has run those.
    max_copied_bytes : of an array, by `Parallel`; None: nothing is copied.
    """

    supports_retrieve_callback = True
    supports_sharedmem = True
    uses_threads = True

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        over: Any = None,
        cores: int | None = None,
        memory: int | None = None,
        max_threads: int = MAX_TASKS,
        **kwargs: Any,
    ):
        super().__init__(nesting_level=nesting_level, inner_max_num_threads=inner_max_num_threads, **kwargs)
        check_limits(memory, max_threads)
        self.over, self.cores = resolve_over(over), check_n_jobs(cores)
        self.memory, self.max_threads = memory, max_threads
        self.lock = threading.Lock()
        self.calls: weakref.WeakKeyDictionary[joblib.Parallel, Call] = weakref.WeakKeyDictionary()
        self.without_network: weakref.WeakKeyDictionary[joblib.Parallel, list[Task]] = weakref.WeakKeyDictionary()
        self.retrieving: weakref.WeakSet[joblib.Parallel] = weakref.WeakSet()
        self.max_copied_bytes: weakref.WeakKeyDictionary[joblib.Parallel, float | None] = weakref.WeakKeyDictionary()

    # ---- before a call ---------------------------------------------------------------------------------------------

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many tasks can run at once.

        Many for an estimator that holds a network of ours, else 1. Others chunk their
        work by this, and must give the numbers of n_jobs=None.
        """
        frame = sys._getframe(1)
        for _ in range(_MAX_FRAMES):
            if frame is None:
                break
            owner = frame.f_locals.get("self")
            if isinstance(owner, joblib.Parallel):
                return MAX_TASKS
            if owner is not None and is_estimator(owner):
                return MAX_TASKS if has_network(owner) else 1
            frame = frame.f_back  # type: ignore[assignment]
        return 1

    def configure(
        self,
        n_jobs: int | None = 1,
        parallel: joblib.Parallel | None = None,
        prefer: str | None = None,
        require: str | None = None,
        **kwargs: Any,
    ) -> int:
        """Tell the engine that a `Parallel` begins a call.

        Returns how many tasks can run at once.
        """
        from sknet_hp.fusion.engine import get_engine

        self.engine = get_engine()
        cores = check_n_jobs(self.cores or n_jobs)
        try:
            if self.engine.tasks.bypasses_engine():
                raise RuntimeError("this thread trains by itself")
            self.engine.open(parallel, cores, self.over, self.max_threads, self._choose_memory())
        except RuntimeError as error:  # no thread to be had
            raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level)) from error
        limit = kwargs.get("max_nbytes")
        with self.lock:
            self.max_copied_bytes[parallel] = None if require == "sharedmem" else math.inf if limit is None else limit
        return MAX_TASKS

    def _choose_memory(self) -> int:
        """Return how many bytes of data tasks may hold."""
        if self.memory:
            return self.memory
        free = read_available_memory()
        return int(DEFAULT_MEMORY_FRACTION * (_UNKNOWN_MEMORY if free is None else free))

    def start_call(self) -> None:
        """Begin a call of the `Parallel` that asks."""
        from sknet_hp.fusion.tasks.task import Call

        parallel, tasks = self._find_parallel(), self.engine.tasks
        # Left by a call that failed while it was dispatching; joblib would run them in this one.
        left = getattr(parallel, "_ready_batches", None)
        while left is not None and not left.empty():
            left.get()
        with self.lock:
            self.retrieving.discard(parallel)
            # Tasks dispatched later, from a task's own callback, belong to this call too.
            self.calls[parallel] = Call(tasks.get_current())
        with self.engine.lock:
            tasks.state.dispatching.add(parallel)

    def stop_call(self) -> None:
        """Note that the call submits no more tasks."""
        self._end_dispatching()

    def terminate(self) -> None:
        """Tell the engine that the call has ended.

        Threads end with their tasks, and workers stay for the next call.
        """
        self.engine.close(self._find_parallel())

    def _end_dispatching(self) -> None:
        with self.engine.lock:
            self.engine.tasks.state.dispatching.discard(self._find_parallel())
            self.engine.lock.notify()

    def get_nested_backend(self) -> tuple["FusedBackend", None]:
        """Return a backend of the same settings, for calls within tasks."""
        level = (self.nesting_level or 0) + 1
        return FusedBackend(
            nesting_level=level, over=self.over, cores=self.cores, memory=self.memory, max_threads=self.max_threads
        ), None

    # ---- tasks -----------------------------------------------------------------------------------------------------

    def submit(self, func: BatchedCalls, callback: Callable[[Any], None] | None = None) -> "Task":
        """Queue a batch of joblib's as a task; return the task, which is its future."""
        from sknet_hp.fusion.tasks.task import Task

        parallel = getattr(callback, "parallel", None)
        tasks = self.engine.tasks
        task = Task(self.calls[parallel], next(tasks.numbers), func, callback, estimate_bytes_of_batch(func))
        needs_thread = needs_threads(func)
        with self.lock:
            if not needs_thread and parallel not in self.retrieving:
                self.without_network.setdefault(parallel, []).append(task)
                return task
        self._copy_shared_objects(task, func, parallel)
        tasks.submit(task)
        return task

    def _copy_shared_objects(self, task: "Task", batch: BatchedCalls, parallel: joblib.Parallel) -> None:
        """Give a task its own copy of what others may have too.

        If there can be none, they take turns.
        """
        max_bytes = self.max_copied_bytes[parallel]
        if max_bytes is None or all(clones_by_itself(function) for function, _, _ in batch.items):
            return
        try:
            batch.items = copy_calls(batch.items, max_bytes)
        except Exception as error:  # whatever an object says that is not to be copied
            task.take_turns(f"what they are given can not be copied ({type(error).__name__}: {error})")

    def retrieve_result_callback(self, out: "Task") -> Any:
        """Return what a task came to, or raise its error."""
        return out.result()

    @contextlib.contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Run the tasks without a network, and wait for the others."""
        parallel = self._find_parallel()
        self._run_tasks_without_network(parallel)
        self._end_dispatching()
        if parallel._aborting:
            # What makes the tasks has failed before the first one: joblib would take it for a call without any.
            parallel._raise_error_fast()
        with self.engine.tasks.park_to_wait(self.calls[parallel]):
            yield

    @staticmethod
    def _find_parallel() -> joblib.Parallel:
        """Return the `Parallel` that called.

        The protocol does not say which of those that share this backend it is, its
        frame does.
        """
        frame = sys._getframe(1)
        while frame is not None:
            owner = frame.f_locals.get("self")
            if isinstance(owner, joblib.Parallel):
                return owner
            frame = frame.f_back  # type: ignore[assignment]
        raise RuntimeError("only joblib.Parallel calls this backend")

    def _run_tasks_without_network(self, parallel: joblib.Parallel) -> None:
        """Run them in this thread, which waits for them, in order.

        New ones arrive meanwhile.
        """
        while True:
            with self.lock:
                waiting = self.without_network.get(parallel)
                if not waiting or parallel._aborting:
                    self.retrieving.add(parallel)
                    return
                task = waiting.pop(0)
            task.execute()
            if isinstance(task.error, (KeyboardInterrupt, SystemExit)):
                raise task.error
            task.finish()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Cancel the calls that joblib aborts."""
        for parallel, call in list(self.calls.items()):
            if parallel._aborting and not call.cancelled_itself:
                # Under joblib's lock: what is being told now is told to its end, and nothing after it.
                with getattr(parallel, "_lock", contextlib.nullcontext()):
                    call.cancelled_itself = True
                self.without_network.pop(parallel, None)
                self.engine.cancel(call)

    def compute_batch_size(self) -> int:
        """Return how many calls make a task: 1."""
        return 1


register_parallel_backend("fused", FusedBackend)
