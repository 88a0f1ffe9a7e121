"""The joblib backend "fused": tasks run in threads, and their networks train beside
each other.

It knows joblib's protocol and nothing of networks beyond who has one: see
`needs_threads`.
"""

import contextlib
import math
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import joblib
from joblib.parallel import FallbackToBackend, ParallelBackendBase, SequentialBackend, register_parallel_backend

from sknet_hp.fusion.detection import has_network, is_estimator, needs_threads
from sknet_hp.fusion.tasks.copies import clones_by_itself, copy_calls
from sknet_hp.fusion.tasks.sizes import estimate_bytes_of_batch
from sknet_hp.system.memory import read_available_memory

WIDE = 512
"""How many tasks a caller is told can run at once, so that many networks meet."""

DEFAULT_MEMORY_FRACTION = 0.25
_UNKNOWN_MEMORY = 4 << 30  # bytes, where the system does not say what is free


def check_n_jobs(n_jobs: int | None) -> int | None:
    """Return `n_jobs` if it is a number of cores by joblib's rules, and refuse it
    otherwise; True and 2.0 would pass for numbers.
    """
    if n_jobs is not None and (not _is_whole(n_jobs) or n_jobs == 0):
        raise ValueError(
            f"n_jobs={n_jobs!r}; it must be a whole number of cores, -1 for all, -2 for all but one, and so on, or "
            f"None for all"
        )
    return n_jobs


