"""All tasks of an evaluation, trained together."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from joblib import delayed

from sknet_hp.evaluation.running.data import Data, Task
from sknet_hp.evaluation.running.fitting import fit_and_score
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.fusion.arguments import check_n_jobs
from sknet_hp.fusion.detection import has_network
from sknet_hp.fusion.session import fused
from sknet_hp.search.base.fusing import is_backend_chosen
from sknet_hp.search.running.batches import Batches


class Memory(Protocol):
    """Where outcomes are written down."""

    def begin(self, tasks: Sequence[Task]) -> None:
        """Write down what is to be done, for who looks on."""

    def find(self, task: Task) -> Outcome | None:
        """Return what is known of a task, or None."""

    def record(self, task: Task, outcome: Outcome) -> None:
        """Write down what came of a task."""


def run_tasks(
    tasks: Sequence[Task],
    data: Data,
    scorers: Mapping[str, Any],
    *,
    n_jobs: int | None = None,
    deadline: float | None = None,
    memory: Memory | None = None,
    receive: Callable[[Task, Outcome], None] = lambda task, outcome: None,
    prepare: Callable[[Task, int], Task] = lambda task, n_left: task,
) -> list[Outcome | None]:
    """Fit and score all tasks, and return what came of each, in their order.

    All of them are tasks of one call of joblib. Where networks are among the
    estimators and no backend was chosen, they are fused, so that networks of all
    levels train together. With a deadline one task comes after the other instead, so
    that something is finished when the time is up.

    Parameters
    ----------
    tasks : what to fit and where.
    data : all rows.
    scorers : scikit-learn's, by the names of their metrics; see `find_scorers`.
    n_jobs : cores for networks; for other estimators as in scikit-learn.
    deadline : on `time.monotonic`; what is not finished then is called off.
    memory : knows outcomes of an earlier run, and is told of new ones.
    receive : told of each outcome when it is there, in any order.
    prepare : called just before a task begins, with how many are left, itself
        included; returns the task to do.

    Returns
    -------
    list of Outcome or None
        None for what was called off, or never begun.
    """
    outcomes: list[Outcome | None] = [None] * len(tasks)
    if memory is not None:
        memory.begin(tasks)
    for k, task in enumerate(tasks):
        known = None if memory is None else memory.find(task)
        if known is not None:
            outcomes[k] = known
            receive(task, known)

    def note(result: tuple[int, Outcome]) -> None:
        k, outcome = result
        outcomes[k] = outcome
        if memory is not None:
            memory.record(tasks[k], outcome)
        receive(tasks[k], outcome)

    waiting = [k for k, outcome in enumerate(outcomes) if outcome is None]
    batches = [waiting] if deadline is None else [[k] for k in waiting]
    n_left = len(waiting)
    with fuse_unless_chosen([task.estimator for task in tasks], n_jobs):
        for batch in batches:
            if batch and (deadline is None or time.monotonic() < deadline):
                calls = [delayed(fit_and_score)(k, prepare(tasks[k], n_left), data, scorers) for k in batch]
                Batches(n_jobs).run_until(deadline, calls, note)  # what was finished in time counts
            n_left -= len(batch)
    return outcomes


def fuse_unless_chosen(estimators: Sequence[Any], n_jobs: int | None) -> AbstractContextManager[Any]:
    """Fuse the networks of estimators, unless a backend was chosen."""
    cores = check_n_jobs(n_jobs)
    return nullcontext() if is_backend_chosen() or not has_network(list(estimators)) else fused(cores)
