"""One worker process that somebody else has started.

It is what Dask's and Ray's workers have in common.
"""

import pickle
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sknet_hp.fusion.bundles import Bundle
from sknet_hp.fusion.executors.base import Done, TrainingOutcome, WorkerDied
from sknet_hp.fusion.executors.packing import pack
from sknet_hp.fusion.executors.remote import ProcessTraits, describe_process
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import EncodedTable, TrainingJob


@cache
def describe_this_process() -> ProcessTraits:
    """Describe the process that searches, without its GPU, once."""
    return describe_process(gpu=False)


@dataclass(eq=False)
class Attempt:
    """One order to a worker, and whom to tell how it ended.

    Attributes
    ----------
    woken : set when there is nothing more to wait for.
    """

    done: Done | None = None
    bundle: Bundle | None = None
    cancelled: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class RemoteWorker(ABC):
    """One process of a cluster.

    It trains one bundle at a time; a thread here waits for it.

    Parameters
    ----------
    name : as users know it.
    changed : called when it has become ready.
    """

    def __init__(self, name: str, changed: Callable[[], None]):
        self.name, self.changed = name, changed
        self.busy = self.gone = False
        self.traits: ProcessTraits | None = None
        self.refusal: BaseException | str = ""  # why it is not used, though it is there
        self._attempt: Attempt | None = None
        self._lock = threading.Lock()

    # ---- what clusters differ in -----------------------------------------------------------------------------------

    @abstractmethod
    def _fetch_traits(self, attempt: Attempt) -> ProcessTraits:
        """Wait for the worker's description of itself."""

    @abstractmethod
    def _train(self, payload: bytes, tables: list[EncodedTable], attempt: Attempt) -> bytes:
        """Wait for `train_packed` there; an exception means that the worker is lost."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held in the cluster."""

    # ---- the executor ----------------------------------------------------------------------------------------------

    def is_ready(self) -> bool:
        """Return whether it can be sent a bundle, now or after the one that it has."""
        return self.traits is not None and self.is_usable()

    def is_usable(self) -> bool:
        """Return whether it is ready or may come to be."""
        return not self.gone and not self.refusal

    def takes(self, job: TrainingJob) -> bool:
        """Return whether it has the device of a job; yes as long as it is not known."""
        return self.traits is None or not job.device.startswith("cuda") or self.traits.gpu_bytes > 0

    def submit(self, bundle: Bundle, done: Done) -> None:
        """Train a bundle, and call `done` with the outcome."""
        self.busy = True
        attempt = self._attempt = Attempt(done, bundle)
        if bundle.is_cancelled():
            self._finish(attempt, Cancelled())
            return
        jobs = [replace(job, device="cuda:0") if job.device == "cuda" else job for job in bundle.jobs]
        _run_in_background(self._train_jobs, jobs, attempt)

    def cancel(self, bundle: Bundle) -> None:
        """Stop between two steps, if it is still this bundle that is trained."""
        attempt = self._attempt
        if attempt is not None and attempt.bundle is bundle:
            attempt.cancelled = True
            attempt.woken.set()

    def abandon(self) -> None:
        """Hand back the bundle that it held: it has left the cluster."""
        self.gone = True
        attempt = self._attempt
        if attempt is not None:
            attempt.woken.set()
            self._finish(attempt, WorkerDied(f"{self.name} left the cluster"))

    def request_traits(self) -> None:
        """Ask it what it is; it is ready when it has answered."""
        attempt = self._attempt = Attempt()
        _run_in_background(self._receive_traits, attempt)

    def _receive_traits(self, attempt: Attempt) -> None:
        try:
            answer = self._fetch_traits(attempt)
            different = answer.describe_differences(describe_this_process())
            self.refusal = f"its versions must be those of this process: {different}" if different else ""
            self.traits = answer
        except Exception as error:
            if not self.gone:
                self.refusal = error
        self._finish(attempt, Cancelled())
        self.changed()

    def _train_jobs(self, jobs: list[TrainingJob], attempt: Attempt) -> None:
        outcome: TrainingOutcome
        try:
            payload, tables = pack(jobs)
        except Exception as error:  # unpicklable modules and the like are the job's own fault
            self._finish(attempt, error)
            return
        try:
            packed = self._train(payload, tables, attempt)
        except BaseException as error:
            outcome = WorkerDied(f"{type(error).__name__}: {error}")
            if attempt.cancelled:
                outcome = Cancelled()
            else:
                self.gone = True
        else:
            try:
                outcome = pickle.loads(packed)
            except Exception as error:  # what only the worker could make sense of
                outcome = error
        self._finish(attempt, outcome)

    def _finish(self, attempt: Attempt, outcome: TrainingOutcome) -> None:
        with self._lock:
            if self._attempt is not attempt:
                return
            self._attempt = None
            self.busy = False
        if attempt.done is not None:
            attempt.done(outcome)


def _run_in_background(function: Callable[..., None], *args: Any) -> None:
    try:
        threading.Thread(target=function, args=args, name="sknet_hp-remote", daemon=True).start()
    except RuntimeError:  # no more threads to be had
        function(*args)
