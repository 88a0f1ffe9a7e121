"""Which jobs that wait become a bundle, when, and on which executor it trains.

A group of equal jobs goes to a free executor as soon as it is full, or no task can run
any further, or an executor is idle and no job has come for a while. The last two rules
make a deadlock impossible, whatever tasks do.
"""

import itertools
import time
from collections.abc import Iterator

from sknet_hp.fusion import devices
from sknet_hp.fusion.bundles import Bundle, WaitingJob, split_in_halves
from sknet_hp.fusion.executor_pool import ExecutorPool
from sknet_hp.fusion.executors.base import Executor
from sknet_hp.fusion.tasks.state import TaskState
from sknet_hp.training.cohort_key import CohortKey
from sknet_hp.training.job import TrainingJob

_PATIENCE = 0.25  # fraction of a bundle's expected time to wait for more jobs
_LEAST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds


class Batcher:
    """Jobs that wait, and bundles of them. The engine's lock is held in every call.

    Attributes
    ----------
    groups : jobs that wait, by the key of those that may train together.
    retries : bundles to be tried again.
    in_training : bundles that train, and where.
    last_arrival : when a job last came, by `time.monotonic`.
    correction : seconds that bundles take, divided by those that were expected.
    """

    def __init__(self, tasks: TaskState, pool: ExecutorPool):
        self.tasks, self.pool = tasks, pool
        self.groups: dict[CohortKey, list[WaitingJob]] = {}
        self.retries: list[Bundle] = []
        self.in_training: dict[Bundle, Executor] = {}
        self.last_arrival = 0.0
        self.correction = 1.0

    # ---- what there is ---------------------------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Return whether no job waits or trains."""
        return not (self.groups or self.retries or self.in_training)

    def count_waiting(self) -> int:
        """Count the jobs that wait for their first attempt."""
        return sum(map(len, self.groups.values()))

    def count_in_training(self) -> int:
        """Count the jobs that train."""
        return sum(len(bundle.members) for bundle in self.in_training)

    def iterate_waiting(self) -> Iterator[WaitingJob]:
        """Yield the jobs that do not train now."""
        return itertools.chain(*self.groups.values(), *(bundle.members for bundle in self.retries))

    # ---- changes ---------------------------------------------------------------------------------------------------

    def add(self, jobs: list[WaitingJob]) -> None:
        """Let jobs wait for a bundle."""
        for waiting in jobs:
            self.groups.setdefault(waiting.job.key, []).append(waiting)
        self.last_arrival = time.monotonic()

    def retry(self, members: list[WaitingJob], deaths: int, expected: float) -> None:
        """Let jobs of a bundle that failed be tried again, in halves of it."""
        self.retries += [Bundle(part, deaths, expected / 2) for part in split_in_halves(members)]

    def cancel(self) -> list[WaitingJob]:
        """Drop cancelled jobs, stop cancelled bundles, and return those jobs."""
        members = (bundle.members for bundle in self.in_training)
        cancelled = [w for w in itertools.chain(self.iterate_waiting(), *members) if w.is_cancelled()]
        self.groups = {
            key: wanted for key, group in self.groups.items() if (wanted := [w for w in group if not w.is_cancelled()])
        }
        self.retries = [bundle for bundle in self.retries if not bundle.is_cancelled()]
        for bundle, executor in self.in_training.items():
            if bundle.is_cancelled():
                executor.cancel(bundle)
        return cancelled

    def clear(self) -> None:
        """Drop all jobs that do not train now."""
        self.groups.clear()
        self.retries.clear()

    def begin(self, bundle: Bundle, executor: Executor) -> None:
        """Note that a bundle begins to train."""
        executor.busy = True
        self.in_training[bundle] = executor
        bundle.begun = time.monotonic()

    def end(self, bundle: Bundle, trained: bool) -> None:
        """Note that a bundle trains no longer.

        If it was trained, the time that it took corrects what is expected of others.
        """
        del self.in_training[bundle]
        seconds = time.monotonic() - bundle.begun
        if trained and bundle.expected > 0.005:
            self.correction = min(20.0, max(0.05, self.correction * (0.5 + 0.5 * seconds / bundle.expected)))

    # ---- choices ---------------------------------------------------------------------------------------------------

    def take_bundle(self) -> tuple[Bundle, Executor] | None:
        """Take the jobs that should train now, and an executor, if any should."""
        for bundle in self.retries:
            executor = self.pool.find_free(bundle.jobs[0])
            if executor is not None:
                self.retries.remove(bundle)
                return bundle, executor
        for key, group in sorted(self.groups.items(), key=self._rank):
            size = self._choose_size(group)
            executor = None if size is None else self.pool.find_free(group[0].job)
            if size is None or executor is None:
                continue
            expected = self.correction * devices.estimate_seconds(group[0].job, size)
            group.sort(key=lambda waiting: waiting.number)
            if group[size:]:
                self.groups[key] = group[size:]
            else:
                del self.groups[key]
            return Bundle(group[:size], expected=expected), executor
        return None

    def _rank(self, item: tuple[CohortKey, list[WaitingJob]]) -> tuple[float, int]:
        """Return what groups are sorted by.

        Those that fill a stack come first, since the others may still grow; then those
        that were submitted first.
        """
        _, group = item
        height = self.pool.compute_stack_height(group[0].job)
        return -min(1.0, len(group) / height), min(waiting.number for waiting in group)

    def _choose_size(self, group: list[WaitingJob]) -> int | None:
        """Return how many jobs of a group should train now, or None to wait."""
        job, to_come, left = group[0].job, self.tasks.count_networks_to_come(), self._count_left()
        ahead = len(group) + min(to_come, len(self.tasks.queue) + len(self.tasks.running))
        self.pool.note_demand(job, ahead)
        if self.pool.find_free(job) is None:
            return None
        n_executors = self.pool.count_executors(job)
        size = self._split_evenly(job, len(group) + to_come, left, n_executors)
        if len(group) >= size:
            return size
        if to_come and self.tasks.can_go_on() and not self._has_been_quiet(job, size):
            return None
        return self._split_evenly(job, len(group), left, n_executors)

    def _has_been_quiet(self, job: TrainingJob, size: int) -> bool:
        """Return whether it is not worth waiting any longer for a job to come."""
        expected = self.correction * devices.estimate_seconds(job, size)
        patience = min(_LONGEST_WAIT, max(_LEAST_WAIT, _PATIENCE * expected))
        return time.monotonic() - self.last_arrival > patience

    def _count_left(self) -> int:
        """Count the networks in training, each by the part of its time left."""
        now = time.monotonic()
        return round(
            sum(
                len(bundle.members) * max(0.0, 1 - (now - bundle.begun) / max(bundle.expected, 1e-9))
                for bundle in self.in_training
            )
        )

    def _split_evenly(self, job: TrainingJob, n_jobs: int, left: int, n_executors: int) -> int:
        """Return how many of `n_jobs` to train together.

        Bundles are to be of a size and to keep every executor busy; `left` are in
        training already. No slivers: a stack of 3 small networks takes almost as long
        as one of 30.
        """
        height = 1 if job.observer is not None else self.pool.compute_stack_height(job)
        rounds = -(-(n_jobs + left) // (height * n_executors))
        size = min(height, -(-(n_jobs + left) // (rounds * n_executors)))
        return n_jobs if n_jobs <= min(size + size // 3, height) else size