def _check_limits(memory: int | None, max_threads: int) -> None:
    if memory is not None and (not _is_whole(memory) or memory < 1):
        raise ValueError(
            f"memory={memory!r}; it must be a whole number of bytes, for example 2 * 10**9 for two gigabytes, or None "
            f"for a quarter of what is free"
        )
    if not _is_whole(max_threads) or max_threads < 1:
        raise ValueError(f"max_threads={max_threads!r}; it must be a whole number from 1 on")


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def _place(over: Any) -> Any:
    """Where to train: None or "inline", which is here, or a cluster."""
    if over in (None, "inline"):
        return over
    distributed = sys.modules.get("distributed")
    client = over if distributed is not None and isinstance(over, distributed.Client) else None
    if client is None and over not in ("dask", "ray"):
        from sknet_hp.fusion.executors.cluster import Cluster

        if isinstance(over, Cluster):
            return over
        more = "; networks train in threads of this process, which needs no workers" if over == "loky" else ""
        raise ValueError(f"over={over!r}; it must be 'inline', 'dask', 'ray', a Dask client or None{more}")
    try:
        if over == "ray":
            from sknet_hp.fusion.executors.ray import ray_cluster

            return ray_cluster()
        from sknet_hp.fusion.executors.dask import dask_cluster

        return dask_cluster(client)
    except ModuleNotFoundError as error:
        if error.name not in ("distributed", "ray"):
            raise
        extra = "ray" if error.name == "ray" else "dask"
        raise ImportError(f"over={over!r} needs {error.name}: pip install 'sknet_hp[{extra}]'") from error


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
        max_threads: int = WIDE,
        **kwargs: Any,
    ):
        super().__init__(nesting_level=nesting_level, inner_max_num_threads=inner_max_num_threads, **kwargs)
        _check_limits(memory, max_threads)
        self.over, self.cores, self.memory, self.max_threads = _place(over), check_n_jobs(cores), memory, max_threads
        self.lock = threading.Lock()
        self.calls: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.plain: weakref.WeakKeyDictionary[Any, list] = weakref.WeakKeyDictionary()
        self.retrieving: weakref.WeakSet[Any] = weakref.WeakSet()
        self.largest: weakref.WeakKeyDictionary[Any, float | None] = (
            weakref.WeakKeyDictionary()
        )  # array to be copied; None: nothing is

    # ---- before a call ---------------------------------------------------------------------------------------------

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Wide for an estimator that holds a network of ours, else 1: others chunk
        their work by this, and must give the numbers of n_jobs=None.
        """
        frame = sys._getframe(1)
        for _ in range(12):
            if frame is None:
                break
            owner = frame.f_locals.get("self")
            if isinstance(owner, joblib.Parallel):
                return WIDE
            if owner is not None and is_estimator(owner):
                return WIDE if has_network(owner) else 1
            frame = frame.f_back  # type: ignore[assignment]
        return 1

    def configure(
        self, n_jobs: int | None = 1, parallel: Any = None, prefer: Any = None, require: Any = None, **kwargs: Any
    ) -> int:
        from sknet_hp.fusion.engine import get_engine

        self.engine = get_engine()
        cores = check_n_jobs(self.cores or n_jobs)
        free = read_available_memory()
        memory = self.memory or int(DEFAULT_MEMORY_FRACTION * (_UNKNOWN_MEMORY if free is None else free))
        try:
            if getattr(self.engine.tasks.current, "direct", False):
                raise RuntimeError("this thread trains by itself")
            self.engine.open(parallel, cores, self.over, self.max_threads, memory)
        except RuntimeError as error:  # no thread to be had
            raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level)) from error
        limit = kwargs.get("max_nbytes")
        with self.lock:
            self.largest[parallel] = None if require == "sharedmem" else math.inf if limit is None else limit
        return WIDE

    def start_call(self) -> None:
        from sknet_hp.fusion.tasks.task import Call

        parallel, tasks = self._calling(), self.engine.tasks
        left = getattr(parallel, "_ready_batches", None)
        while (
            left is not None and not left.empty()
        ):  # of a call that failed while it was dispatching; joblib would run them in this one
            left.get()
        with self.lock:
            self.retrieving.discard(parallel)
            # Tasks dispatched later, from a task's own callback, belong to this call too.
            self.calls[parallel] = Call(tasks.task())
        with self.engine.lock:
            tasks.dispatching.add(parallel)

    def stop_call(self) -> None:
        self._dispatched()

    def terminate(self) -> None:
        """Threads end with their tasks, and workers stay for the next call: there is
        only the end of a call to note.
        """
        self.engine.close(self._calling())

    def _dispatched(self) -> None:
        with self.engine.lock:
            self.engine.tasks.dispatching.discard(self._calling())
            self.engine.lock.notify()

    def get_nested_backend(self) -> tuple["FusedBackend", None]:
        level = (self.nesting_level or 0) + 1
        return FusedBackend(
            nesting_level=level, over=self.over, cores=self.cores, memory=self.memory, max_threads=self.max_threads
        ), None

    # ---- tasks -----------------------------------------------------------------------------------------------------

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
        from sknet_hp.fusion.tasks.task import Task

        parallel = getattr(callback, "parallel", None)
        tasks = self.engine.tasks
        task = Task(self.calls[parallel], next(tasks.numbers), func, callback, estimate_bytes_of_batch(func))
        plain = not needs_threads(func)
        with self.lock:
            if plain and parallel not in self.retrieving:
                self.plain.setdefault(parallel, []).append(task)
                return task
        self._separate(task, parallel)
        tasks.submit(task)
        return task

    def _separate(self, task: Any, parallel: Any) -> None:
        """Give a task its own copy of what others may have too; if there can be none,
        they take turns.
        """
        batch, largest = task.body, self.largest[parallel]
        if largest is None or all(clones_by_itself(function) for function, _, _ in batch.items):
            return
        try:
            batch.items = copy_calls(batch.items, largest)
        except Exception as error:  # whatever an object says that is not to be copied
            task.take_turns(f"what they are given can not be copied ({type(error).__name__}: {error})")

    def retrieve_result_callback(self, out: Any) -> Any:
        return out.result()

    @contextlib.contextmanager
    def retrieval_context(self) -> Iterator[None]:
        parallel = self._calling()
        self._run_plain(parallel)
        self._dispatched()
        if (
            parallel._aborting
        ):  # what makes the tasks has failed before the first one: joblib would take it for a call without any
            parallel._raise_error_fast()
        with self.engine.tasks.parked(self.calls[parallel]):
            yield

    @staticmethod
    def _calling() -> Any:
        """The `Parallel` that called: the protocol does not say which of those that
        share this backend it is, its frame does.
        """
        frame = sys._getframe(1)
        while frame is not None:
            owner = frame.f_locals.get("self")
            if isinstance(owner, joblib.Parallel):
                return owner
            frame = frame.f_back  # type: ignore[assignment]
        return None

    def _run_plain(self, parallel: Any) -> None:
        """Tasks without a network run in the thread that waits for them, in order. New
        ones arrive while they do.
        """
        while True:
            with self.lock:
                waiting = self.plain.get(parallel)
                if not waiting or parallel._aborting:
                    self.retrieving.add(parallel)
                    return
                task = waiting.pop(0)
            task.execute()
            if isinstance(task.error, (KeyboardInterrupt, SystemExit)):
                raise task.error
            task.finish()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        for parallel, call in list(self.calls.items()):
            if parallel._aborting and not call.off:
                with getattr(
                    parallel, "_lock", contextlib.nullcontext()
                ):  # what is being told now is told to its end, and nothing after it
                    call.off = True
                self.plain.pop(parallel, None)
                self.engine.cancel(call)

    def compute_batch_size(self) -> int:
        return 1


class Session(joblib.parallel_config):
    """The context manager `fused()`; what it yields tells how far the work is."""

    def __init__(self, n_jobs: int | None, over: Any, memory: int | None, max_threads: int):
        cores = -1 if check_n_jobs(n_jobs) is None else n_jobs
        backend = FusedBackend(nesting_level=0, over=over, cores=cores, memory=memory, max_threads=max_threads)
        self._over = backend.over
        super().__init__(backend, n_jobs=n_jobs)
        from sknet_hp.fusion.engine import get_engine

        self._trained_before = get_engine().progress().trained

    def __enter__(self) -> "Session":
        return self

    def unregister(self) -> None:
        """The session is over; joblib's method, which the end of the block calls."""
        super().unregister()
        if hasattr(self._over, "release"):
            self._over.release()

    def progress(self) -> Any:
        """How many networks this session has `trained`, and how many are in `training`
        and `waiting`: the attributes of what it returns.
        """
        from dataclasses import replace

        from sknet_hp.fusion.engine import get_engine

        progress = get_engine().progress()
        return replace(progress, trained=progress.trained - self._trained_before)


