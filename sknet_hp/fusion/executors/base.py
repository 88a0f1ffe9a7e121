"""The one interface of all places where a bundle of jobs may train."""

from collections.abc import Callable
from typing import Protocol

from sknet_hp.fusion.bundles import Bundle
from sknet_hp.training.state import TrainingResult

TrainingOutcome = list[TrainingResult] | BaseException
"""The results of a bundle's jobs, in order, or what went wrong."""

Done = Callable[[TrainingOutcome], None]
"""Called from another thread when a bundle has been trained."""


class WorkerDied(Exception):
    """The process that trained a bundle is gone."""


class Executor(Protocol):
    """A place that trains one bundle at a time."""

    busy: bool

    def submit(self, bundle: Bundle, done: Done) -> None:
        """Train a bundle, and call `done` with the outcome from another thread."""
        ...

    def cancel(self, bundle: Bundle) -> None:
        """Stop between two steps, if it is still this bundle that is trained."""
        ...
