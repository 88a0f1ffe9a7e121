"""What fits ask for: networks trained, cores to work on, and a cache.

Networks train in the thread that wants them; those of tasks that are for a GPU or a
cluster are the engine's.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from sknet_hp.fusion import devices
from sknet_hp.fusion.engine import get_engine_of_task
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.task_cache import TaskCache
from sknet_hp.system import processors
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.cohort_key import CohortKey
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.run import train_all
from sknet_hp.training.state import TrainingResult


def get_task_cache() -> TaskCache | None:
    """Return the cache that tasks share.

    None if this thread is no task of the fused backend.
    """
    engine = get_engine_of_task()
    return None if engine is None else engine.cache


# ---- cores ---------------------------------------------------------------------------------------------------------


class _ThreadCounter:
    """How many threads that are no tasks train networks now.

    They share the cores that torch may use.
    """

    def __init__(self) -> None:
        self.lock, self.count = threading.Lock(), 0

    @contextmanager
    def count_this_thread(self) -> Iterator[None]:
        """Count this thread within the block."""
        with self.lock:
            self.count += 1
        try:
            yield
        finally:
            with self.lock:
                self.count -= 1


_TRAINING_THREADS = _ThreadCounter()


def count_cores_of_caller() -> int:
    """Return how many cores this thread may use now.

    It is torch's setting, shared with other threads; in tasks one, unless nobody else
    is there. No more than there are: parts of a network that wait for each other on one
    core would take many times as long.
    """
    engine = get_engine_of_task()
    if engine is not None:
        return engine.tasks.count_cores()
    wanted = torch.get_num_threads() // max(1, _TRAINING_THREADS.count)
    return min(wanted, processors.count_cores()) if wanted > 1 else 1


# ---- training ------------------------------------------------------------------------------------------------------


def _has_cluster_backend() -> bool:
    """Return whether the joblib backend chosen in this thread trains on a cluster."""
    return isinstance(getattr(get_active_backend()[0], "over", None), Cluster)


def trains_on_cluster() -> bool:
    """Return whether networks that this thread wants go to a cluster.

    This process has no say on its devices.
    """
    engine = get_engine_of_task()
    return _has_cluster_backend() if engine is None else engine.pool.cluster is not None


def train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    """Train networks of one device.

    It happens in this thread, or in the engine if they are a task's and for a GPU or a
    cluster.
    """
    if get_engine_of_task() is None and _has_cluster_backend():
        return Parallel()([delayed(_train_jobs)(jobs)])[0]
    return _train_jobs(jobs)


def _train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    engine = get_engine_of_task()
    if engine is not None and engine.pool.serves(jobs[0]) and not engine.tasks.bypasses_engine():
        return engine.train(jobs)
    if jobs[0].device != "cpu":
        return _train_stacked([replace(job, device="cuda:0") if job.device == "cuda" else job for job in jobs])
    if engine is not None:
        with engine.tasks.park_to_train() as cancellation:
            return train_all(jobs, cancellation, engine.tasks.count_cores)
    with _TRAINING_THREADS.count_this_thread():
        return train_all(jobs, Cancellation(), count_cores_of_caller)


def _train_stacked(jobs: list[TrainingJob]) -> list[TrainingResult]:
    """Train networks in stacks of their own, now."""
    from sknet_hp.training.stacked.cohort import train_cohort

    results: dict[int, TrainingResult] = {}
    groups: dict[CohortKey, list[int]] = {}
    for number, job in enumerate(jobs):
        groups.setdefault(job.key, []).append(number)
    for numbers in groups.values():
        height = devices.compute_stack_height(jobs[numbers[0]])
        for begin in range(0, len(numbers), height):
            part = numbers[begin : begin + height]
            results |= zip(part, train_cohort([jobs[number] for number in part]), strict=True)
    return [results[number] for number in sorted(results)]


def train_job(job: TrainingJob) -> TrainingResult:
    """Train one network, as `train_jobs`."""
    return train_jobs([job])[0]