def fused(
    n_jobs: int | None = None, *, over: Any = None, memory: int | None = None, max_threads: int = WIDE
) -> Session:
    """Train the networks of concurrent fits at the same time, in any scikit-learn code
    run inside the `with` block.

    Like ``joblib.parallel_config(backend="fused", n_jobs=-1)``, with settings. Results
    do not depend on it, bit for bit; only the time does. Tasks are threads, and each
    has its own copy of what your own ``Parallel`` gives it, as joblib's processes have.
    Arrays of more than a megabyte are not copied; with
    ``Parallel(require="sharedmem")`` nothing is. Estimators without a network are
    fitted one after another inside it: use another backend for searches over them.

    Parameters
    ----------
    n_jobs : int, default=None
        How many cores train networks; on a cluster, how many of its workers. None or
        -1: all there are. The outermost setting wins; `n_jobs` of searches inside are
        ignored.
    over : {"dask", "ray", "inline"} or distributed.Client, default=None
        Where networks train. By default, and with "inline", in threads of this process:
        on the CPU each on a core of its own, or a big one on several cores while it is
        alone; on a GPU in stacks. "dask" is the cluster of Dask's current client, or
        give the client itself; "ray" the cluster that `ray.init` has connected this
        process to. They need the extras `dask` and `ray`. A worker that dies costs only
        what it was training, which goes to another, with a warning.
    memory : int, default=None
        Bytes of data that tasks waiting at one time may hold (scikit-learn copies a
        split of X for each), and an eighth of it for encoded rows that they have in
        common. By default a quarter of the memory that is free.
    max_threads : int, default=512
        How many tasks may have begun and wait, for a core or for their networks, at one
        time.

    Returns
    -------
    session : context manager
        `session.progress()` tells how many networks are trained, in training and
        waiting.

    Raises
    ------
    ValueError
        If `n_jobs` is 0 or no whole number, `memory` or `max_threads` less than 1 or no
        whole number, `over` none of these, or there is no client or connection.
    ImportError
        If the package of the cluster is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> import sknet_hp
    >>> X, y = load_iris(return_X_y=True)
    >>> with sknet_hp.fused():
    ...     search = GridSearchCV(sknet_hp.NetClassifier(random_state=0), {"lr": [1e-3, 1e-2]}).fit(X, y)
    """
    return Session(n_jobs, over, memory, max_threads)


register_parallel_backend("fused", FusedBackend)
