"""What runs in a worker of a cluster: it describes itself, and trains bundles."""

import pickle
import platform
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import cloudpickle
import torch

from sknet_hp.fusion.executors.base import TrainingOutcome
from sknet_hp.fusion.executors.packing import unpack, warm_up
from sknet_hp.training.cancellation import Cancellation, Cancelled
from sknet_hp.training.job import EncodedTable
from sknet_hp.training.run import train_all
from sknet_hp.training.stacked.cohort import train_cohort

_INTERVAL = 0.1  # seconds between two questions whether a bundle is still wanted

# Packages whose versions are part of the numbers, or of what is sent.
_PACKAGES = ("sknet_hp", "torch", "numpy", "scikit-learn", "numba")


@dataclass(frozen=True)
class ProcessTraits:
    """What a process is, as far as numbers depend on it.

    Attributes
    ----------
    versions : of Python and of packages, by name; they must be those of the process
        that searches.
    arithmetic : torch's build and what it uses of the CPU. Where they differ, results
        of networks that torch trains agree within rounding only.
    gpu_bytes : free memory of the first GPU that the process sees; 0 if there is none.
    """

    versions: dict[str, str]
    arithmetic: str
    gpu_bytes: int = 0

    def describe_differences(self, other: "ProcessTraits") -> str:
        """Return which versions differ from another process's; "" if none does."""
        return ", ".join(
            f"{name} {mine} there, {other.versions[name]} here"
            for name, mine in self.versions.items()
            if mine != other.versions[name]
        )


def describe_process(gpu: bool = True) -> ProcessTraits:
    """Describe this process, which is then ready to train."""
    warm_up()
    versions = {"Python": ".".join(platform.python_version_tuple()[:2])} | {
        name: version(name).split("+")[0] for name in _PACKAGES
    }
    gpu_bytes = torch.cuda.mem_get_info(0)[0] if gpu and torch.cuda.is_available() else 0
    return ProcessTraits(versions, f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}", gpu_bytes)


@contextmanager
def _poll(is_cancelled: Callable[[], bool]) -> Iterator[Cancellation]:
    """Give a flag that a thread sets as soon as it sees that `is_cancelled`."""
    cancellation, over = Cancellation(), threading.Event()

    def wait_for_cancellation() -> None:
        while not over.wait(_INTERVAL):
            if is_cancelled():
                cancellation.set()
                return

    thread = threading.Thread(target=wait_for_cancellation, name="sknet_hp-watch", daemon=True)
    thread.start()
    try:
        yield cancellation
    finally:
        over.set()
        thread.join()


def train_packed(
    payload: bytes, tables: Sequence[EncodedTable], is_cancelled: Callable[[], bool], n_threads: int = 1
) -> bytes:
    """Train one bundle, on so many cores, and return its outcome as bytes.

    What goes wrong is an outcome too: an exception here is no failure of the worker's.
    """
    outcome: TrainingOutcome
    try:
        jobs = unpack(payload, tables)
        if jobs[0].device != "cpu":
            outcome = train_cohort(jobs, is_cancelled)
        else:
            with _poll(is_cancelled) as cancellation:
                outcome = train_all(jobs, cancellation, lambda: n_threads)
    except (Exception, Cancelled) as error:
        error.add_note(f"In a worker of the cluster:\n{traceback.format_exc()}")
        traceback.clear_frames(error.__traceback__)  # they hold the stack's tensors
        outcome = error
    try:
        packed = cloudpickle.dumps(outcome)
        if isinstance(outcome, BaseException):
            pickle.loads(packed)  # exceptions with constructors of their own may fail only here
    except Exception as error:
        failure = (
            "".join(traceback.format_exception(outcome))
            if isinstance(outcome, BaseException)
            else f"results can not be sent: {error!r}"
        )
        packed = cloudpickle.dumps(RuntimeError(failure))
    return packed
