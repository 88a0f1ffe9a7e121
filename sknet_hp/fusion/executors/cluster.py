"""The workers of a cluster, on any machine.

It is what Dask's and Ray's clusters have in common.
"""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from sknet_hp.fusion.bundles import Note
from sknet_hp.fusion.executors.worker import RemoteWorker, describe_this_process
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.run import is_compiled

_INTERVAL = 0.25  # seconds between two looks at who is there
_PATIENCE = 30.0  # seconds without a worker after which it is said that one is waited for


class Cluster(ABC):
    """All workers of a cluster.

    Between `start` and `stop` a thread watches which workers come and go.

    Attributes
    ----------
    n_jobs : how many workers to use, by joblib's rules; None for all.
    demand : networks known to be ahead, by kind of device.
    """

    name: str

    def __init__(self) -> None:
        self.members: list[RemoteWorker] = []
        self.n_jobs: int | None = None
        self.demand: dict[str, int] = {}
        self._has_looked = False
        self._loss = ""  # why the cluster is gone
        self._changed: Callable[[], None] = lambda: None
        self._stop = threading.Event()
        self._stop.set()
        self._members_lock = threading.Lock()
        self._noted: set[str] = set()  # what has been warned of
        self._needs_equal_arithmetic = False  # whether the bits of some networks depend on torch's arithmetic

    # ---- what clusters differ in -----------------------------------------------------------------------------------

    @abstractmethod
    def _update_members(self) -> None:
        """Add the workers that are new, and abandon those that are gone.

        An exception means that the cluster is gone.
        """

    @abstractmethod
    def _can_take(self, job: TrainingJob) -> bool:
        """Return whether any worker that there is or might soon be can train a job."""

    def _find_usable(self) -> list[RemoteWorker]:
        """Return the workers to use, also those that are not ready yet."""
        return [member for member in self.members if member.is_usable()]

    # ---- for the engine --------------------------------------------------------------------------------------------

    def start(self, n_jobs: int | None, changed: Callable[[], None]) -> None:
        """Begin to watch the workers.

        Parameters
        ----------
        n_jobs : how many workers to use, by joblib's rules; None for all.
        changed : called when there may be more workers or fewer.
        """
        self.n_jobs, self._changed, self.demand = n_jobs, changed, {}
        self._has_looked, self._loss = False, ""
        self.members = [member for member in self.members if member.is_usable()]
        self._stop = threading.Event()
        threading.Thread(target=self._watch, args=(self._stop,), name="sknet_hp-cluster", daemon=True).start()

    def stop(self) -> None:
        """Watch the workers no longer; they stay for the next time."""
        self._stop.set()

    def release(self) -> None:
        """Give back what is held in the cluster, unless it is in use."""
        if not self._stop.is_set():
            return
        with self._members_lock:
            for member in self.members:
                member.gone = True
                member.close()
            self.members = []

    def note_demand(self, job: TrainingJob, n_networks: int) -> None:
        """Note that so many networks like this one are known to be ahead."""
        self._needs_equal_arithmetic = self._needs_equal_arithmetic or not is_compiled(job)
        kind = find_device_kind(job)
        self.demand[kind] = max(self.demand.get(kind, 0), n_networks)

    def find_workers(self, job: TrainingJob) -> list[RemoteWorker]:
        """Return the workers that are ready and take such a job.

        Raises
        ------
        RuntimeError
            If there will never be one.
        """
        if self._loss:
            raise RuntimeError(
                f"the {self.name} cluster is gone: {self._loss}. Start one and search again (with journal= only what "
                f"is missing is trained)"
            )
        if not self._has_looked:
            return []
        usable = self._find_usable()
        refused = next((member for member in self.members if member.refusal and not member.gone), None)
        if not usable and refused is not None:
            cause = refused.refusal if isinstance(refused.refusal, BaseException) else None
            raise RuntimeError(
                f"no worker of the {self.name} cluster can be used; {refused.name}: {refused.refusal}"
            ) from cause
        if not self._can_take(job):
            raise RuntimeError(
                f"device={job.device!r}, but no worker of the {self.name} cluster has a GPU that torch can use; use "
                f"device='cpu'"
            )
        return [member for member in usable if member.is_ready() and member.takes(job)]

    def count_workers(self, job: TrainingJob) -> int:
        """Count those that take a job, with busy ones and those not ready yet."""
        return sum(member.takes(job) for member in self._find_usable())

    def find_free_gpu_bytes(self) -> int:
        """Return how much memory is free on every worker's GPU; 0 if none has a GPU."""
        return min((m.traits.gpu_bytes for m in self.members if m.traits is not None and m.traits.gpu_bytes), default=0)

    def take_notes(self) -> list[Note]:
        """Return what is to be warned of, and has not been yet."""
        notes = {
            m.name: f"worker {m.name} of the {self.name} cluster is not used: {m.refusal}"
            for m in self.members
            if m.refusal and not m.gone
        }
        own = describe_this_process().arithmetic
        other = {m.traits.arithmetic for m in self.members if m.traits is not None} - {own}
        if other and self._needs_equal_arithmetic:
            notes["arithmetic"] = (
                f"workers of the {self.name} cluster compute with {' or '.join(sorted(other))}, this process with "
                f"{own}: numbers of networks that torch trains are equal within rounding, not bit for bit"
            )
        new: list[Note] = [(text, RuntimeWarning) for key, text in notes.items() if key not in self._noted]
        self._noted |= set(notes)
        return new

    # ---- who is there ----------------------------------------------------------------------------------------------

    def _add(self, member: RemoteWorker) -> None:
        self.members.append(member)
        member.request_traits()

    def _watch(self, stop: threading.Event) -> None:
        ready_at, has_said = time.monotonic(), False
        while not stop.is_set():
            try:
                with self._members_lock:
                    self._update_members()
                    self.members = [member for member in self.members if not member.gone]
            except Exception as error:
                if not stop.is_set():
                    self._loss = f"{type(error).__name__}: {error}"
                    for member in self.members:
                        member.abandon()
                    self._changed()
                return
            self._has_looked = True
            if any(member.is_ready() for member in self.members):
                ready_at = time.monotonic()
            elif not has_said and time.monotonic() - ready_at > _PATIENCE:
                has_said = True
                logging.getLogger("sknet_hp").warning(
                    "no worker of the %s cluster is ready; the search goes on when one is", self.name
                )
            self._changed()
            stop.wait(_INTERVAL)


def find_device_kind(job: TrainingJob) -> str:
    """Return the kind of a job's device, such as "cuda" for "cuda:1"."""
    return job.device.split(":")[0]
