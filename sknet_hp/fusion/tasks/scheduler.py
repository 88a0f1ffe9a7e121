"""Tasks of joblib calls, in threads: who may run now, who waits, what is cancelled.

One task body runs at a time, for there is one interpreter; while a slow one runs,
others may. As many train their networks as there are cores, each on its own. A body
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from sknet_hp.fusion.tasks.state import TaskState
from sknet_hp.fusion.tasks.task import Call, Task
from sknet_hp.fusion.tasks.warning_state import WarningState
from sknet_hp.training.cancellation import Cancellation, Cancelled


class TaskScheduler:
    """The threads of the fused backend.

    Parameters
    ----------
    lock : shared with the engine; held wherever the state is read or changed.
    changed : called, holding the lock, when something changed that the engine should
        look at.
    """

    def __init__(self, lock: threading.Condition, changed: Callable[[], None]):
        self.lock, self.changed = lock, changed
        self.state = TaskState()
        self.numbers = itertools.count()
        self._own = threading.local()  # of each thread: its task, and whether it bypasses the engine

    # ---- from the backend ------------------------------------------------------------------------------------------

    def get_current(self) -> Task | None:
        """Return the task whose body runs in this thread, if any."""
        return getattr(self._own, "task", None)

    def bypasses_engine(self) -> bool:
        """Return whether this thread trains its networks itself, see `run_inline`."""
        return getattr(self._own, "bypasses_engine", False)

    def submit(self, task: Task) -> None:
        """Queue a task; one that takes turns, when those before it have ended."""
        with self.lock:
            task.call.unfinished += 1
            if task.in_turn:
                task.call.turns.append(task)
            if not task.in_turn or task.call.turns[0] is task:
                self.state.enqueue(task)
            self.grant_permits()
            self.changed()

    def cancel(self, call: Call) -> None:
        """Cancel a call and its descendants.

        Tasks not begun end at once, the others in the next step of their training, or
        at the engine.
        """
        call.cancelled_itself = True
        with self.lock:
            for task in self.state.live:
                if task.call.cancelled:
                    task.cancellation.set()
            dropped = self.state.remove_cancelled()
            self.changed()
        for task in dropped:
            task.error = Cancelled()
            task.finish()

    def wait_for_end(self, call: Call, seconds: float) -> None:
        """Wait until the threads of a cancelled call and its descendants are gone.

        It waits no longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.lock:
                if not any(call in task.call.iterate_lineage() for task in self.state.live):
                    return
            time.sleep(0.005)

    def count_cores(self) -> int:
        """Return how many cores the body of this thread may use."""
        return self.state.count_cores_of_body()

    # ---- bodies that wait ------------------------------------------------------------------------------------------

    @contextmanager
    def park_to_train(self) -> Iterator[Cancellation]:
        """Let another body run while that of this thread trains.

        It trains on the core that it has; what is given cancels the training.
        """
        task = self.get_current()
        assert task is not None
        with self.lock:
            if task.call.cancelled:
                raise Cancelled
            self.state.training.add(task)
            self.park(task)
        try:
            yield task.cancellation
        finally:
            with self.lock:
                self.state.training.discard(task)
                self.state.n_trained += 1
            self.unpark(task)

    @contextmanager
    def park_to_wait(self, awaited: Call) -> Iterator[None]:
        """Let other bodies run while that of this thread waits for a call's tasks."""
        task = self.get_current()
        if task is None:
            yield
            return
        with self.lock:
            self.state.awaited.append(awaited)
            self.park(task)
        try:
            yield
        finally:
            with self.lock:
                self.state.awaited.remove(awaited)
            self.unpark(task)

    def park(self, task: Task) -> None:
        """Give back the permit of this thread's body, which is about to wait.

        The caller holds the lock.
        """
        task.warnings = WarningState()
        task.call.warnings.install()
        task.woken = False
        task.resumed.clear()
        self.state.mark_resting(task)
        self.grant_permits()
        self.changed()

    def unpark(self, task: Task) -> None:
        """Wait for a permit: what the body of this thread waited for is there."""
        with self.lock:
            self.wake(task)
            self.grant_permits()
            self.changed()
        task.resumed.wait()
        if task.warnings is not None and not task.call.cancelled:
            task.warnings.install()

    def wake(self, task: Task) -> None:
        """Let a parked body go on as soon as there is a permit.

        What it waits for is there. A cancelled one needs no permit to come to an end.
        The caller holds the lock.
        """
        if task.woken:
            return
        task.woken = True
        if task.call.cancelled:
            task.resumed.set()
        else:
            self.state.enqueue_resuming(task)

    # ---- threads ---------------------------------------------------------------------------------------------------

    def grant_permits(self) -> None:
        """Let tasks run while there are permits, those first that have begun.

        The caller holds the lock.
        """
        state = self.state
        while (state.resuming or state.queue) and state.has_permit():
            if state.resuming:
                task = heapq.heappop(state.resuming)[2]
                state.mark_running(task)
                task.resumed.set()
            elif state.has_room():
                task = heapq.heappop(state.queue)[2]
                if not self._start_thread(task):
                    state.enqueue(task)
                    return
            else:
                return

    def _start_thread(self, task: Task) -> bool:
        name = f"sknet_hp-task-{task.number}"
        thread = threading.Thread(target=self._run_tasks, args=(task,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # "can't start new thread": the machine has told us the cap
            self.state.max_threads = max(self.state.count_slots(), 1)
            return False
        self.state.live.add(task)
        self.state.mark_running(task)
        return True

    def _run_tasks(self, task: Task | None) -> None:
        """Run a task in this thread, and then those that it may go on with."""
        # Or each new thread would start a team of OpenMP threads of its own, to fight for the cores.
        torch.set_num_threads(1)
        state = self.state
        while task is not None:
            self._own.task, following = task, None
            try:
                task.run()
            finally:
                with self.lock:
                    state.live.discard(task)
                    state.mark_ended(task)
                    state.mark_resting(task)
                    if state.queue and not state.resuming and state.has_permit() and state.has_room():
                        following = heapq.heappop(state.queue)[2]
                        state.live.add(following)
                        state.mark_running(following)
                    self.grant_permits()
                    self.changed()
            task = following

    def run_inline(self, task: Task) -> None:
        """Run a task in this thread, its networks alone and at once."""
        self._own.bypasses_engine = True
        try:
            task.run()
        finally:
            self._own.bypasses_engine = False
            with self.lock:
                self.state.mark_ended(task)
