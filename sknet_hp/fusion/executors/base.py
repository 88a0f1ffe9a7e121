"""The one narrow interface of all places where a bundle of jobs may train."""

from collections.abc import Callable
from typing import Any, Protocol

from sknet_hp.training.job import TrainingJob, TrainingResult

Done = Callable[[list[TrainingResult] | BaseException], None]


class WorkerDied(Exception):
    """The process that trained a bundle is gone."""


class Bundle(Protocol):
    """What an executor is given: jobs of one key, and whether anybody still wants them."""

    jobs: list[TrainingJob]

    def cancelled(self) -> bool: ...


class Executor(Protocol):
    """One place that trains one bundle at a time."""

    busy: bool

    def submit(self, bundle: Any, done: Done) -> None:
        """Train; call `done` with the results, or with what went wrong, from another
        thread.
        """
        ...

    def cancel(self, bundle: Any) -> None:
        """Stop between two steps, if it is still this bundle that is trained."""
        ...
