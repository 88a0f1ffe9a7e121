"""Training in actors of a Ray cluster, one for each CPU, or one for each GPU."""

import threading
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ray

from sknet_hp.fusion.bundles import Bundle
from sknet_hp.fusion.executors.cluster import Cluster, find_device_kind
from sknet_hp.fusion.executors.remote import ProcessTraits, describe_process, train_packed
from sknet_hp.fusion.executors.worker import Attempt, RemoteWorker
from sknet_hp.system.processors import resolve_n_jobs
from sknet_hp.training.job import EncodedTable, TrainingJob


class Actor:
    """A process of the cluster that trains bundles."""

    def __init__(self) -> None:
        self.cancelled_up_to = 0  # the number of a bundle
        # Tables lie in Ray's store, which all actors of a machine read. Nobody writes to them.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")

    def describe(self) -> ProcessTraits:
        """Describe this process, which is then ready to train."""
        return describe_process()

    def train(self, number: int, payload: bytes, *tables: EncodedTable) -> bytes:
        """Train the bundle of this number, and return its outcome as bytes."""
        return train_packed(payload, tables, lambda: self.cancelled_up_to >= number)

    def cancel(self, number: int) -> None:
        """Cancel all bundles up to this number."""
        self.cancelled_up_to = number


class SharedTables:
    """Tables in Ray's store, put there once for all actors, while they live."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.references: dict[int, ray.ObjectRef] = {}

    def share(self, table: EncodedTable) -> ray.ObjectRef:
        """Put a table into the store, unless it is there; return its reference."""
        with self.lock:
            if id(table) not in self.references:
                self.references[id(table)] = ray.put(table)
                weakref.finalize(table, self.references.pop, id(table), None).atexit = False
            return self.references[id(table)]


class RayWorker(RemoteWorker):
    """An actor, which Ray starts when it has a place for it."""

    def __init__(self, kind: str, number: int, tables: SharedTables, changed: Callable[[], None]):
        super().__init__(f"{kind}-{number}", changed)
        self.kind, self.tables = kind, tables
        self.number = 0
        self.actor: Any = (
            ray.remote(Actor).options(num_cpus=1, num_gpus=int(kind == "cuda"), max_concurrency=2).remote()
        )

    def takes(self, job: TrainingJob) -> bool:
        """Return whether its place is of a job's kind, and has its device."""
        return find_device_kind(job) == self.kind and super().takes(job)

    def _fetch_traits(self, attempt: Attempt) -> ProcessTraits:
        return ray.get(self.actor.describe.remote())

    def _train(self, payload: bytes, tables: list[EncodedTable], attempt: Attempt) -> bytes:
        self.number += 1
        if attempt.cancelled:  # before this number was known to `cancel`
            raise RuntimeError("cancelled")
        return ray.get(self.actor.train.remote(self.number, payload, *map(self.tables.share, tables)))

    def cancel(self, bundle: Bundle) -> None:
        """Stop between two steps, if it is still this bundle that is trained."""
        super().cancel(bundle)
        if self._attempt is None or not self._attempt.cancelled:  # another bundle's
            return
        with suppress(Exception):  # it may be gone, and Ray with it
            self.actor.cancel.remote(self.number)

    def close(self) -> None:
        """End the actor: it holds a CPU or a GPU that others may want."""
        with suppress(Exception):
            ray.kill(self.actor)


class RayCluster(Cluster):
    """Actors on the cluster that this process is connected to.

    There are as many as it has CPUs or GPUs, but no more than networks.
    """

    name = "Ray"

    def __init__(self) -> None:
        super().__init__()
        self.tables = SharedTables()
        self.started = 0
        self.resources: dict[str, float] = {}

    def _update_members(self) -> None:
        self.resources = ray.cluster_resources()
        for kind, n_networks in list(self.demand.items()):
            places = int(self.resources.get("GPU" if kind == "cuda" else "CPU", 0))
            there = sum(
                isinstance(member, RayWorker) and member.kind == kind and not member.gone for member in self.members
            )
            for _ in range(there, min(places, resolve_n_jobs(self.n_jobs, places), n_networks)):
                self.started += 1
                self._add(RayWorker(kind, self.started, self.tables, lambda: self._changed()))

    def _can_take(self, job: TrainingJob) -> bool:
        return find_device_kind(job) != "cuda" or self.resources.get("GPU", 0) >= 1


def find_ray_cluster() -> RayCluster:
    """Return the cluster that this process is connected to.

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
