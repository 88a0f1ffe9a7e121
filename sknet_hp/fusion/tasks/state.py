"""What the tasks of joblib calls are doing, and what follows for those that wait."""

import heapq
import itertools
import time
import weakref

import joblib

from sknet_hp.fusion.tasks.task import Call, Task
from sknet_hp.system import processors

STALL = 0.05  # seconds after which a running body is no quick one, and another may run meanwhile
NEW_TASK_STALL = 0.5  # the same for one body more than there are cores

_MANY = 1000  # how many more tasks to expect of a call that is still submitting some


class TaskState:
    """The tasks by what they do. The scheduler's lock is held wherever it is used.

    Attributes
    ----------
    queue : heap of tasks that have not begun: nested ones first, then by number.
    resuming : heap of those that may go on as soon as there is a permit.
    running : those whose bodies run.
    training : those whose networks train in their own threads.
    live : those that have a thread.
    awaited : nested calls; the threads that wait for them hold no slot.
    dispatching : each `Parallel` that is still submitting.
    n_permits : how many bodies may run or train at a time: the number of cores.
    max_threads : slots.
    max_bytes : that live tasks may come to hold.
    n_trained : networks trained in tasks' own threads.
    last_progress : when a body last began or came to rest, by `time.monotonic`.
    """

    def __init__(self) -> None:
        self.queue: list[tuple[int, int, Task]] = []
        self.resuming: list[tuple[int, int, Task]] = []
        self.running: set[Task] = set()
        self.training: set[Task] = set()
        self.live: set[Task] = set()
        self.awaited: list[Call] = []
        self.dispatching: weakref.WeakSet[joblib.Parallel] = weakref.WeakSet()
        self.n_permits = 1
        self.max_threads = 512
        self.max_bytes = 1 << 30
        self.n_trained = 0
        self.last_progress = time.monotonic()

    # ---- questions -------------------------------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Return whether no task is there."""
        return not (self.queue or self.resuming or self.live)

    def can_go_on(self) -> bool:
        """Return whether any task could go on without a network being trained."""
        return bool(
            self.running
            or self.training
            or self.dispatching
            or self.resuming
            or self.find_served_parents()
            or (self.queue and self.has_room())
        )

    def count_networks_to_come(self) -> int:
        """Count the networks that are yet to come to the engine, as far as is known."""
        parents = [call.parent for call in self.awaited if call.parent is not None]
        begun = [*self.running, *self.training, *(entry[2] for entry in self.resuming), *parents]
        queued = sum(entry[2].call.jobs_each for entry in self.queue)
        return queued + _MANY * len(self.dispatching) + sum(task.n_jobs < task.call.jobs_each for task in begun)

    def find_open_calls(self) -> set[Call]:
        """Return the calls with tasks that have not ended."""
        return {task.call for task in itertools.chain(self.live, (entry[2] for entry in self.queue))}

    def find_served_parents(self) -> list[Task]:
        """Return the tasks whose nested tasks have ended, as they will notice."""
        return [call.parent for call in self.awaited if call.parent is not None and not call.unfinished]

    def count_slots(self) -> int:
        """Count the threads that do not wait for nested tasks."""
        return len(self.live) - len(self.awaited)

    def has_room(self) -> bool:
        """Return whether the next task in the queue may have a thread."""
        slots = self.count_slots()
        n_bytes = sum(task.size for task in self.live)
        return slots < self.max_threads and (slots <= 0 or n_bytes + self.queue[0][2].size <= self.max_bytes)

    def has_permit(self) -> bool:
        """Return whether one more body may run.

        Quick ones run one after another, because they would fight for the interpreter.
        """
        if not self.running and len(self.training) < self.n_permits:
            return True
        age = time.monotonic() - max((task.started_at for task in self.running), default=self.last_progress)
        if len(self.running) + len(self.training) < self.n_permits:
            return age > STALL
        # Those that run may be blocked by what only another can do.
        return bool(self.running) and age > (STALL if self.resuming else NEW_TASK_STALL)

    def count_cores_of_body(self) -> int:
        """Return how many cores a body may use.

        All of its session's if no other is there, else one. Asked without the lock, in
        each epoch: what changes meanwhile counts in the next.
        """
        alone = len(self.running) + len(self.training) <= 1 and not self.queue and not self.resuming
        return min(self.n_permits, processors.count_cores()) if alone and self.n_permits > 1 else 1

    # ---- changes ---------------------------------------------------------------------------------------------------

    def enqueue(self, task: Task) -> None:
        """Put a task that has not begun into the queue."""
        heapq.heappush(self.queue, (-task.call.depth, task.number, task))

    def enqueue_resuming(self, task: Task) -> None:
        """Put a task that may go on in line for a permit."""
        heapq.heappush(self.resuming, (-task.call.depth, task.number, task))

    def mark_running(self, task: Task) -> None:
        """Note that the body of a task begins, or goes on."""
        self.running.add(task)
        self.last_progress = task.started_at = time.monotonic()

    def mark_resting(self, task: Task) -> None:
        """Note that the body of a task has ended, or waits."""
        self.running.discard(task)
        self.last_progress = time.monotonic()

    def mark_ended(self, task: Task) -> None:
        """Note that a task is at its end, so that it is the next one's turn."""
        task.call.unfinished -= 1
        if task.in_turn:
            task.call.turns.popleft()
            if task.call.turns:
                self.enqueue(task.call.turns[0])

    def take_stranded(self) -> Task | None:
        """Take a task that no thread can be started for from the queue.

        There is one only if no other task can go on.
        """
        waits = time.monotonic() - self.last_progress > STALL
        if waits and self.queue and not (self.running or self.training or self.resuming or self.find_served_parents()):
            return heapq.heappop(self.queue)[2]
        return None

    def remove_cancelled(self) -> list[Task]:
        """Take the tasks of cancelled calls that have not begun from the queue.

        Those that wait for a permit go on: they need none to come to an end.
        """
        dropped = [entry[2] for entry in self.queue if entry[2].call.cancelled]
        for call in self.find_open_calls():
            while call.cancelled and len(call.turns) > 1:
                dropped.append(call.turns.pop())
        self.queue = [entry for entry in self.queue if not entry[2].call.cancelled]
        heapq.heapify(self.queue)
        for _, _, task in self.resuming:
            if task.call.cancelled:
                task.resumed.set()
        self.resuming = [entry for entry in self.resuming if not entry[2].call.cancelled]
        heapq.heapify(self.resuming)
        return dropped
