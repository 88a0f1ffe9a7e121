"""What the engine moves: jobs with the threads that wait for them, and bundles of jobs
that train together.
"""

import threading
from dataclasses import dataclass, field

from sknet_hp.fusion.tasks.task import Task
from sknet_hp.training.job import TrainingJob, TrainingResult


@dataclass(eq=False)
class Waiting:
    """A job, and the thread that waits for it."""

    job: TrainingJob
    task: Task | None
    number: int
    event: threading.Event = field(default_factory=threading.Event)
    result: TrainingResult | None = None
    error: BaseException | None = None
    notes: list[tuple[str, type[Warning]]] = field(default_factory=list)
    together: "list[Waiting]" = field(default_factory=list)  # what the thread waits for, this one included

    def cancelled(self) -> bool:
        return self.task is not None and self.task.call.cancelled


@dataclass(eq=False)
class Bundle:
    """Jobs of one key that train together."""

    members: list[Waiting]
    deaths: int = 0
    expected: float = 0.0
    begun: float = 0.0

    @property
    def jobs(self) -> list[TrainingJob]:
        return [w.job for w in self.members]

    def cancelled(self) -> bool:
        return all(w.cancelled() for w in self.members)


def halves(members: list[Waiting]) -> list[list[Waiting]]:
    """Two bundles of one."""
    middle = (len(members) + 1) // 2
    return [part for part in (members[:middle], members[middle:]) if part]


def own_instance(error: BaseException) -> BaseException:
    """An instance of the error for one job alone, so that tracebacks do not mix."""
    try:
        own = type(error)(*error.args)
    except Exception:  # a constructor we know nothing about
        own = RuntimeError(f"{type(error).__name__}: {error}")
    own.__cause__ = error
    return own
