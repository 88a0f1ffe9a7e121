"""Tasks of joblib calls, in threads: who may run now, who waits, what is cancelled.

One task body runs at a time, for there is one interpreter; beside those that are slow,
others run. As many train their networks as there are cores, each on its own. A body
that may run has a *permit*, which it gives back while it trains, and while it waits for
nested tasks or for a network that trains elsewhere. The caller's context variables and
scikit-learn configuration are the task's; and because scikit-learn enters the
process-wide `warnings.catch_warnings` in each task, a body begins with its caller's
warning filters, and its own are taken down with its permit and put up again with it.
"""

import heapq
import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sknet_hp.fusion.tasks.task import Call, Task
from sknet_hp.fusion.tasks.warning_state import WarningState
from sknet_hp.system import processors
from sknet_hp.training.cancellation import Cancellation, Cancelled

STALL = 0.05  # seconds after which a running body is no quick one, and another may run beside it
NEW_TASK_STALL = 0.5  # the same for one body more than there are cores

_MANY = 1000  # how many more tasks to expect of a call that is still submitting some


class Tasks:
    """The threads of the fused backend.

    Parameters
    ----------
    lock : shared with the engine; everything here that touches state holds it.
    changed : called, holding the lock, when something changed that the engine should
        look at.
    """

    def __init__(self, lock: threading.Condition, changed: Callable[[], None]):
        self.lock, self.changed = lock, changed
        self.numbers = itertools.count()
        self.queue: list[tuple[int, int, Task]] = []  # not yet started; nested ones first, then in order
        self.resuming: list[tuple[int, int, Task]] = []  # may go on as soon as there is a permit
        self.running: set[Task] = set()  # whose bodies run
        self.training: set[Task] = set()  # whose networks train in their own threads
        self.live: set[Task] = set()  # those that have a thread
        self.awaited: list[Call] = []  # nested calls; the threads that wait for them hold no slot
        self.dispatching: weakref.WeakSet[Any] = weakref.WeakSet()  # `Parallel`s that are still submitting
        self.n_permits = 1
        self.trained = 0  # networks, in tasks' own threads
        self.max_threads = 512
        self.max_bytes = 1 << 30
        self.last_progress = time.monotonic()
        self.current = threading.local()

    # ---- state, read by the engine (holding the lock) --------------------------------------------------------------

    @property
    def threads(self) -> int:
        return len(self.live)

    @property
    def bytes(self) -> int:
        return sum(task.size for task in self.live)

    @property
    def idle(self) -> bool:
        return not (self.queue or self.resuming or self.live)

    def can_go_on(self) -> bool:
        """Whether any task could do something without a network being trained first."""
        return bool(
            self.running
            or self.training
            or self.dispatching
            or self.resuming
            or self._served()
            or (self.queue and self._room())
        )

    def to_come(self) -> int:
        """Networks that are yet to come to the engine, as far as is known."""
        parents = [call.parent for call in self.awaited if call.parent is not None]
        begun = [*self.running, *self.training, *(entry[2] for entry in self.resuming), *parents]
        queued = sum(entry[2].call.jobs_each for entry in self.queue)
        return queued + _MANY * len(self.dispatching) + sum(task.jobs < task.call.jobs_each for task in begun)

    def calls(self) -> set[Call]:
        """Those with tasks that have not ended."""
        return {task.call for task in itertools.chain(self.live, (entry[2] for entry in self.queue))}

    def _served(self) -> list[Task]:
        """Parents whose nested tasks have ended: they are about to notice."""
        return [call.parent for call in self.awaited if call.parent is not None and not call.unfinished]

    def _slots(self) -> int:
        return len(self.live) - len(self.awaited)

    def _room(self) -> bool:
        slots = self._slots()
        return slots < self.max_threads and (slots <= 0 or self.bytes + self.queue[0][2].size <= self.max_bytes)

    # ---- from the backend ------------------------------------------------------------------------------------------

    def task(self) -> Task | None:
        """The task whose body runs in this thread, if any."""
        return getattr(self.current, "task", None)

    def submit(self, task: Task) -> None:
        with self.lock:
            task.call.unfinished += 1
            if task.in_turn:
                task.call.turns.append(task)
            if not task.in_turn or task.call.turns[0] is task:
                self._enqueue(task)
            self.grant()
            self.changed()

    def _enqueue(self, task: Task) -> None:
        heapq.heappush(self.queue, (-task.call.depth, task.number, task))

    def _ended(self, task: Task) -> None:
        """A task is at its end (holding the lock): it is the next one's turn."""
        task.call.unfinished -= 1
        if task.in_turn:
            task.call.turns.popleft()
            if task.call.turns:
                self._enqueue(task.call.turns[0])

    @contextmanager
    def trains(self) -> Iterator[Cancellation]:
        """While the body of this thread trains, on the core that it has; what is given
        cancels the training. Another body may run meanwhile.
        """
        task = self.task()
        assert task is not None
        with self.lock:
            if task.call.cancelled:
                raise Cancelled
            self.training.add(task)
            self.park(task)
        try:
            yield task.cancellation
        finally:
            with self.lock:
                self.training.discard(task)
                self.trained += 1
            self.unpark(task)

    def cores(self) -> int:
        """How many cores the body of this thread may use: all of its session's if no
        other is there, else one.
        """
        alone = len(self.running) + len(self.training) <= 1 and not self.queue and not self.resuming
        return min(self.n_permits, processors.count_cores()) if alone and self.n_permits > 1 else 1

    def cancel(self, call: Call) -> None:
        """Cancel a call and its descendants: tasks not begun end at once, the others
        in the next step of their training, or at the engine.
        """
        call.off = True
        with self.lock:
            for task in self.live:
                if task.call.cancelled:
                    task.cancellation.set()
            dropped = [entry[2] for entry in self.queue if entry[2].call.cancelled]
            for other in self.calls():
                while other.cancelled and len(other.turns) > 1:
                    dropped.append(other.turns.pop())
            self.queue = [entry for entry in self.queue if not entry[2].call.cancelled]
            heapq.heapify(self.queue)
            for _, _, task in self.resuming:
                if task.call.cancelled:
                    task.resumed.set()
            self.resuming = [entry for entry in self.resuming if not entry[2].call.cancelled]
            heapq.heapify(self.resuming)
            self.changed()
        for task in dropped:
            task.error = Cancelled()
            task.finish()

    def wait_for_end(self, call: Call, seconds: float) -> None:
        """Wait until the threads of a cancelled call, and of its descendants, are
        gone; but not longer than this.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.lock:
                if not any(call in task.call.lineage() for task in self.live):
                    return
            time.sleep(0.005)

    @contextmanager
    def parked(self, awaited: Call) -> Iterator[None]:
        """While a body waits for the nested tasks of a call."""
        task = self.task()
        if task is None:
            yield
            return
        with self.lock:
            self.awaited.append(awaited)
            self.park(task)
        try:
            yield
        finally:
            with self.lock:
                self.awaited.remove(awaited)
            self.unpark(task)

    def park(self, task: Task) -> None:
        """The body of this thread is about to wait (holding the lock)."""
        task.warnings = WarningState()
        task.call.warnings.install()
        task.woken = False
        task.resumed.clear()
        self._rest(task)
        self.grant()
        self.changed()

    def unpark(self, task: Task) -> None:
        """The body of this thread need not wait any longer, but for a permit."""
        with self.lock:
            self.wake(task)
            self.grant()
            self.changed()
        task.resumed.wait()
        if task.warnings is not None and not task.call.cancelled:
            task.warnings.install()

    def wake(self, task: Task) -> None:
        """What a parked body waits for is there (holding the lock): it may go on as
        soon as there is a permit, and needs none to come to an end.
        """
        if task.woken:
            return
        task.woken = True
        if task.call.cancelled:
            task.resumed.set()
        else:
            heapq.heappush(self.resuming, (-task.call.depth, task.number, task))

    # ---- permits (all holding the lock) ----------------------------------------------------------------------------

    def _rest(self, task: Task) -> None:
        self.running.discard(task)
        self.last_progress = time.monotonic()

    def grant(self) -> None:
        """Let tasks run while there are permits, those first that have begun."""
        while (self.resuming or self.queue) and self._permit():
            if self.resuming:
                task = heapq.heappop(self.resuming)[2]
                self._started(task)
                task.resumed.set()
            elif self._room():
                task = heapq.heappop(self.queue)[2]
                if not self._spawn(task):
                    self._enqueue(task)
                    return
            else:
                return

    def _permit(self) -> bool:
        """Whether one more body may run. Quick ones run one after another, because they
        would fight for the interpreter.
        """
        if not self.running and len(self.training) < self.n_permits:
            return True
        age = time.monotonic() - max((task.since for task in self.running), default=self.last_progress)
        if len(self.running) + len(self.training) < self.n_permits:
            return age > STALL
        # Those that run may be blocked by what only another can do.
        return bool(self.running) and age > (STALL if self.resuming else NEW_TASK_STALL)

    def _started(self, task: Task) -> None:
        self.running.add(task)
        self.last_progress = task.since = time.monotonic()

    def _spawn(self, task: Task) -> bool:
        thread = threading.Thread(target=self._run, args=(task,), name=f"sknet_hp-task-{task.number}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # "can't start new thread": the machine has told us the cap
            self.max_threads = max(self._slots(), 1)
            return False
        self.live.add(task)
        self._started(task)
        return True

    def take_stranded(self) -> Task | None:
        """A queued task that no thread can be started for, when no other task can go on
        (holding the lock).
        """
        waits = time.monotonic() - self.last_progress > STALL
        if waits and self.queue and not (self.running or self.training or self.resuming or self._served()):
            return heapq.heappop(self.queue)[2]
        return None

    def run_here(self, task: Task) -> None:
        """Run a task in this thread, its networks alone and at once."""
        self.current.direct = True
        try:
            task.run()
        finally:
            self.current.direct = False
            with self.lock:
                self._ended(task)

    def _run(self, task: Task | None) -> None:
        """What a thread does: a task, and then those that it may go on with."""
        torch.set_num_threads(
            1
        )  # or each new thread would start a team of OpenMP threads of its own, to fight for the cores
        while task is not None:
            self.current.task, following = task, None
            try:
                task.run()
            finally:
                with self.lock:
                    self.live.discard(task)
                    self._ended(task)
                    self._rest(task)
                    if self.queue and not self.resuming and self._permit() and self._room():
                        following = heapq.heappop(self.queue)[2]
                        self.live.add(following)
                        self._started(following)
                    self.grant()
                    self.changed()
            task = following
