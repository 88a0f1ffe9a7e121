"""Which executors there are for networks that train in company: the GPUs of this
process, or the workers of a cluster.
"""

import threading

from sknet_hp.fusion import devices
from sknet_hp.fusion.executors.base import Executor
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.executors.inline import InlineExecutor
from sknet_hp.system.processors import count_cores, resolve_n_jobs
from sknet_hp.training.job import TrainingJob


class ExecutorPool:
    """The devices of this process, or the workers of a cluster.

    Parameters
    ----------
    lock : shared with the engine, which holds it in every call; notified when there are
        more places.
    """

    def __init__(self, lock: threading.Condition):
        self.lock = lock
        self.n_jobs = 1
        self.cluster: Cluster | None = None
        self.here: dict[str, InlineExecutor] = {}

    def begin(self, n_jobs: int | None, over: str | Cluster | None) -> None:
        """The rules of a session. On a cluster `n_jobs` is a number of workers, and all
        cores here are for tasks.
        """
        self.cluster = over if isinstance(over, Cluster) else None
        self.n_jobs = resolve_n_jobs(None if self.cluster else n_jobs, count_cores())
        if self.cluster is not None:
            self.cluster.begin(n_jobs, self._changed)

    def _changed(self) -> None:
        with self.lock:
            self.lock.notify()

    def take_notes(self) -> list[tuple[str, type[Warning]]]:
        """What is to be warned of."""
        return [] if self.cluster is None else self.cluster.take_notes()

    def has(self, job: TrainingJob) -> bool:
        """Whether such jobs train in company; others train in the thread that wants
        them.
        """
        return self._cluster(job) is not None or job.device != "cpu"

    def compute_stack_height(self, job: TrainingJob) -> int:
        """How many networks like this one to train in one stack, where it will be
        trained.
        """
        if self.cluster is None or job.device == "cpu" or job.observer is not None:
            return devices.compute_stack_height(job)
        return devices.compute_stack_height(job, self.cluster.gpu_bytes())

    def prepare(self, job: TrainingJob, n_networks: int) -> None:
        """So many networks like this one are known to be ahead."""
        if (cluster := self._cluster(job)) is not None:
            cluster.prepare(job, n_networks)

    def end(self) -> None:
        """A session has ended."""
        if self.cluster is not None:
            self.cluster.end()

    def any_free(self, job: TrainingJob) -> bool:
        """Whether an executor could take such a job now."""
        return any(not executor.busy for executor in self._all(job))

    def count(self, job: TrainingJob) -> int:
        """How many executors there are for such a job, busy ones and those about to be
        ready included.
        """
        if (cluster := self._cluster(job)) is not None:
            return max(1, cluster.count(job))
        return max(1, len(self._all(job)))

    def choose(self, job: TrainingJob) -> Executor | None:
        """A free executor for a bundle of such jobs, if there is one."""
        return next((executor for executor in self._all(job) if not executor.busy), None)

    def _all(self, job: TrainingJob) -> list[Executor]:
        cluster = self._cluster(job)
        return [*self._here(job)] if cluster is None else [*cluster.workers(job)]

    def _cluster(self, job: TrainingJob) -> Cluster | None:
        """The cluster that such jobs go to. Observers look on in this process."""
        return self.cluster if job.observer is None else None

    def _here(self, job: TrainingJob) -> list[InlineExecutor]:
        names = [job.device]
        if job.device == "cuda":
            import torch

            names = [f"cuda:{i}" for i in range(max(1, torch.cuda.device_count()))]
        return [self.here.setdefault(name, InlineExecutor(name)) for name in names]
