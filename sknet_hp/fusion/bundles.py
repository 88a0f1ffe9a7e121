"""What the engine moves: jobs that threads wait for, and bundles of them.

The jobs of a bundle train together.
"""

import threading
from dataclasses import dataclass, field

from sknet_hp.fusion.tasks.task import Task
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.state import TrainingResult

Note = tuple[str, type[Warning]]
"""What a user is to be warned of, and the category of the warning."""


@dataclass(eq=False)
class WaitingJob:
    """A job, and the thread that waits for it.

    Attributes
    ----------
    task : that the thread runs; None if it is a thread of somebody else's.
    number : jobs of smaller numbers are trained first.
    event : set when there is a result or an error.
    notes : what the thread is to warn of.
    siblings : all jobs that the thread waits for, this one included.
    """

    job: TrainingJob
    task: Task | None
    number: int
    event: threading.Event = field(default_factory=threading.Event)
    result: TrainingResult | None = None
    error: BaseException | None = None
    notes: list[Note] = field(default_factory=list)
    siblings: "list[WaitingJob]" = field(default_factory=list)

    def is_cancelled(self) -> bool:
        """Return whether the call that the job belongs to was cancelled."""
        return self.task is not None and self.task.call.cancelled


@dataclass(eq=False)
class Bundle:
    """Jobs of one key that train together.

    Attributes
    ----------
    deaths : how many workers have died in turn over these jobs.
    expected : seconds that training them is expected to take.
    begun : when it began, by `time.monotonic`.
    """

    members: list[WaitingJob]
    deaths: int = 0
    expected: float = 0.0
    begun: float = 0.0

    @property
    def jobs(self) -> list[TrainingJob]:
        """The jobs of its members."""
        return [waiting.job for waiting in self.members]

    def is_cancelled(self) -> bool:
        """Return whether nobody waits for any of its jobs."""
        return all(waiting.is_cancelled() for waiting in self.members)


def split_in_halves(members: list[WaitingJob]) -> list[list[WaitingJob]]:
    """Return the first half and the second one; a single member stays a single list."""
    middle = (len(members) + 1) // 2
    return [part for part in (members[:middle], members[middle:]) if part]


def copy_error(error: BaseException) -> BaseException:
    """Return the error once more for one job, so that tracebacks do not mix."""
    try:
        own = type(error)(*error.args)
    except Exception:  # a constructor we know nothing about
        own = RuntimeError(f"{type(error).__name__}: {error}")
    own.__cause__ = error
    return own
