"""Workers that somebody else has started, on any machine: what Dask's and Ray's have in
common.
"""

import logging
import pickle
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sknet_hp.fusion.executors.base import Bundle, Done, WorkerDied
from sknet_hp.fusion.executors.packing import pack
from sknet_hp.fusion.executors.remote import Traits, traits
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import EncodedTable, TrainingJob, TrainingResult
from sknet_hp.training.run import is_compiled

_INTERVAL = 0.25  # seconds between two looks at who is there
_PATIENCE = 30.0  # seconds without a worker after which it is said that one is waited for


@cache
def _here() -> Traits:
    return traits(gpu=False)


@dataclass(eq=False)
class Attempt:
    """One errand of a worker's, and whom to tell how it ended; `woken` is set when
    there is nothing more to wait for.
    """

    done: Done | None = None
    bundle: Bundle | None = None
    off: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class RemoteWorker(ABC):
    """One process of a cluster. It trains one bundle at a time; a thread here waits for
    it.

    Parameters
    ----------
    name : as users know it.
    changed : called when it has become ready.
    """

    def __init__(self, name: str, changed: Callable[[], None]):
        self.name, self.changed = name, changed
        self.busy = self.gone = False
        self.traits: Traits | None = None
        self.refusal: BaseException | str = ""  # why it is not used, though it is there
        self._attempt: Attempt | None = None
        self._lock = threading.Lock()

    # ---- what clusters differ in -----------------------------------------------------------------------------------

    @abstractmethod
    def _traits(self, attempt: Attempt) -> Traits:
        """Wait for what it says of itself."""

    @abstractmethod
    def _train(self, payload: bytes, tables: list[EncodedTable], attempt: Attempt) -> bytes:
        """Wait for `train_packed` there; whatever is raised means that the worker is
        lost.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what is held in the cluster."""

    # ---- the executor ----------------------------------------------------------------------------------------------

    def ready(self) -> bool:
        return self.traits is not None and self.usable()

    def usable(self) -> bool:
        """Whether it is ready or may come to be."""
        return not self.gone and not self.refusal

    def takes(self, job: TrainingJob) -> bool:
        """Whether it has the device of a job; yes as long as it is not known."""
        return self.traits is None or not job.device.startswith("cuda") or self.traits.gpu_bytes > 0

    def submit(self, bundle: Bundle, done: Done) -> None:
        self.busy = True
        attempt = self._attempt = Attempt(done, bundle)
        if bundle.cancelled():
            self._end(attempt, Cancelled())
            return
        jobs = [replace(job, device="cuda:0") if job.device == "cuda" else job for job in bundle.jobs]
        self._in_background(self._work, jobs, attempt)

    def cancel(self, bundle: Bundle) -> None:
        attempt = self._attempt
        if attempt is not None and attempt.bundle is bundle:
            attempt.off = True
            attempt.woken.set()

    def die(self) -> None:
        """It has left the cluster: hand back what it held."""
        self.gone = True
        attempt = self._attempt
        if attempt is not None:
            attempt.woken.set()
            self._end(attempt, WorkerDied(f"{self.name} left the cluster"))

    def meet(self) -> None:
        """Ask it what it is; it is ready when it has answered."""
        attempt = self._attempt = Attempt()
        self._in_background(self._introduce, attempt)

    @staticmethod
    def _in_background(target: Callable[..., None], *args: Any) -> None:
        try:
            threading.Thread(target=target, args=args, name="sknet_hp-remote", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            target(*args)

    def _introduce(self, attempt: Attempt) -> None:
        try:
            answer = self._traits(attempt)
            different = answer.differences(_here())
            self.refusal = f"its versions must be those of this process: {different}" if different else ""
            self.traits = answer
        except Exception as error:
            if not self.gone:
                self.refusal = error
        self._end(attempt, Cancelled())
        self.changed()

    def _work(self, jobs: list[TrainingJob], attempt: Attempt) -> None:
        outcome: list[TrainingResult] | BaseException
        try:
            payload, tables = pack(jobs)
        except Exception as error:  # unpicklable modules and the like are the job's own fault
            self._end(attempt, error)
            return
        try:
            packed = self._train(payload, tables, attempt)
        except BaseException as error:
            outcome = WorkerDied(f"{type(error).__name__}: {error}")
            if attempt.off:
                outcome = Cancelled()
            else:
                self.gone = True
        else:
            try:
                outcome = pickle.loads(packed)
            except Exception as error:  # what only the worker could make sense of
                outcome = error
        self._end(attempt, outcome)

    def _end(self, attempt: Attempt, outcome: list[TrainingResult] | BaseException) -> None:
        with self._lock:
            if self._attempt is not attempt:
                return
            self._attempt = None
            self.busy = False
        if attempt.done is not None:
            attempt.done(outcome)


class Cluster(ABC):
    """All workers. While a session is open, a thread looks who has come and who is
    gone.
    """

    name: str

    def __init__(self) -> None:
        self.members: list[RemoteWorker] = []
        self.n_jobs: int | None = None
        self.wanted: dict[str, int] = {}  # networks known to be ahead, by kind of device
        self._looked = False
        self._lost = ""
        self._changed: Callable[[], None] = lambda: None
        self._stop = threading.Event()
        self._stop.set()
        self._looking = threading.Lock()
        self._noted: set[str] = set()
        self._by_torch = False  # whether there are networks whose bits depend on torch's arithmetic

    # ---- what clusters differ in -----------------------------------------------------------------------------------

    @abstractmethod
    def _look(self) -> None:
        """See who is there: `_welcome` those who are new, `die` for those who are gone.
        What is raised means that the cluster is gone.
        """

    @abstractmethod
    def _offers(self, job: TrainingJob) -> bool:
        """Whether any worker that there is or might soon be can train such a job."""

    def _mine(self) -> list[RemoteWorker]:
        """Workers that this session may use, those that are not ready yet included."""
        return [member for member in self.members if member.usable()]

    # ---- for the engine --------------------------------------------------------------------------------------------

    def begin(self, n_jobs: int | None, changed: Callable[[], None]) -> None:
        """A session begins: `n_jobs` workers by joblib's rules, None for all; `changed`
        is called when there may be more or fewer.
        """
        self.n_jobs, self._changed, self.wanted = n_jobs, changed, {}
        self._looked, self._lost = False, ""
        self.members = [member for member in self.members if member.usable()]
        self._stop = threading.Event()
        threading.Thread(target=self._watch, args=(self._stop,), name="sknet_hp-cluster", daemon=True).start()

    def end(self) -> None:
        self._stop.set()

    def release(self) -> None:
        """Give back what is held in the cluster, unless it is in use."""
        if not self._stop.is_set():
            return
        with self._looking:
            for member in self.members:
                member.gone = True
                member.close()
            self.members = []

    def prepare(self, job: TrainingJob, n_networks: int) -> None:
        """So many networks like this one are known to be ahead."""
        self._by_torch = self._by_torch or not is_compiled(job)
        kind = job.device.split(":")[0]
        self.wanted[kind] = max(self.wanted.get(kind, 0), n_networks)

    def workers(self, job: TrainingJob) -> list[RemoteWorker]:
        """Those that are ready and take such a job.

        Raises
        ------
        RuntimeError
            If there will never be one.
        """
        if self._lost:
            raise RuntimeError(
                f"the {self.name} cluster is gone: {self._lost}. Start one and search again (with journal= only what "
                f"is missing is trained)"
            )
        if not self._looked:
            return []
        mine = self._mine()
        refused = next((member for member in self.members if member.refusal and not member.gone), None)
        if not mine and refused is not None:
            cause = refused.refusal if isinstance(refused.refusal, BaseException) else None
            raise RuntimeError(
                f"no worker of the {self.name} cluster can be used; {refused.name}: {refused.refusal}"
            ) from cause
        if not self._offers(job):
            raise RuntimeError(
                f"device={job.device!r}, but no worker of the {self.name} cluster has a GPU that torch can use; use "
                f"device='cpu'"
            )
        return [member for member in mine if member.ready() and member.takes(job)]

    def count(self, job: TrainingJob) -> int:
        """How many take such a job, busy ones and those about to be ready included."""
        return sum(member.takes(job) for member in self._mine())

    def gpu_bytes(self) -> int:
        """Memory that is free on every worker's GPU."""
        return min((m.traits.gpu_bytes for m in self.members if m.traits is not None and m.traits.gpu_bytes), default=0)

    def take_notes(self) -> list[tuple[str, type[Warning]]]:
        """What is to be warned of, and has not been yet."""
        notes = {
            m.name: f"worker {m.name} of the {self.name} cluster is not used: {m.refusal}"
            for m in self.members
            if m.refusal and not m.gone
        }
        other = {m.traits.arithmetic for m in self.members if m.traits is not None} - {_here().arithmetic}
        if other and self._by_torch:
            notes["arithmetic"] = (
                f"workers of the {self.name} cluster compute with {' or '.join(sorted(other))}, this process with "
                f"{_here().arithmetic}: numbers of networks that torch trains are equal within rounding, not bit for "
                f"bit"
            )
        new = [(text, RuntimeWarning) for key, text in notes.items() if key not in self._noted]
        self._noted |= set(notes)
        return [*new]

    # ---- who is there ----------------------------------------------------------------------------------------------

    def _welcome(self, member: RemoteWorker) -> None:
        self.members.append(member)
        member.meet()

    def _watch(self, stop: threading.Event) -> None:
        since, said = time.monotonic(), False
        while not stop.is_set():
            try:
                with self._looking:
                    self._look()
                    self.members = [member for member in self.members if not member.gone]
            except Exception as error:
                if not stop.is_set():
                    self._lost = f"{type(error).__name__}: {error}"
                    for member in self.members:
                        member.die()
                    self._changed()
                return
            self._looked = True
            if any(member.ready() for member in self.members):
                since = time.monotonic()
            elif not said and time.monotonic() - since > _PATIENCE:
                said = True
                logging.getLogger("sknet_hp").warning(
                    "no worker of the %s cluster is ready; the search goes on when one is", self.name
                )
            self._changed()
            stop.wait(_INTERVAL)
