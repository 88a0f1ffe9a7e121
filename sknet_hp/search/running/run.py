"""One search under way: candidates, what each has reached in each split, and the tasks
that train them further.
"""

import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NoReturn

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone, is_classifier
from sklearn.utils import _safe_indexing, check_random_state

from sknet_hp.search.running.candidates import Candidate, Row, Step
from sknet_hp.search.running.fitting import SplitData, changed, stages
from sknet_hp.search.running.outcomes import Outcome, name_error_scores, numbered, raise_if_all_failed
from sknet_hp.search.running.progress import Cost, Progress, silent
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.selection import each_of, sizes_of
from sknet_hp.search.running.shared_steps import can_share, shared
from sknet_hp.search.running.workers import keep_busy


class SearchStopped(Exception):
    """The time is up, or somebody has interrupted; what was done counts."""


class Run:
    """One search under way.

    Parameters
    ----------
    estimator : cloned for each candidate and split.
    X, y, splits : the data and the (train, test) pairs.
    resource : what is handed out.
    metric : the name of the score that the search goes by.
    settings : of `_fit_and_score`.
    random_state : where `n_samples` is the resource, rows are drawn by it.
    deadline : on `time.monotonic`, or None.
    journal : that remembers outcomes, or None.
    progress : told of each fit.
    contexts : makes the callback contexts of so many fits, or None.
    searched : names of the parameters that candidates differ in. Where they all belong
        to the last step of a pipeline, its earlier steps are fitted once for each
        split.
    keeps_finalists : whether networks that have reached the most resources are wanted
        after the search.
    check_scores : is given the first scores that are several, and may refuse them.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        splits: list[tuple[np.ndarray, np.ndarray]],
        *,
        resource: Resource,
        metric: str,
        settings: dict[str, Any],
        fit_params: dict[str, Any],
        score_params: dict[str, Any],
        random_state: Any,
        n_jobs: int | None,
        deadline: float | None = None,
        journal: Any = None,
        progress: Progress | None = None,
        contexts: Any = None,
        searched: Iterable[str] = (),
        keeps_finalists: bool = False,
        check_scores: Callable[[dict[str, Any]], None] | None = None,
    ):
        self.resource, self.metric, self.settings = resource, metric, settings
        self.n_jobs, self.deadline, self.journal, self.progress, self.contexts = (
            n_jobs,
            deadline,
            journal,
            progress or silent(),
            contexts,
        )
        self.keeps_finalists, self.check_scores = keeps_finalists, check_scores
        self.candidates: list[Candidate] = []
        self.rows: list[Row] = []
        self.n_splits = len(splits)
        self.estimator = estimator
        self.tables = [SplitData(X, y, train, test, fit_params, score_params) for train, test in splits]
        self._orders: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()  # steps may be trained from several threads
        self._calls: set[Parallel] = set()
        self._interrupted = False
        self._row_seed = check_random_state(random_state).randint(2**31 - 1) if resource.of_rows else 0
        # Rows that are handed out later must teach the first steps nothing before; train scores are those of
        # `transform`, not of `fit_transform`.
        if (
            not resource.of_rows
            and not settings["return_train_score"]
            and can_share(estimator, [*searched, resource.name], fit_params, settings["scorer"])
        ):
            self.estimator, self.tables = shared(estimator, self.tables, n_jobs)

    def expect(self, cost: Cost) -> None:
        """Say what the search will take in each split, for who waits."""
        self.progress.expects(cost, self.n_splits)

    # ---- candidates ------------------------------------------------------------------------------------------------

    def propose(self, params: dict[str, Any], bracket: int = 0) -> Candidate:
        """A new candidate."""
        candidate = Candidate(len(self.candidates), params, bracket, [None] * self.n_splits)
        self.candidates.append(candidate)
        return candidate

    def fork(self, parent: Candidate, params: dict[str, Any]) -> Candidate:
        """A new candidate that goes on, with other parameters, from where another
        stands: with its weights, optimizer memory and counters.
        """
        child = self.propose(params, parent.bracket)
        child.parent, child.n_resources, child.history, child.begun = (
            parent,
            parent.n_resources,
            list(parent.history),
            dict(parent.begun),
        )
        for split in range(self.n_splits):
            kept = self._kept(parent, split)
            if kept is None:  # after a search was killed: it is trained again if it is needed
                continue
            child.estimators[split] = deepcopy(kept).set_params(**clone(changed(params, parent.params), safe=False))
            if self.journal is not None:
                self.journal.keep(child, split)
        return child

    def train(self, steps: Sequence[Step], *, all_may_fail: bool = False) -> None:
        """Train candidates up to their resources, all of them together, and add the
        rows of `cv_results_`.

        Parameters
        ----------
        all_may_fail : whether the search goes on if none of the first steps can be
            fitted; where they are few, others may.

        Raises
        ------
        SearchStopped
            If the time is up before it has begun, or somebody interrupts it.
        """
        if not steps:
            return
        if self._interrupted or (self.deadline is not None and self.rows and time.monotonic() > self.deadline):
            raise SearchStopped
        outcomes: dict[tuple[int, int], Outcome] = {}
        tasks = []
        for k, step in enumerate(steps):
            for split in range(self.n_splits):
                known = None if self.journal is None else self.journal.known(step.candidate, split, step.n_resources)
                if known is None:
                    tasks.append((k, split))
                else:
                    outcomes[k, split] = known
                    step.candidate.estimators[split] = None  # a copy of another's, say: from before this step
                    self.progress.knew(self._amount(step))
        self.progress.begins(
            max(step.iteration for step in steps), len(steps) * self.n_splits, max(step.n_resources for step in steps)
        )
        if tasks:
            tasks.sort(
                key=lambda task: -self._amount(steps[task[0]])
            )  # the longest first: what comes last is what others wait for
            outcomes |= self._train(steps, tasks)
        first = not self.rows and not all_may_fail
        rows = [
            Row(step.candidate, step.iteration, step.n_resources, [outcomes[k, s] for s in range(self.n_splits)])
            for k, step in enumerate(steps)
        ]
        together = [outcome for row in rows for outcome in row.outcomes]
        if first:
            raise_if_all_failed(together, self.settings["error_score"])
        name_error_scores(
            [outcome for row in [*self.rows, *rows] for outcome in row.outcomes], self.settings["error_score"]
        )
        if not self.rows and self.check_scores is not None and isinstance(together[0]["test_scores"], dict):
            self.check_scores(together[0]["test_scores"])
        for row in rows:
            row.candidate.n_resources = row.n_resources
            row.candidate.history.append((row.candidate, row.n_resources))
            row.candidate.score = self.score_of(row)
            row.candidate.begun |= {
                split: len(row.candidate.history)
                for split, outcome in enumerate(row.outcomes)
                if outcome["fit_error"] is not None
            }
        self.rows += rows
        scores = [row.candidate.score for row in rows if not np.isnan(row.candidate.score)]
        if first and not scores and not any(row.failed for row in rows):
            self._refuse_to_go_on(rows)
        if scores:
            self.progress.scored(max([*scores, *([] if np.isnan(self.progress.best) else [self.progress.best])]))

    def keep_busy(self, n_workers: int, next_step: Callable[[], Step | None], done: Callable[[Step], None]) -> None:
        """Train so many steps at a time, the next one whenever one is `done`, until
        there is none and nothing is under way.
        """
        keep_busy(n_workers, next_step, lambda step: self.train([step], all_may_fail=True), done, self._interrupt)

    def _interrupt(self) -> None:
        """End what is trained in other threads."""
        self._interrupted = True
        for call in list(self._calls):
            call._abort()

    def _refuse_to_go_on(self, rows: Sequence[Row]) -> NoReturn:
        """All scores are NaN: raise what scoring raises, if it does."""
        message = f"there is nothing to search by: the scores ({self.metric!r}) of all {len(rows)} candidates of the first rung are NaN"
        for data, fitted in zip(self.tables, rows[0].candidate.estimators, strict=True):
            given = [_safe_indexing(part, data.test) for part in (data.X, data.y) if part is not None]
            for scorer in each_of(self.settings["scorer"]) if fitted is not None else ():
                try:
                    scorer(fitted, *given)
                except Exception as error:
                    error.add_note(message)
                    raise
        raise ValueError(message)

    def score_of(self, row: Row) -> float:
        """What the search goes by."""
        return row.score(self.metric)

    def latest(self) -> list[Row]:
        """Of each candidate that was trained, the row of what it has reached; in the
        order of proposal.
        """
        return sorted({row.candidate: row for row in self.rows}.values(), key=lambda row: row.candidate.number)

    def _train(self, steps: Sequence[Step], tasks: list[tuple[int, int]]) -> dict[tuple[int, int], Outcome]:
        contexts = [None] * len(tasks) if self.contexts is None else self.contexts(len(tasks))
        # A list: what fails while joblib asks for the first tasks, such as a network of the journal that is
        # another one's, can get lost in it.
        given = [self._arguments(steps[k], split) for k, split in tasks]
        self._warn_of_training_again(
            [steps[k] for (k, _), (_, _, stages, _) in zip(tasks, given, strict=True) if len(stages) > 1]
        )
        calls = [
            delayed(numbered)(task, *arguments, context=context)
            for task, arguments, context in zip(tasks, given, contexts, strict=True)
        ]
        outcomes = {}
        # All at once: tasks that joblib holds back until others are done could not train together with them.
        # Processes must be able to train on what they are given: joblib's own way of sharing large arrays is
        # for reading only.
        settings = {"n_jobs": self.n_jobs, "pre_dispatch": "all", "mmap_mode": "c"}
        try:
            parallel = Parallel(return_as="generator_unordered", **settings)
        except ValueError:  # a backend that gives all at once: "multiprocessing"
            parallel = Parallel(**settings)
        results = parallel(calls)
        self._calls.add(parallel)
        try:
            if self._interrupted:  # just now
                raise SearchStopped
            for (k, split), outcome in results:
                outcomes[k, split] = self._noted(steps[k], split, outcome)
        except BaseException:
            # Ctrl-C, a full disk: nobody needs joblib's warning that it had not finished. Filters are the
            # whole process's, and tasks under way may put back others at any moment, so that it can come as
            # an error all the same.
            with warnings.catch_warnings(), contextlib.suppress(UserWarning):
                warnings.simplefilter("ignore")
                if hasattr(results, "close"):
                    results.close()
            raise
        finally:
            self._calls.discard(parallel)
        if len(outcomes) < len(tasks):
            raise SearchStopped
        return outcomes

    def _noted(self, step: Step, split: int, outcome: Outcome) -> Outcome:
        """Keep the network of an outcome, and tell the journal and who watches."""
        fitted = outcome.pop("estimator")
        if outcome["fit_error"] is None:
            outcome |= sizes_of(fitted)
        step.candidate.estimators[split] = (
            fitted if outcome["fit_error"] is None else None
        )  # half a fit is nothing to go on from
        with self._lock:
            if self.journal is not None:
                goes_on = not self.resource.of_rows and (step.n_resources < self.resource.most or self.keeps_finalists)
                self.journal.record(step.candidate, split, step.n_resources, outcome, goes_on=goes_on)
            self.progress.fitted(self._amount(step))
        return outcome

    def _amount(self, step: Step) -> int:
        """How many resources a step hands out in each split."""
        return step.n_resources - (0 if self.resource.of_rows else step.candidate.n_resources)

    def _kept(self, candidate: Candidate, split: int) -> Any:
        """A candidate's network as far as it was trained, to go on from, or None."""
        if self.resource.of_rows:
            return None
        fitted = candidate.estimators[split]
        if fitted is None and candidate.n_resources and self.journal is not None:
            fitted = self.journal.state(candidate, split, candidate.n_resources)
        return fitted

    def networks(self, candidates: Sequence[Candidate]) -> list[list[Any]]:
        """The fitted networks of candidates, one for each split; what was let go of, or
        can not be read from a journal, is trained again.

        None of one that can not be trained as it was.
        """
        missing = []
        for candidate in candidates:
            for split in range(self.n_splits):
                if candidate.estimators[split] is None and self.journal is not None:
                    candidate.estimators[split] = self.journal.state(candidate, split, candidate.n_resources)
                if candidate.estimators[split] is None:
                    missing.append((candidate, split))
        steps = [Step(candidate, candidate.n_resources, 0) for candidate, _ in missing]
        self._warn_of_training_again(steps)
        calls = [
            delayed(numbered)((k, split), *self._arguments(steps[k], split), context=None)
            for k, (candidate, split) in enumerate(missing)
        ]
        for (k, split), outcome in Parallel(n_jobs=self.n_jobs, mmap_mode="c")(calls):
            missing[k][0].estimators[split] = outcome["estimator"] if outcome["fit_error"] is None else None
        return [candidate.estimators for candidate in candidates]

    def _warn_of_training_again(self, steps: Sequence[Step]) -> None:
        """Say it before it is done where nobody would think of it: what a journal has
        scored, an ensemble needs the networks of.
        """
        if self.journal is None or not self.keeps_finalists or not steps:
            return
        numbers, resources = {step.candidate.number for step in steps}, sum(step.n_resources for step in steps)
        warnings.warn(
            f"{len(steps)} networks of {len(numbers)} candidates are trained again from their beginning, {resources} "
            f"{self.resource.unit} in all: refit='ensemble' asks for their predictions, and "
            f"journal={str(self.journal.path)!r} has their scores alone. With another refit it keeps no network to "
            f"the end, and never one that can not be written without pickle",
            stacklevel=2,
        )

    def _arguments(self, step: Step, split: int) -> tuple[Any, ...]:
        data, kept = self.tables[split], self._kept(step.candidate, split)
        if self.resource.of_rows:
            data = data._replace(train=self._first_rows(split, step.n_resources))
        if kept is not None:
            return (
                kept,
                data,
                [self.resource.settings(step.n_resources, step.candidate.n_resources, step.candidate.params)],
                self.settings,
            )
        history = [] if self.resource.of_rows else step.candidate.history[step.candidate.begun.get(split, 0) :]
        history = [reached for reached in history if reached != (step.candidate, step.n_resources)]
        schedule = [(past.params, n_resources) for past, n_resources in [*history, (step.candidate, step.n_resources)]]
        return clone(self.estimator), data, stages(schedule, self.resource), self.settings

    def _first_rows(self, split: int, n: int) -> np.ndarray:
        """n training rows of a split; those of a smaller number are among them. Where
        splits differ in size, the last rung has all rows of each.

        Where the least number would lack a class, one row of each class comes first: a
        class that is not learned is a score that fails.
        """
        if n >= min(len(table.train) for table in self.tables):
            return self.tables[split].train
        if split not in self._orders:
            order = np.random.RandomState(self._row_seed).permutation(self.tables[split].train)
            if is_classifier(self.estimator) and np.ndim(self.tables[split].y) == 1:
                _, first = np.unique(np.asarray(_safe_indexing(self.tables[split].y, order)), return_index=True)
                if first.max() >= self.resource.least:
                    order = np.concatenate([order[np.sort(first)], np.delete(order, first)])
            self._orders[split] = order
        return self._orders[split][:n]

    def forget(self, candidates: Iterable[Candidate]) -> None:
        """These are trained no further: let go of their networks."""
        for candidate in candidates:
            candidate.estimators = [None] * self.n_splits
            if self.journal is not None:
                self.journal.forget(candidate)
