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
    """One `Parallel.__call__`: its tasks run as its caller would have run them, and can
    be cancelled together.
    """

    def __init__(self, parent: "Task | None"):
        self.parent = parent
        self.depth: int = parent.call.depth + 1 if parent is not None else 0
        self.off = False
        self.unfinished = 0  # tasks submitted and not yet at their end
        self.turns: deque[Task] = (
            deque()
        )  # tasks that run one after another: the one whose turn it is, and those after it
        self.has_turns = False  # or ever had
        self.jobs_each = 1  # networks to expect of a task: as many as any has brought so far
        self.context = contextvars.copy_context()
        self.configuration = sklearn.get_config()
        self.warnings = WarningState()

    def lineage(self) -> Iterator["Call"]:
        """The call itself, the one whose task made it, and so on."""
        call: Call | None = self
        while call is not None:
            yield call
            call = call.parent.call if call.parent is not None else None

    @property
    def cancelled(self) -> bool:
        return any(call.off for call in self.lineage())


class Task:
    """One body and its outcome; what joblib sees as a future."""

    def __init__(
        self, call: Call, number: int, body: Callable[[], Any], callback: Callable[["Task"], None] | None, size: int
    ):
        self.call, self.number, self.size = call, number, size
        self.body: Callable[[], Any] | None = body
        self.callback = callback
        self.value: Any = None
        self.error: BaseException | None = None
        self.in_turn = False  # one after another with others of its call
        self.note: str | None = None  # a warning to begin with
        self.since = 0.0  # when it was last allowed to run
        self.woken = False
        self.resumed = threading.Event()
        self.warnings: WarningState | None = None
        self.cancellation = Cancellation()
        self.jobs = 0  # networks that it has handed over

    def take_turns(self, reason: str) -> None:
        """Run while no other task of the call runs that takes turns; the first one
        warns.
        """
        self.in_turn = True
        if not self.call.has_turns:
            self.note = (
                f"tasks of this call run one after another, because {reason}. If they may share it while they run at "
                f"the same time, say so: Parallel(require='sharedmem')"
            )
        self.call.has_turns = True

    def hands_over(self) -> None:
        """Note a network of this task, which is one of those tasks too whose nested
        calls it belongs to.
        """
        task: Task | None = self
        while task is not None:
            task.jobs += 1
            task.call.jobs_each = max(task.call.jobs_each, task.jobs)
            task = task.call.parent

    def run(self) -> None:
        """The whole task, in a thread that is not its caller's."""
        self.call.warnings.install()
        sklearn.set_config(**self.call.configuration)  # of this thread alone
        self.call.context.copy().run(self.execute)
        self.finish()

    def execute(self) -> None:
        try:
            if self.call.cancelled:
                raise Cancelled
            assert self.body is not None
            if self.note is not None:
                warnings.warn(self.note, RuntimeWarning, stacklevel=2)
            self.value = self.body()
        except (
            BaseException
        ) as error:  # whatever a task raises is its outcome, and joblib raises it again in the caller
            self.error = error

    def finish(self) -> None:
        callback, self.callback = self.callback, None
        self.body = None  # and with it the task's split of X
        if callback is None:
            return
        # A call that was cancelled hears no more, not even between the end of one call of a `Parallel` and
        # the beginning of its next.
        with getattr(getattr(callback, "parallel", None), "_lock", nullcontext()):
            if not self.call.off:
                callback(self)

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value
