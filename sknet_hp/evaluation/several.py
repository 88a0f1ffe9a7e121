"""Several estimators on the same splits, all of which train together."""

import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from sknet_hp.evaluation.nested.identity import open_journal
from sknet_hp.evaluation.nested.validate import check_search, set_up_task
from sknet_hp.evaluation.running.data import Data, Split, Task
from sknet_hp.evaluation.running.journal import Journal
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.evaluation.running.run import run_tasks
from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.search.deadline import check_time_budget

Result = TypeVar("Result")
Outcomes = dict[str, list[Outcome | None]]
"""What came of each estimator in each split; None for what is not finished."""


def evaluate_several(
    estimators: Mapping[str, Any],
    data: Data,
    splits: Sequence[Split],
    scorers: Mapping[str, Any],
    make_result: Callable[[Outcomes], Result],
    *,
    split_by_split: bool,
    journal: str | os.PathLike[str] | None = None,
    deadline: float | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Result:
    """Fit and score all estimators in all splits, and return what is made of it.

    Parameters
    ----------
    estimators : by name, made ready; see `prepare_estimator`.
    data : all rows.
    splits : the same for all.
    scorers : scikit-learn's, by metric.
    make_result : makes a result of the outcomes; of those there are, when it is
        interrupted or the time is up.
    split_by_split : whether estimators take turns, so that what is missing in the end
        is missing from all; else one is finished before the next.
    journal : directory that remembers what is done, or None.
    deadline : on `time.monotonic`, or None.
    n_jobs : cores for networks; for other estimators as in scikit-learn.
    verbose : 1 writes a line for each fit that is scored.

    Raises
    ------
    KeyboardInterrupt
        As it came; its attribute `result` has what was finished, if that is enough.
    """
    names = list(estimators)
    tasks = [Task(f"{k}", estimators[name], split) for k, name in enumerate(names) for split in splits]
    if split_by_split:
        tasks.sort(key=lambda task: (task.split.repeat, task.split.fold))
    done: dict[tuple[str, int, int], Outcome] = {}
    progress = _Progress(names, len(tasks)) if verbose else None

    def receive(task: Task, outcome: Outcome) -> None:
        done[task.name, task.split.repeat, task.split.fold] = outcome
        if progress is not None:
            progress.count(task, outcome)

    def gather() -> Outcomes:
        return {
            name: [done.get((f"{k}", split.repeat, split.fold)) for split in splits] for k, name in enumerate(names)
        }

    with ExitStack() as closing:
        memory = None
        if journal is not None:
            described = {f"estimator {name!r}": estimator for name, estimator in estimators.items()}
            memory = open_journal(journal, described, data, list(splits), scorers)
            closing.callback(memory.close)
            memory.name_tasks({f"{k}": name for k, name in enumerate(names)})
        try:
            run_tasks(
                tasks,
                data,
                scorers,
                n_jobs=n_jobs,
                deadline=deadline,
                memory=memory,
                receive=receive,
                prepare=lambda task, n_left: set_up_task(task, n_left, memory, deadline),
            )
        except KeyboardInterrupt as interrupt:
            _hand_over(interrupt, lambda: make_result(gather()), f"{len(done)} of {len(tasks)} fits", memory)
            raise
    if memory is not None:
        memory.warn_of_unkept("they", stacklevel=3)
    return make_result(gather())


def _hand_over(
    interrupt: KeyboardInterrupt, make_result: Callable[[], Any], finished: str, journal: Journal | None
) -> None:
    """Let an interrupt bring what was finished."""
    text = f"{finished} were finished"
    with suppress(ValueError), warnings.catch_warnings():  # ValueError: too few to say anything
        warnings.simplefilter("ignore")
        interrupt.result = make_result()  # type: ignore[attr-defined]
        text += "; what they say is the attribute `result` of this exception (sys.last_value.result)"
    text += "" if journal is None else f". The same call with journal={str(journal.path)!r} continues from here"
    interrupt.add_note(text)


class _Progress:
    """Writes a line for each fit that is scored."""

    def __init__(self, names: Sequence[str], n_tasks: int):
        self._names, self._n_tasks, self._n_done, self._start = names, n_tasks, 0, time.monotonic()

    def count(self, task: Task, outcome: Outcome) -> None:
        """Write what came of a fit."""
        self._n_done += 1
        found = ", ".join(f"{metric} {score:.4f}" for metric, score in outcome.scores.items())
        text = "failed" if outcome.error is not None else found
        passed = time.monotonic() - self._start
        name = self._names[int(task.name)]
        done = f"{self._n_done} of {self._n_tasks} after {format_seconds(passed)}"
        sys.stderr.write(f"{name}, {task.split.name}: {text}; {done}\n")
        sys.stderr.flush()


def read_deadline(estimators: Mapping[str, Any], time_budget: float | None) -> float | None:
    """Return when the time is up, after a look at what is to be evaluated.

    Raises
    ------
    TypeError, ValueError
        If something is no estimator, a search leaves no model, or the budget is not
        positive.
    """
    for estimator in estimators.values():
        check_search(estimator)
    check_time_budget(time_budget)
    return None if time_budget is None else time.monotonic() + time_budget
