"""Which executors there are, which of them a bundle may go to, and when worker processes are worth starting."""

import threading

from sknet_hp.fusion.executors import Executor, Here, TableStore, Worker
from sknet_hp.training.job import TrainingJob

_START_WORKERS = 1.5  # seconds of work from which on importing torch in other processes pays
_SHIP = 0.02  # seconds of work from which on sending a bundle to a running worker pays


class Places:
    """The devices of this process, and worker processes.

    Parameters
    ----------
    store : of the tables that workers read.
    lock : shared with the engine, which holds it in every call; notified when there are more places.
    """

    def __init__(self, store: TableStore, lock: threading.Condition):
        self.store, self.lock = store, lock
        self.n_jobs = 1
        self.over: str | None = None
        self.here: dict[str, Here] = {}
        self.workers: list[Worker] = []
        self.starting = False
        self.no_workers: str | None = None  # why there are none, if they could not be started
        self.notes: list[tuple[str, type[Warning]]] = []  # for the next task whose network is trained to say

    def begin(self, n_jobs: int, over: str | None) -> None:
        """The rules of a session."""
        self.n_jobs, self.over, self.no_workers = n_jobs, over, None

    def take_notes(self) -> list[tuple[str, type[Warning]]]:
        notes, self.notes = self.notes, []
        return notes

    def any_free(self, job: TrainingJob) -> bool:
        """Whether an executor could take such a job now."""
        if self._uses_workers(job):
            ready = self._ready()
            if ready:
                return not all(worker.busy for worker in ready)
            if self.over == "loky":
                self._start_workers()
                return False
        return not all(here.busy for here in self._here(job))

    def count(self, job: TrainingJob) -> int:
        """How many executors there are for such a job, busy ones included."""
        return max(1, len(self._ready())) if self._uses_workers(job) else len(self._here(job))

    def choose(self, job: TrainingJob, expected: float, ahead: float, *, only_work: bool, has_killed: bool) -> Executor | None:
        """An executor for a bundle of such jobs, if there is one free that suits it.

        Parameters
        ----------
        job : one of the bundle.
        expected, ahead : seconds that the bundle will take, and all work that is known to be waiting.
        only_work : whether nothing else is waiting.
        has_killed : whether a worker died over it. What has ended a worker must not end this process.
        """
        here = next((place for place in self._here(job) if not place.busy), None)
        if not self._uses_workers(job):
            return here
        ready = self._ready()
        workers_only = self.over == "loky" or has_killed
        if len(ready) < self.n_jobs and (workers_only or ahead > _START_WORKERS):
            self._start_workers()
        if ready and (workers_only or expected >= _SHIP or here is None or not only_work):
            return next((worker for worker in ready if not worker.busy), None)
        return None if workers_only else here

    def _uses_workers(self, job: TrainingJob) -> bool:
        wanted = self.over == "loky" or (self.over is None and self.n_jobs > 1)
        return wanted and job.device == "cpu" and job.observer is None and self.no_workers is None

    def _ready(self) -> list[Worker]:
        return [worker for worker in self.workers[: self.n_jobs] if worker.ready()]

    def _here(self, job: TrainingJob) -> list[Here]:
        names = [job.device]
        if job.device == "cuda":
            import torch

            names = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
        return [self.here.setdefault(name, Here(name)) for name in names]

    def _start_workers(self) -> None:
        """Bring the worker processes up, in the background."""
        if self.starting:
            return
        while len(self.workers) < self.n_jobs:
            self.workers.append(Worker(self.store))
        missing = [worker for worker in self.workers[: self.n_jobs] if not worker.ready()]
        if not missing:
            return
        self.starting = True
        pending = [len(missing)]

        def one_is_up(error: BaseException | None) -> None:
            with self.lock:
                pending[0] -= 1
                self.starting = pending[0] > 0
                if error is not None and self.no_workers is None:
                    self.no_workers = f"worker processes could not be started ({type(error).__name__}: {error}); training goes on in this process"
                    self.notes.append((self.no_workers, RuntimeWarning))
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
