"""The executors for networks that train together.

They are the GPUs of this process, or the workers of a cluster.
"""

import threading
from collections.abc import Sequence

from sknet_hp.fusion import devices
from sknet_hp.fusion.bundles import Note
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
        more executors.

    Attributes
    ----------
    inline : executors of this process, by the name of their device.
    """

    def __init__(self, lock: threading.Condition):
        self.lock = lock
        self.n_jobs = 1
        self.cluster: Cluster | None = None
        self.inline: dict[str, Executor] = {}

    def start(self, n_jobs: int | None, over: str | Cluster | None) -> None:
        """Begin to serve by these rules.

        On a cluster `n_jobs` is a number of workers, and all cores here are for tasks.
        """
        self.cluster = over if isinstance(over, Cluster) else None
        self.n_jobs = resolve_n_jobs(None if self.cluster else n_jobs, count_cores())
        if self.cluster is not None:
            self.cluster.start(n_jobs, self._notify)

    def _notify(self) -> None:
        with self.lock:
            self.lock.notify()

    def stop(self) -> None:
        """Serve no longer; executors stay for the next time."""
        if self.cluster is not None:
            self.cluster.stop()

    def take_notes(self) -> list[Note]:
        """Return what is to be warned of, and has not been yet."""
        return [] if self.cluster is None else self.cluster.take_notes()

    def serves(self, job: TrainingJob) -> bool:
        """Return whether a job trains here, and not in the thread that wants it."""
        return self._find_cluster(job) is not None or job.device != "cpu"

    def compute_stack_height(self, job: TrainingJob) -> int:
        """Return how many networks like this one to train in one stack.

        It depends on where they will be trained.
        """
        if self.cluster is None or job.device == "cpu" or job.observer is not None:
            return devices.compute_stack_height(job)
        return devices.compute_stack_height(job, self.cluster.find_free_gpu_bytes())

    def note_demand(self, job: TrainingJob, n_networks: int) -> None:
        """Note that so many networks like this one are known to be ahead."""
        if (cluster := self._find_cluster(job)) is not None:
            cluster.note_demand(job, n_networks)

    def count_executors(self, job: TrainingJob) -> int:
        """Count the executors for a job, busy ones and those not ready yet included."""
        if (cluster := self._find_cluster(job)) is not None:
            return max(1, cluster.count_workers(job))
        return max(1, len(self._find_executors(job)))

    def find_free(self, job: TrainingJob) -> Executor | None:
        """Return an executor that could take such a job now, None if there is none."""
        return next((executor for executor in self._find_executors(job) if not executor.busy), None)

    def _find_executors(self, job: TrainingJob) -> Sequence[Executor]:
        cluster = self._find_cluster(job)
        return self._find_inline(job) if cluster is None else cluster.find_workers(job)

    def _find_cluster(self, job: TrainingJob) -> Cluster | None:
        """Return the cluster for a job. Observers look on in this process."""
        return self.cluster if job.observer is None else None

    def _find_inline(self, job: TrainingJob) -> list[Executor]:
        names = [job.device]
        if job.device == "cuda":
            import torch

            names = [f"cuda:{i}" for i in range(max(1, torch.cuda.device_count()))]
        return [self.inline.setdefault(name, InlineExecutor(name)) for name in names]
