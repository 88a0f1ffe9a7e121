"""A task of a joblib call, and the call that it belongs to."""

import contextvars
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import sklearn

from sknet_hp.fusion.tasks.warning_state import WarningState
from sknet_hp.training.cancellation import Cancellation, Cancelled


class Call:
    """One `Parallel.__call__`.

    Its tasks run as its caller would have run them, and can be cancelled together.

    Parameters
    ----------
    parent : the task that makes the call, if one does.

    Attributes
    ----------
    cancelled_itself : whether this call was cancelled, and not one that it belongs to.
    unfinished : number of tasks submitted and not yet at their end.
    turns : tasks that run one after another: the one whose turn it is, and those after
        it.
    jobs_each : networks to expect of a task: as many as any has brought so far.
    """

    def __init__(self, parent: "Task | None"):
        self.parent = parent
        self.depth: int = parent.call.depth + 1 if parent is not None else 0
        self.cancelled_itself = False
        self.unfinished = 0
        self.turns: deque[Task] = deque()
        self.has_had_turns = False
        self.jobs_each = 1
        self.context = contextvars.copy_context()
        self.configuration = sklearn.get_config()
        self.warnings = WarningState()

    def iterate_lineage(self) -> Iterator["Call"]:
        """Yield the call itself, the one whose task made it, and so on."""
        call: Call | None = self
        while call is not None:
            yield call
            call = call.parent.call if call.parent is not None else None

    @property
    def cancelled(self) -> bool:
        """Whether this call, or one that it belongs to, was cancelled."""
        return any(call.cancelled_itself for call in self.iterate_lineage())


class Task:
    """A function to call and its outcome; what joblib sees as a future.

    Parameters
    ----------
    number : tasks of smaller numbers begin first.
    body : the function.
    callback : called with the task at its end.
    size : bytes that it may come to hold.

    Attributes
    ----------
    in_turn : whether it runs one after another with other tasks of its call.
    note : a warning to begin with.
    started_at : when it was last allowed to run, by `time.monotonic`.
    n_jobs : networks that it has handed over.
    """

    def __init__(
        self, call: Call, number: int, body: Callable[[], Any], callback: Callable[["Task"], None] | None, size: int
    ):
        self.call, self.number, self.size = call, number, size
        self.body: Callable[[], Any] | None = body
        self.callback = callback
        self.value: Any = None
        self.error: BaseException | None = None
        self.in_turn = False
        self.note: str | None = None
        self.started_at = 0.0
        self.woken = False
        self.resumed = threading.Event()
        self.warnings: WarningState | None = None
        self.cancellation = Cancellation()
        self.n_jobs = 0

    def take_turns(self, reason: str) -> None:
        """Run while no other task of the call runs that takes turns.

        The first one warns.
        """
        self.in_turn = True
        if not self.call.has_had_turns:
            self.note = (
                f"tasks of this call run one after another, because {reason}. If they may share it while they run at "
                f"the same time, say so: Parallel(require='sharedmem')"
            )
        self.call.has_had_turns = True

    def count_job(self) -> None:
        """Count a network of this task.

        It is one of those tasks too whose nested calls the task belongs to.
        """
        task: Task | None = self
        while task is not None:
            task.n_jobs += 1
            task.call.jobs_each = max(task.call.jobs_each, task.n_jobs)
            task = task.call.parent

    def run(self) -> None:
        """Run the whole task, in a thread that is not its caller's."""
        self.call.warnings.install()
        sklearn.set_config(**self.call.configuration)  # of this thread alone
        self.call.context.copy().run(self.execute)
        self.finish()

    def execute(self) -> None:
        """Call the body, and note its value or its error."""
        try:
            if self.call.cancelled:
                raise Cancelled
            assert self.body is not None
            if self.note is not None:
                warnings.warn(self.note, RuntimeWarning, stacklevel=2)
            self.value = self.body()
        except BaseException as error:  # whatever it is: joblib raises it again in the caller
            self.error = error

    def finish(self) -> None:
        """Drop the body, and tell joblib of the end."""
        callback, self.callback = self.callback, None
        self.body = None  # and with it the task's split of X
        if callback is None:
            return
        # A call that was cancelled hears no more, not even between the end of one call of a `Parallel` and
        # the beginning of its next.
        with getattr(getattr(callback, "parallel", None), "_lock", nullcontext()):
            if not self.call.cancelled_itself:
                callback(self)

    def result(self) -> Any:
        """Return the value, or raise the error, as a future does."""
        if self.error is not None:
            raise self.error
        return self.value
