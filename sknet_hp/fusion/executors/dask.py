"""Training in the workers of a Dask cluster."""

import uuid
import weakref
from collections.abc import Callable
from typing import Any

import distributed

from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.executors.remote import ProcessTraits, describe_process, train_packed
from sknet_hp.fusion.executors.worker import Attempt, RemoteWorker
from sknet_hp.system.processors import resolve_n_jobs
from sknet_hp.training.job import EncodedTable, TrainingJob

_INLINE_BYTES = 1 << 20  # what is larger goes to the worker apart from the graph of tasks, which Dask wants to be small


def _train(payload: bytes, *tables: EncodedTable) -> bytes:
    """Train a bundle in the worker.

    A task of Dask's that was cancelled, or whose client is gone, stops between two
    steps.
    """
    worker = distributed.get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()

    def is_unwanted() -> bool:
        task = tasks.get(key)
        return task is None or task.state == "cancelled"

    return train_packed(payload, tables, is_unwanted, worker.state.nthreads)


class DaskWorker(RemoteWorker):
    """A worker process of Dask's, all of whose threads train a bundle.

    Tables are scattered to it, and stay as long as this process holds them.
    """

    def __init__(self, client: distributed.Client, address: str, changed: Callable[[], None]):
        super().__init__(address, changed)
        self.client = client
        self.sent: dict[int, distributed.Future] = {}  # by the identity of the table

    def _fetch_traits(self, attempt: Attempt) -> ProcessTraits:
        return self._run(attempt, describe_process)

    def _train(self, payload: bytes, tables: list[EncodedTable], attempt: Attempt) -> bytes:
        sent = payload if len(payload) < _INLINE_BYTES else self._scatter(payload)
        return self._run(attempt, _train, sent, *map(self._send_table, tables))

    def _run(self, attempt: Attempt, function: Callable[..., Any], *args: Any) -> Any:
        # Bound to this worker: Dask would not say if it moved a task. What the worker held when it died is
        # handed back by `abandon`.
        key = f"sknet_hp_{function.__name__.strip('_')}-{uuid.uuid4().hex}"
        future = self.client.submit(function, *args, key=key, workers=[self.name], allow_other_workers=False)
        future.add_done_callback(lambda _: attempt.woken.set())
        attempt.woken.wait()
        if attempt.cancelled or self.gone:
            future.cancel()
        return future.result()

    def _send_table(self, table: EncodedTable) -> distributed.Future:
        future = self.sent.get(id(table))
        if future is None:
            weakref.finalize(table, self.sent.pop, id(table), None).atexit = False
        if future is None or future.status != "finished":
            future = self.sent[id(table)] = self._scatter(table)
        return future

    def close(self) -> None:
        """Forget the tables that it holds."""
        self.sent.clear()

    def _scatter(self, value: EncodedTable | bytes) -> distributed.Future:
        return self.client.scatter([value], workers=[self.name], hash=False)[0]


class DaskCluster(Cluster):
    """The workers of a client's cluster, also those that come later."""

    name = "Dask"

    def __init__(self, client: distributed.Client):
        super().__init__()
        self.client = client

    def _update_members(self) -> None:
        if self.client.status in ("closing", "closed"):
            raise ConnectionError("its client is closed")
        present = list(self.client.nthreads())
        for member in self.members:
            if member.name not in present:
                member.abandon()
        known = {member.name for member in self.members if not member.gone}
        for address in present:
            if address not in known:
                self._add(DaskWorker(self.client, address, lambda: self._changed()))

    def _find_usable(self) -> list[RemoteWorker]:
        usable = super()._find_usable()
        return usable[: resolve_n_jobs(self.n_jobs, len(usable))]

    def _can_take(self, job: TrainingJob) -> bool:
        usable = super()._find_usable()
        return not usable or any(member.takes(job) for member in usable)


_CLUSTERS: weakref.WeakValueDictionary[str, DaskCluster] = weakref.WeakValueDictionary()


def find_dask_cluster(client: distributed.Client | None = None) -> DaskCluster:
    """Return the cluster of a client, by default of Dask's current one.

    Raises
    ------
    ValueError
        If there is none, it can not be waited for, or this is one of its own workers.
    """
    try:
        distributed.get_worker()
    except ValueError:
        pass
    else:
        raise ValueError(
            "over='dask' within a task of Dask would wait for the worker that it is in; use over='inline' there"
        )
    if client is None:
        try:
            client = distributed.Client.current()
        except ValueError:
            raise ValueError(
                "over='dask', but there is no Dask client; make one first, client = distributed.Client() for this "
                "machine or distributed.Client(address) for a cluster, or give it: fused(over=client)"
            ) from None
    if client.asynchronous:
        raise ValueError(
            "over: an asynchronous Dask client can not be waited for; make one with "
            "distributed.Client(asynchronous=False)"
        )
    return _CLUSTERS.setdefault(client.id, DaskCluster(client))
