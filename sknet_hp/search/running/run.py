"""One search under way: its candidates, and the fits that train them further."""

import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NoReturn

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.candidates import Candidate, Outcome, Row, Step
from sknet_hp.search.deadline import Deadline
from sknet_hp.search.ending import Ending
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.running.batches import Batches, SearchStopped
from sknet_hp.search.running.fitting import SplitData, plan_fits, select_changed
from sknet_hp.search.running.outcomes import fit_and_score, name_error_scores, raise_if_all_failed
from sknet_hp.search.running.progress import Progress
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.selection import list_scorers, measure_sizes
from sknet_hp.search.running.shared_steps import can_share, fit_shared_steps
from sknet_hp.search.running.subsets import RowSubsets
from sknet_hp.search.running.workers import keep_busy

Task = tuple[int, int]
"""The number of a step among those that are trained together, and the split."""


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
    deadline : on `time.monotonic`, or None; for the final fit as well.
    n_final_fits : networks that are fitted after the search, for which time is kept.
    ending : judges when the search has what was asked for, or no gain; or None.
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
        X: TableLike,
        y: ArrayLike,
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
        n_final_fits: int = 0,
        ending: Ending | None = None,
        journal: Journal | None = None,
        progress: Progress | None = None,
        contexts: Callable[[int], list[Any]] | None = None,
        searched: Iterable[str] = (),
        keeps_finalists: bool = False,
        check_scores: Callable[[dict[str, Any]], None] | None = None,
    ):
        self.resource, self.metric, self.settings = resource, metric, settings
        self.n_jobs, self.journal, self.contexts = n_jobs, journal, contexts
        row_ratio = _num_samples(X) / float(np.mean([len(train) for train, _ in splits]))
        self.deadline = Deadline(deadline, n_final_fits, row_ratio, adds_up=not resource.of_rows)
        self.progress = progress or Progress(0)
        self.ending = ending
        self.keeps_finalists, self.check_scores = keeps_finalists, check_scores
        self.candidates: list[Candidate] = []
        self.rows: list[Row] = []
        self.n_splits = len(splits)
        self.estimator = estimator
        self.tables = [SplitData(X, y, train, test, fit_params, score_params) for train, test in splits]
        self._lock = threading.Lock()  # steps may be trained from several threads
        self._batches = Batches(n_jobs)
        row_seed = check_random_state(random_state).randint(2**31 - 1) if resource.of_rows else 0
        # Rows that are handed out later must teach the first steps nothing before; train scores are those of
        # `transform`, not of `fit_transform`.
        if (
            not resource.of_rows
            and not settings["return_train_score"]
            and can_share(estimator, [*searched, resource.name], fit_params, settings["scorer"])
        ):
            self.estimator, self.tables = fit_shared_steps(estimator, self.tables, n_jobs)
        self._subsets = RowSubsets(self.estimator, self.tables, resource.least, row_seed)

    def announce(self, cost: Cost) -> None:
        """Say what the search will take in each split, for who waits."""
        self.progress.announce(cost, self.n_splits)
        if self.journal is not None:
            self.journal.log.write_cost(cost, self.n_splits)

    # ---- candidates ------------------------------------------------------------------------------------------------

    def propose(self, params: dict[str, Any], bracket: int = 0) -> Candidate:
        """Add a new candidate, and return it."""
        candidate = Candidate(len(self.candidates), params, bracket, [None] * self.n_splits)
        self.candidates.append(candidate)
        return candidate

    def fork(self, parent: Candidate, params: dict[str, Any]) -> Candidate:
        """Add a candidate that goes on from where another stands, and return it.

        It begins with the other's weights, memory of the optimizer and counters, and
        has other parameters.
        """
        child = self.propose(params, parent.bracket)
        child.parent, child.n_resources = parent, parent.n_resources
        child.history, child.restarted_at = list(parent.history), dict(parent.restarted_at)
        for split in range(self.n_splits):
            network = self._find_network(parent, split)
            if network is None:  # after a search was killed: it is trained again if it is needed
                continue
            changes = clone(select_changed(params, parent.params), safe=False)
            child.estimators[split] = deepcopy(network).set_params(**changes)
            if self.journal is not None:
                self.journal.keep(child, split)
        return child

    def forget(self, candidates: Iterable[Candidate]) -> None:
        """Let go of the networks of candidates, which are trained no further."""
        for candidate in candidates:
            candidate.estimators = [None] * self.n_splits
            if self.journal is not None:
                self.journal.forget(candidate)

    def get_score(self, row: Row) -> float:
        """Return what the search goes by."""
        return row.score(self.metric)

    def list_latest(self) -> list[Row]:
        """Return the last row of each candidate that was trained, in their order."""
        return sorted({row.candidate: row for row in self.rows}.values(), key=lambda row: row.candidate.number)

    # ---- training --------------------------------------------------------------------------------------------------

    def train(self, steps: Sequence[Step], *, all_may_fail: bool = False) -> None:
        """Train candidates up to their resources, and add the rows of `cv_results_`.

        All of them are trained together, until the time is up: then those count that
        have been scored in all splits. Of the first ones of a search, one always is,
        so that there is a result.

        Parameters
        ----------
        all_may_fail : whether the search goes on if none of the first steps can be
            fitted; where they are few, others may.

        Raises
        ------
        SearchStopped
            If there is a reason to end the search, the time is up before all steps are
            done, or somebody interrupts it.
        """
        if not steps:
            return
        reason = self._find_reason_to_stop()
        if reason is not None:
            raise SearchStopped(reason)
        outcomes, tasks = self._look_up(steps)
        if self.journal is not None:
            self.journal.log.write_steps(steps)
        self.progress.begin_rung(
            max(step.iteration for step in steps), len(steps) * self.n_splits, max(step.n_resources for step in steps)
        )
        if tasks:
            # The longest first: what comes last is what others wait for.
            tasks.sort(key=lambda task: -self._count_resources(steps[task[0]]))
            self._train_tasks(steps, tasks, outcomes)
        rows = self._list_rows(steps, outcomes)
        some_must_succeed = not self.rows and not all_may_fail
        self._check_outcomes(rows, some_must_succeed=some_must_succeed)
        for row in rows:
            self._update(row)
        with self._lock:
            self.rows += rows
            if self.journal is not None:
                self.journal.log.write_rows(rows)
            if self.ending is not None:
                self.ending.judge(rows)
        scores = [row.candidate.score for row in rows if not np.isnan(row.candidate.score)]
        if some_must_succeed and not scores and not any(row.failed for row in rows):
            self._refuse_to_go_on(rows)
        if scores:
            self.progress.note_best(max([*scores, *([] if np.isnan(self.progress.best) else [self.progress.best])]))
        if len(rows) < len(steps):
            raise SearchStopped("time_budget")

    def _find_reason_to_stop(self) -> str | None:
        """Return why nothing more is to be begun, None if there is no reason."""
        if self._batches.interrupted:
            return "interrupted"
        if self.ending is not None and self.ending.reason is not None:
            return self.ending.reason
        return "time_budget" if self.rows and self.deadline.is_near(self.rows) else None

    def keep_busy(self, n_workers: int, next_step: Callable[[], Step | None], done: Callable[[Step], None]) -> None:
        """Train so many steps at a time, the next one whenever one is `done`.

        It ends when there is no next step and none is under way.
        """
        keep_busy(
            n_workers, next_step, lambda step: self.train([step], all_may_fail=True), done, self._batches.interrupt
        )

    def _look_up(self, steps: Sequence[Step]) -> tuple[dict[Task, Outcome], list[Task]]:
        """Return the outcomes that the journal knows, and the tasks that are left."""
        outcomes: dict[Task, Outcome] = {}
        tasks: list[Task] = []
        for k, step in enumerate(steps):
            for split in range(self.n_splits):
                known = None if self.journal is None else self.journal.find(step.candidate, split, step.n_resources)
                if known is None:
                    tasks.append((k, split))
                else:
                    outcomes[k, split] = known
                    step.candidate.estimators[split] = None  # a copy of another's, say: from before this step
                    self.progress.count_known(self._count_resources(step))
        return outcomes, tasks

    def _list_rows(self, steps: Sequence[Step], outcomes: dict[Task, Outcome]) -> list[Row]:
        """Return the rows of those steps that have outcomes in all splits."""
        splits = range(self.n_splits)
        return [
            Row(step.candidate, step.iteration, step.n_resources, [outcomes[k, split] for split in splits])
            for k, step in enumerate(steps)
            if all((k, split) in outcomes for split in splits)
        ]

    def _train_tasks(self, steps: Sequence[Step], tasks: list[Task], outcomes: dict[Task, Outcome]) -> None:
        """Do what is to be trained, and add what comes of it to the outcomes."""
        contexts = [None] * len(tasks) if self.contexts is None else self.contexts(len(tasks))
        # A list: what fails while joblib asks for the first tasks, such as a network of the journal that is
        # another one's, can get lost in it.
        given = [self._make_arguments(steps[k], split) for k, split in tasks]
        self._warn_of_training_again(
            [steps[k] for (k, _), (_, _, fits, _) in zip(tasks, given, strict=True) if len(fits) > 1]
        )
        calls = [
            delayed(fit_and_score)(task, *arguments, context=context)
            for task, arguments, context in zip(tasks, given, contexts, strict=True)
        ]

        def receive(result: tuple[Task, Outcome]) -> None:
            (k, split), outcome = result
            outcomes[k, split] = self._note(steps[k], split, outcome)
            rows = self.rows or self._list_rows(steps, outcomes)
            if self.deadline.is_near(rows) and not all(row.failed for row in rows):
                raise SearchStopped("time_budget")

        try:
            self._batches.run(calls, receive)
        except SearchStopped as stopped:
            if stopped.reason != "time_budget":
                raise

    def _note(self, step: Step, split: int, outcome: Outcome) -> Outcome:
        """Keep the network of an outcome, and tell the journal and the progress."""
        fitted = outcome.pop("estimator")
        if outcome["fit_error"] is None:
            outcome |= measure_sizes(fitted)
            step.candidate.estimators[split] = fitted
        else:  # half a fit is nothing to go on from
            step.candidate.estimators[split] = None
        with self._lock:
            if self.journal is not None:
                goes_on = not self.resource.of_rows and (step.n_resources < self.resource.most or self.keeps_finalists)
                self.journal.record(step.candidate, split, step.n_resources, outcome, goes_on=goes_on)
            self.progress.count_fit(self._count_resources(step))
        return outcome

    def _check_outcomes(self, rows: list[Row], *, some_must_succeed: bool) -> None:
        """Refuse outcomes that no search can go by, and name scores of failed fits."""
        outcomes, error_score = [outcome for row in rows for outcome in row.outcomes], self.settings["error_score"]
        if some_must_succeed:
            raise_if_all_failed(outcomes, error_score)
        name_error_scores([*(outcome for row in self.rows for outcome in row.outcomes), *outcomes], error_score)
        if not self.rows and self.check_scores is not None and isinstance(outcomes[0]["test_scores"], dict):
            self.check_scores(outcomes[0]["test_scores"])

    def _update(self, row: Row) -> None:
        """Note at a candidate what it has reached."""
        candidate = row.candidate
        candidate.n_resources = row.n_resources
        candidate.history.append((candidate, row.n_resources))
        candidate.score = self.get_score(row)
        for split, outcome in enumerate(row.outcomes):
            if outcome["fit_error"] is not None:
                candidate.restarted_at[split] = len(candidate.history)

    def _refuse_to_go_on(self, rows: Sequence[Row]) -> NoReturn:
        """Raise an error as all scores are NaN: that of scoring, if it raises one."""
        message = (
            f"there is nothing to search by: the scores ({self.metric!r}) of all {len(rows)} candidates of the first "
            f"rung are NaN"
        )
        for data, fitted in zip(self.tables, rows[0].candidate.estimators, strict=True):
            given = [_safe_indexing(part, data.test) for part in (data.X, data.y) if part is not None]
            for scorer in list_scorers(self.settings["scorer"]) if fitted is not None else ():
                try:
                    scorer(fitted, *given)
                except Exception as error:
                    error.add_note(message)
                    raise
        raise ValueError(message)

    # ---- networks --------------------------------------------------------------------------------------------------

    def collect_networks(self, candidates: Sequence[Candidate]) -> list[list[Any]]:
        """Return the fitted networks of candidates, one for each split.

        What was let go of, or can not be read from a journal, is trained again; None
        stands for a network that can not be trained as it was.
        """
        missing = []
        for candidate in candidates:
            for split in range(self.n_splits):
                if candidate.estimators[split] is None and self.journal is not None:
                    candidate.estimators[split] = self.journal.load_state(candidate, split, candidate.n_resources)
                if candidate.estimators[split] is None:
                    missing.append((candidate, split))
        steps = [Step(candidate, candidate.n_resources, 0) for candidate, _ in missing]
        self._warn_of_training_again(steps)
        calls = [
            delayed(fit_and_score)((k, split), *self._make_arguments(steps[k], split), context=None)
            for k, (_, split) in enumerate(missing)
        ]
        for (k, split), outcome in Parallel(n_jobs=self.n_jobs, mmap_mode="c")(calls):
            missing[k][0].estimators[split] = outcome["estimator"] if outcome["fit_error"] is None else None
        return [candidate.estimators for candidate in candidates]

    def _find_network(self, candidate: Candidate, split: int) -> Any:
        """Return a candidate's network as far as it was trained, or None."""
        if self.resource.of_rows:
            return None
        fitted = candidate.estimators[split]
        if fitted is None and candidate.n_resources and self.journal is not None:
            fitted = self.journal.load_state(candidate, split, candidate.n_resources)
        return fitted

    def _make_arguments(self, step: Step, split: int) -> tuple[Any, SplitData, list[dict[str, Any]], dict[str, Any]]:
        """Return what `fit_and_score` is given of a step in one split."""
        data, network = self.tables[split], self._find_network(step.candidate, split)
        candidate, n_resources = step.candidate, step.n_resources
        if self.resource.of_rows:
            data = data._replace(train=self._subsets.draw(split, n_resources))
        if network is not None:
            further = self.resource.make_settings(n_resources, candidate.n_resources, candidate.params)
            return network, data, [further], self.settings
        history = [] if self.resource.of_rows else candidate.history[candidate.restarted_at.get(split, 0) :]
        history = [*(reached for reached in history if reached != (candidate, n_resources)), (candidate, n_resources)]
        schedule = [(past.params, reached) for past, reached in history]
        return clone(self.estimator), data, plan_fits(schedule, self.resource), self.settings

    def _count_resources(self, step: Step) -> int:
        """Return how many resources a step hands out in each split."""
        return step.n_resources - (0 if self.resource.of_rows else step.candidate.n_resources)

    def _warn_of_training_again(self, steps: Sequence[Step]) -> None:
        """Warn before networks are trained again where nobody would think of it.

        A journal has the scores of candidates, but an ensemble needs their networks.
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
