"""Where fits come in: their networks train in the thread that wants them; those for a
GPU or a cluster may wait for others.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from sknet_hp.fusion import devices
from sknet_hp.fusion import engine as engine_module
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.task_cache import TaskCache
from sknet_hp.system import processors
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.job import CohortKey, TrainingJob, TrainingResult
from sknet_hp.training.run import train_all


def _engine_of_task() -> Any:
    """The engine, if this thread is a task of the fused backend, else None."""
    known: Any = engine_module._ENGINE
    return known if known is not None and known.pid == os.getpid() and known.tasks.task() is not None else None


def get_task_cache() -> TaskCache | None:
    """Where tasks leave for each other what they have in common; None if this thread is
    no task of the fused backend.
    """
    known = _engine_of_task()
    return None if known is None else known.cache


# ---- cores ---------------------------------------------------------------------------------------------------------


class _Busy:
    """How many threads outside of tasks are at work on networks now: each has its share
    of the cores that torch may use.
    """

    def __init__(self) -> None:
        self.lock, self.count = threading.Lock(), 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self.lock:
            self.count += 1
        try:
            yield
        finally:
            with self.lock:
                self.count -= 1


_BUSY = _Busy()


def count_cores_of_caller() -> int:
    """How many cores this thread may use now: torch's setting, shared with others; in
    tasks one, unless nobody else is there.

    No more than there are: parts of a network that wait for each other on one core
    would take many times as long.
    """
    known = _engine_of_task()
    if known is not None:
        return known.tasks.cores()
    wanted = torch.get_num_threads() // max(1, _BUSY.count)
    return min(wanted, processors.count_cores()) if wanted > 1 else 1


# ---- training ------------------------------------------------------------------------------------------------------


def _cluster_of_backend() -> bool:
    """Whether the joblib backend chosen in this thread trains on a cluster."""
    return isinstance(getattr(get_active_backend()[0], "over", None), Cluster)


def trains_on_cluster() -> bool:
    """Whether networks that this thread wants go to a cluster, on whose devices this
    process has no say.
    """
    known = _engine_of_task()
    return _cluster_of_backend() if known is None else known.pool.cluster is not None


def train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    """Train networks of one device: in this thread, or by the engine if they are a
    task's and for a GPU or a cluster.
    """
    if _engine_of_task() is None and _cluster_of_backend():
        return Parallel()([delayed(_train_jobs)(jobs)])[0]
    return _train_jobs(jobs)


def _train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    known = _engine_of_task()
    if known is not None and known.pool.has(jobs[0]) and not getattr(known.tasks.current, "direct", False):
        return known.train(jobs)
    if jobs[0].device != "cpu":
        return _train_stacked([replace(job, device="cuda:0") if job.device == "cuda" else job for job in jobs])
    if known is not None:
        with known.tasks.trains() as cancellation:
            return train_all(jobs, cancellation, known.tasks.cores)
    with _BUSY.one_more():
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
    """The same for one network."""
    return train_jobs([job])[0]
