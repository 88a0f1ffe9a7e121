"""Where fits come in: their networks train with others in the engine, on a cluster, or here and now."""

import os
from dataclasses import replace
from typing import Any

import torch
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from sknet_hp.fusion import devices
from sknet_hp.fusion import engine as engine_module
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.kept import Kept
from sknet_hp.nets.cores import idle_cores
from sknet_hp.training.cohort import train
from sknet_hp.training.job import CohortKey, TrainingJob, TrainingResult


def _asked_by_task() -> Any:
    """The engine, if this thread is a task of the fused backend, else None."""
    known: Any = engine_module._ENGINE
    return known if known is not None and known.pid == os.getpid() and known.tasks.task() is not None else None


def kept_by_tasks() -> Kept | None:
    """Where tasks leave for each other what they have in common; None if this thread is no task of the fused backend."""
    known = _asked_by_task()
    return None if known is None else known.kept


def cores_of_caller() -> int:
    """How many cores the products of this thread may use: torch's setting, but one in tasks, beside which others compute."""
    return 1 if _asked_by_task() is not None else torch.get_num_threads()


def _cluster_of_backend() -> bool:
    """Whether the joblib backend chosen in this thread trains on a cluster."""
    return isinstance(getattr(get_active_backend()[0], "over", None), Cluster)


def trains_elsewhere() -> bool:
    """Whether networks that this thread wants go to a cluster, on whose devices this process has no say."""
    known = _asked_by_task()
    return _cluster_of_backend() if known is None else known.places.cluster is not None


def train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    """Train networks: with others if this thread is a task of the fused backend, else now, in cohorts of their own, here or on a cluster."""
    if _asked_by_task() is None and _cluster_of_backend():
        return Parallel()([delayed(_train_jobs)(jobs)])[0]
    return _train_jobs(jobs)


def _train_jobs(jobs: list[TrainingJob]) -> list[TrainingResult]:
    known = _asked_by_task()
    if known is not None and not getattr(known.tasks.current, "direct", False):
        return known.train(jobs)
    jobs = [replace(job, device="cuda:0") if job.device == "cuda" else job for job in jobs]
    results: dict[int, TrainingResult] = {}
    groups: dict[CohortKey, list[int]] = {}
    for number, job in enumerate(jobs):
        groups.setdefault(job.key, []).append(number)
    for numbers in groups.values():
        height = devices.stack_height(jobs[numbers[0]])
        for begin in range(0, len(numbers), height):
            part = numbers[begin : begin + height]
            with idle_cores(cores_of_caller()):
                results |= zip(part, train([jobs[number] for number in part]), strict=True)
    return [results[number] for number in sorted(results)]


def train_job(job: TrainingJob) -> TrainingResult:
    """The same for one network."""
    return train_jobs([job])[0]
