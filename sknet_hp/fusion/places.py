"""Which executors there are, which of them a bundle may go to, and when worker processes are worth starting."""

import threading

from sknet_hp.fusion import devices
from sknet_hp.fusion.devices import how_many, n_cores
from sknet_hp.fusion.executors.base import Executor
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.executors.here import Here
from sknet_hp.fusion.executors.loky import Worker
from sknet_hp.fusion.tables import TableStore
from sknet_hp.training.job import TrainingJob

_MANY = 8  # networks from which on a worker is brought up on a spare core: it costs nobody anything
_START_ALL = 20.0  # seconds of work from which on importing torch pays even on the core that this process uses
_TRAINED_HERE = 1.0  # seconds of training in this process after which the import, which takes one or two, is likely to pay too


class Places:
    """The devices of this process, and worker processes: its own, or those of a cluster.

    Parameters
    ----------
    store : of the tables that workers read.
    lock : shared with the engine, which holds it in every call; notified when there are more places.
    """

    def __init__(self, store: TableStore, lock: threading.Condition):
        self.store, self.lock = store, lock
        self.n_jobs = 1
        self.over: str | None = None
        self.cluster: Cluster | None = None
        self.here: dict[str, Here] = {}
        self.workers: list[Worker] = []
        self.starting = False
        self.trained_here = 0.0  # seconds, in the absence of a worker
        self.no_workers: str | None = None  # why there are none, if they could not be started
        self.notes: list[tuple[str, type[Warning]]] = []  # for the next task whose network is trained to say

    def begin(self, n_jobs: int | None, over: str | Cluster | None) -> None:
        """The rules of a session. On a cluster `n_jobs` is a number of workers, and all cores here are for tasks."""
        self.cluster, self.over = (over, None) if isinstance(over, Cluster) else (None, over)
        self.n_jobs, self.no_workers = how_many(None if self.cluster else n_jobs, n_cores()), None
        if self.cluster is not None:
            self.cluster.begin(n_jobs, self._changed)

    def _changed(self) -> None:
        with self.lock:
            self.lock.notify()

    def take_notes(self) -> list[tuple[str, type[Warning]]]:
        notes, self.notes = self.notes, []
        return notes if self.cluster is None else notes + self.cluster.take_notes()

    def stack_height(self, job: TrainingJob) -> int:
        """How many networks like this one to train in one stack, where it will be trained."""
        if self.cluster is None or job.device == "cpu" or job.observer is not None:
            return devices.stack_height(job)
        return devices.stack_height(job, self.cluster.gpu_bytes())

    def prepare(self, job: TrainingJob, n_networks: int, seconds: float) -> None:
        """Bring workers up if so much work is known to be ahead."""
        if (cluster := self._cluster(job)) is not None:
            cluster.prepare(job, n_networks)
            return
        if not self._uses_workers(job) or self.starting or len(self._ready()) >= self.n_jobs:
            return
        if self.over == "loky" or seconds > _START_ALL:
            self._start_workers(self.n_jobs)
        elif n_networks >= _MANY:
            self._start_workers(min(self.n_jobs, max(1, n_cores() - 1)))

    def trained(self, job: TrainingJob, executor: Executor, seconds: float) -> None:
        """A bundle of such jobs has been trained."""
        if isinstance(executor, Here) and self.over is None and self._uses_workers(job):
            self.trained_here += seconds

    def end(self) -> None:
        """A session has ended. The next will find the workers that this one and those before it would have needed, while nobody waits for them."""
        if self.cluster is not None:
            self.cluster.end()
        elif self.trained_here > _TRAINED_HERE and self.no_workers is None:
            self._start_workers(self.n_jobs)

    def any_free(self, job: TrainingJob) -> bool:
        """Whether an executor could take such a job now."""
        return any(not executor.busy for executor in self._all(job))

    def only_here(self, job: TrainingJob) -> bool:
        """Whether all that is free for such a job is this process's CPU."""
        return job.device == "cpu" and all(executor.busy or isinstance(executor, Here) for executor in self._all(job))

    def count(self, job: TrainingJob) -> int:
        """How many executors there are for such a job, busy ones and those about to be ready included."""
        if (cluster := self._cluster(job)) is not None:
            return max(1, cluster.count(job))
        return max(1, self.n_jobs if self._uses_workers(job) and self.starting else len(self._all(job)))

    def choose(self, job: TrainingJob, *, has_killed: bool) -> Executor | None:
        """An executor for a bundle of such jobs, if there is one free that suits it.

        Parameters
        ----------
        job : one of the bundle.
        has_killed : whether a worker died over it. What has ended a worker must not end this process.
        """
        free = [executor for executor in self._all(job) if not executor.busy]
        if not self._uses_workers(job):
            return next(iter(free), None)
        workers = [worker for worker in self._ready() if not worker.busy]
        if has_killed:
            if not self._ready():
                self._start_workers(1)
            return next(iter(workers), None)
        return next(iter(free), None)

    def _all(self, job: TrainingJob) -> list[Executor]:
        """Workers that are ready; and this process, where jobs do not use workers, or as long as there are fewer than there should be."""
        if (cluster := self._cluster(job)) is not None:
            return [*cluster.workers(job)]
        if not self._uses_workers(job):
            return [*self._here(job)]
        ready = self._ready()
        return [*ready, *(self._here(job) if len(ready) < self.n_jobs and self.over != "loky" else [])]

    def _cluster(self, job: TrainingJob) -> Cluster | None:
        """The cluster that such jobs go to. Observers look on in this process."""
        return self.cluster if job.observer is None else None

    def _uses_workers(self, job: TrainingJob) -> bool:
        wanted = self.over == "loky" or (self.over is None and self.cluster is None and self.n_jobs > 1)
        return wanted and job.device == "cpu" and job.observer is None and self.no_workers is None

    def _ready(self) -> list[Worker]:
        return [worker for worker in self.workers[: self.n_jobs] if worker.ready()]

    def _here(self, job: TrainingJob) -> list[Here]:
        names = [job.device]
        if job.device == "cuda":
            import torch

            names = [f"cuda:{i}" for i in range(max(1, torch.cuda.device_count()))]
        return [self.here.setdefault(name, Here(name)) for name in names]

    def _goes_on_here(self, error: BaseException) -> None:
        self.no_workers = f"worker processes could not be started ({type(error).__name__}: {error}); training goes on in this process"
        self.notes.append((self.no_workers, RuntimeWarning))

    def _start_workers(self, n_workers: int) -> None:
        """Bring so many worker processes up, in the background."""
        if self.starting:
            return
        try:
            while len(self.workers) < n_workers:
                self.workers.append(Worker(self.store))
        except OSError as error:  # no place for their files
            self._goes_on_here(error)
            return
        missing = [worker for worker in self.workers[:n_workers] if not worker.ready()]
        if not missing:
            return
        self.starting, self.trained_here = True, 0.0
        pending = [len(missing)]

        def one_is_up(error: BaseException | None) -> None:
            with self.lock:
                pending[0] -= 1
                self.starting = pending[0] > 0
                if error is not None and self.no_workers is None:
                    self._goes_on_here(error)
                self.lock.notify()

        def start() -> None:
            for worker in missing:
                try:
                    worker.start(one_is_up)
                except (RuntimeError, OSError) as error:  # no process to be had
                    one_is_up(error)

        try:
            threading.Thread(target=start, name="sknet_hp-workers", daemon=True).start()
        except RuntimeError as error:  # no thread to be had
            pending[0] = 1
            one_is_up(error)
