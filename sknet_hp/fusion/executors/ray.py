"""Training in actors of a Ray cluster, one for each CPU, or one for each GPU."""

import threading
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ray

from sknet_hp.fusion.executors.base import Bundle
from sknet_hp.fusion.executors.cluster import Attempt, Cluster, RemoteWorker
from sknet_hp.fusion.executors.remote import Traits, train_packed, traits
from sknet_hp.system.processors import resolve_n_jobs
from sknet_hp.training.job import EncodedTable, TrainingJob


class Actor:
    """In the cluster."""

    def __init__(self) -> None:
        self.off = 0  # bundles up to this number are cancelled
        # Tables lie in Ray's store, which all actors of a machine read. Nobody writes to them.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")

    def traits(self) -> Traits:
        return traits()

    def train(self, number: int, payload: bytes, *tables: EncodedTable) -> bytes:
        return train_packed(payload, tables, lambda: self.off >= number)

    def cancel(self, number: int) -> None:
        self.off = number


class Tables:
    """Tables in Ray's store, put there once for all actors; they go with the table."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[int, Any] = {}

    def reference(self, table: EncodedTable) -> Any:
        with self.lock:
            if id(table) not in self.known:
                self.known[id(table)] = ray.put(table)
                weakref.finalize(table, self.known.pop, id(table), None).atexit = False
            return self.known[id(table)]


class RayWorker(RemoteWorker):
    """An actor, which Ray starts when it has a place for it."""

    def __init__(self, kind: str, number: int, tables: Tables, changed: Callable[[], None]):
        super().__init__(f"{kind}-{number}", changed)
        self.kind, self.tables = kind, tables
        self.number = 0
        self.actor: Any = (
            ray.remote(Actor).options(num_cpus=1, num_gpus=int(kind == "cuda"), max_concurrency=2).remote()
        )

    def takes(self, job: TrainingJob) -> bool:
        return _kind(job) == self.kind and super().takes(job)

    def _traits(self, attempt: Attempt) -> Traits:
        return ray.get(self.actor.traits.remote())

    def _train(self, payload: bytes, tables: list[EncodedTable], attempt: Attempt) -> bytes:
        self.number += 1
        if attempt.off:  # before this number was known to `cancel`
            raise RuntimeError("cancelled")
        return ray.get(self.actor.train.remote(self.number, payload, *map(self.tables.reference, tables)))

    def cancel(self, bundle: Bundle) -> None:
        super().cancel(bundle)
        if self._attempt is None or not self._attempt.off:  # another bundle's
            return
        with suppress(Exception):  # it may be gone, and Ray with it
            self.actor.cancel.remote(self.number)

    def close(self) -> None:
        """Actors hold CPUs, or GPUs, that others may want."""
        with suppress(Exception):
            ray.kill(self.actor)


class RayCluster(Cluster):
    """Actors on the cluster that this process is connected to: as many as it has CPUs
    or GPUs, but no more than there are networks.
    """

    name = "Ray"

    def __init__(self) -> None:
        super().__init__()
        self.tables = Tables()
        self.started = 0
        self.resources: dict[str, float] = {}

    def _look(self) -> None:
        self.resources = ray.cluster_resources()
        for kind, n_networks in list(self.wanted.items()):
            places = int(self.resources.get("GPU" if kind == "cuda" else "CPU", 0))
            there = sum(
                isinstance(member, RayWorker) and member.kind == kind and not member.gone for member in self.members
            )
            for _ in range(there, min(places, resolve_n_jobs(self.n_jobs, places), n_networks)):
                self.started += 1
                self._welcome(RayWorker(kind, self.started, self.tables, lambda: self._changed()))

    def _offers(self, job: TrainingJob) -> bool:
        return _kind(job) != "cuda" or self.resources.get("GPU", 0) >= 1


def _kind(job: TrainingJob) -> str:
    return job.device.split(":")[0]


def ray_cluster() -> RayCluster:
    """The cluster that this process is connected to.

    Raises
    ------
    ValueError
        If it is connected to none.
    """
    if not ray.is_initialized():
        raise ValueError(
            "over='ray', but this process is not connected to Ray; call ray.init() for this machine, or "
            "ray.init('auto') on a cluster"
        )
    return RayCluster()
