"""Nested cross-validation."""

import os
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Any

from sklearn.base import clone

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.levels.outer import is_ordered, make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.levels.target import read_target
from sknet_hp.evaluation.nested.checks import find_afterwards, find_beforehand, read_checks
from sknet_hp.evaluation.nested.identity import open_journal
from sknet_hp.evaluation.nested.progress import Progress
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.running.data import Data, Split, Task, read_data
from sknet_hp.evaluation.running.journal import Journal
from sknet_hp.evaluation.running.outcome import Outcome, list_metrics
from sknet_hp.evaluation.running.run import run_tasks
from sknet_hp.evaluation.running.scorers import find_scorers
from sknet_hp.findings.finding import Findings
from sknet_hp.findings.positive import require_labels
from sknet_hp.formatting.errors import summarise_traceback
from sknet_hp.search.deadline import check_time_budget

_FOR_THE_SEARCH = 0.9
"""So much of the time of an outer fold is the search's; the rest is for its refit."""


def nested_cross_validate(
    search: Any,
    X: TableLike,
    y: ArrayLike = None,
    *,
    cv: Any = 5,
    scoring: Any = None,
    groups: ArrayLike = None,
    sample_weight: ArrayLike = None,
    n_repeats: int = 1,
    random_state: Any = None,
    journal: str | os.PathLike[str] | None = None,
    time_budget: float | None = None,
    n_jobs: int | None = None,
    checks: bool | Collection[str] = True,
    verbose: int = 0,
) -> NestedResult:
    """Score what a search finds on rows that it has not seen.

    The score that a search reports is too good: the best of many scores is partly luck.
    So the rows are split into outer folds. The whole search runs on the training rows
    of each fold, and the model that it chooses is scored on the test rows. All
    searches, their candidates and folds train together.

    Groups, time order and weights are respected at every level, without metadata
    routing. With `groups`, no group is divided by outer folds, by inner folds, or by
    early stopping. With ``cv=TimeSeriesSplit(...)``, or any `cv` that trains on earlier
    rows only, inner folds are a `TimeSeriesSplit` too, and networks hold out their last
    rows.

    Parameters
    ----------
    search : search or estimator
        A search of `sknet_hp.search` or of scikit-learn, a pipeline that ends with one,
        or an estimator without a search. It is not changed.
    X : array-like or dataframe of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
    cv : int, splitter or iterable of (train, test), default=5
        The outer splits. With a number of folds, rows are shuffled, classes are
        stratified, and groups stay together.
    scoring : str, callable, list, tuple, dict or None, default=None
        One or several metrics, as in scikit-learn. None is the metric of the search's
        `score`; the result names it.
    groups : array-like of shape (n_rows,), default=None
        Rows of a group stay together at every level. An inner splitter that would
        divide them is replaced, with a warning, by one that does not, with as many
        folds.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights for the fits and the scores of all levels.
    n_repeats : int, default=1
        How many times the rows are split into folds. More repeats give a more stable
        score and a narrower interval.
    random_state : int, RandomState instance or None, default=None
        Seed of the outer splits. An integer also seeds everything in `search` that has
        no seed, so that the same call gives the same numbers.
    journal : path or None, default=None
        Directory that records what is done. If the call was killed or interrupted, the
        same call continues there and ends with the same numbers, bit for bit. Searches
        of `sknet_hp.search` resume in the middle, others fold by fold.
    time_budget : float or None, default=None
        Seconds for everything. Outer folds then run one after the other. A search with
        a `time_budget` gets its share of the remaining time. What is not finished in
        time is cancelled, and the result has what was finished.
    n_jobs : int or None, default=None
        Number of cores for networks (None means all); for other estimators as in
        scikit-learn. If you have chosen a joblib backend, that one decides.
    checks : bool or list of str, default=True
        Whether to check for problems that make scores wrong, or the codes to check for;
        `docs/findings.md` describes them.
    verbose : int, default=0
        1 says at the start how much there is to train, and writes a line when an outer
        fold ends.

    Returns
    -------
    NestedResult
        Outer and inner scores, the chosen parameters, predictions, models and learning
        curves. `summary()` says the most important in sentences.

    Raises
    ------
    ValueError
        If the splits do not fit the data, a search has ``refit=False``, all fits fail,
        the time is up before anything is finished, or, with a journal, something has
        no seed.
    JournalError
        If `journal` belongs to another evaluation, is in use, or cannot be written.
    KeyboardInterrupt
        After Ctrl-C. Its attribute `result` has what was finished.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.evaluation import nested_cross_validate
    >>> from sknet_hp.search import GridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=10, random_state=0)
    >>> search = GridSearchCV(net, {"lr": [0.003, 0.03]}, cv=3)
    >>> result = nested_cross_validate(search, X, y, cv=3, random_state=0)
    >>> result.outer_scores.shape
    (3,)
    """
    start = time.monotonic()
    check_search(search)
    check_time_budget(time_budget)
    skip = read_checks(checks)
    data = read_target(read_data(X, y, groups, sample_weight), [search])
    splits = make_outer_splits(cv, data, search, n_repeats=n_repeats, random_state=random_state)
    scorers = find_scorers(search, scoring)
    require_labels(scorers, data.y)
    prepared = prepare_estimator(search, data, splits, cv=cv, random_state=random_state)
    findings = find_beforehand(search, data, splits, scorers, skip)
    run = _Run(search, prepared, data, splits, scorers, findings, skip, Progress(verbose, len(splits)))
    run.settings = {
        "cv": cv,
        "scoring": scoring,
        "n_repeats": n_repeats,
        "random_state": random_state,
        "time_budget": time_budget,
    }
    return run.finish(journal, time_budget, None if time_budget is None else start + time_budget, n_jobs)


class _Run:
    """One nested cross-validation under way."""

    def __init__(
        self,
        search: Any,
        prepared: Any,
        data: Data,
        splits: list[Split],
        scorers: Mapping[str, Any],
        findings: Findings,
        skip: set[str],
        progress: Progress,
    ):
        self.search, self.prepared, self.data, self.splits = search, prepared, data, splits
        self.scorers, self.findings, self.skip, self.progress = scorers, findings, skip, progress
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self.settings: dict[str, Any] = {}

    def finish(
        self, path: str | os.PathLike[str] | None, budget: float | None, deadline: float | None, n_jobs: int | None
    ) -> NestedResult:
        """Do all outer folds, or as many as there is time for."""
        tasks = [Task("search", self.prepared, split) for split in self.splits]
        with ExitStack() as closing:
            journal = None
            if path is not None:
                journal = open_journal(path, {"search": self.prepared}, self.data, self.splits, self.scorers)
                closing.callback(journal.close)
            self.progress.announce(self.search)
            try:
                run_tasks(
                    tasks,
                    self.data,
                    self.scorers,
                    n_jobs=n_jobs,
                    deadline=deadline,
                    memory=journal,
                    receive=self._receive,
                    prepare=lambda task, n_left: set_up_task(task, n_left, journal, deadline),
                )
            except KeyboardInterrupt as interrupt:
                self._hand_over(interrupt, journal)
                raise
        if journal is not None:
            journal.warn_of_unkept("these folds", stacklevel=3)
        if not self.outcomes:
            raise ValueError(
                f"time_budget={budget:g} seconds were up before the first of {len(tasks)} outer folds was finished; "
                f"give more time, or a smaller search{'' if journal is None else '; the journal has what was done'}"
            )
        self._raise_if_all_failed()
        return self._make_result("time_budget" if len(self.outcomes) < len(tasks) else None)

    def _receive(self, task: Task, outcome: Outcome) -> None:
        self.outcomes[task.split.repeat, task.split.fold] = outcome
        self.progress.count(task, outcome)

    def _hand_over(self, interrupt: KeyboardInterrupt, journal: Journal | None) -> None:
        """Let an interrupt bring what was finished."""
        interrupt.result = self._make_result("interrupted")  # type: ignore[attr-defined]
        text = f"{len(self.outcomes)} of {len(self.splits)} outer folds were finished; they are in the attribute "
        text += "`result` of this exception (sys.last_value.result)"
        text += "" if journal is None else f". The same call with journal={str(journal.path)!r} continues from here"
        interrupt.add_note(text)

    def _raise_if_all_failed(self) -> None:
        errors = [outcome.error for outcome in self.outcomes.values() if outcome.error is not None]
        if len(errors) == len(self.splits):
            raise ValueError(
                f"all {len(errors)} outer folds failed. The first one: {summarise_traceback(errors[0])}\n\n{errors[0]}"
            )

    def _make_result(self, stopped: str | None) -> NestedResult:
        _, last = find_last_step(self.search)
        is_search = hasattr(last, "estimator") and hasattr(last, "cv")
        inner_metric = _name_inner_metric(self.search) if is_search else None
        _, searched = find_last_step(last.estimator) if is_search else ("", None)
        description = f"{type(last).__name__}{f' over {type(searched).__name__}' if is_search else ''}"
        description += ", groups kept together" if self.data.groups is not None else ""
        description += ", rows in order of time" if is_ordered(self.splits) else ""
        outcomes = [self.outcomes.get((split.repeat, split.fold)) for split in self.splits]
        metrics = list_metrics(outcomes, self.scorers)
        result = NestedResult(description, self.data, self.splits, outcomes, metrics, inner_metric, stopped)
        result.search, result.settings = self.search, self.settings
        afterwards = find_afterwards(result, self.search, self.data, self.scorers, self.skip) if self.outcomes else ()
        result.findings = Findings([*self.findings, *afterwards])
        return result


def _name_inner_metric(search: Any) -> str:
    """Return by what a search scores its candidates; "score" if it does not say."""
    try:
        return next(iter(find_scorers(search)))
    except TypeError:  # neither `scoring` nor `score`
        return "score"


def set_up_task(task: Task, n_left: int, journal: Journal | None, deadline: float | None) -> Task:
    """Return a task whose search has a journal and a time of its own, if it can."""
    prefix, last = find_last_step(task.estimator)
    own = last.get_params(deep=False)
    settings: dict[str, Any] = {}
    is_cut = False
    if journal is not None and "journal" in own:
        settings[f"{prefix}journal"] = str(journal.find_search(task))
    if deadline is not None and "time_budget" in own:
        share = max(0.01, _FOR_THE_SEARCH * (deadline - time.monotonic()) / n_left)
        is_cut = own["time_budget"] is None or share < own["time_budget"]
        settings[f"{prefix}time_budget"] = share if is_cut else own["time_budget"]
    if not settings:
        return task
    return task._replace(estimator=clone(task.estimator).set_params(**settings), is_cut=is_cut)


def check_search(search: Any) -> None:
    """Refuse what is no search or estimator, and a search that leaves no model."""
    if not hasattr(search, "fit") or not hasattr(search, "get_params") or isinstance(search, type):
        raise TypeError(f"search must be a search or another estimator of scikit-learn's kind, got {search!r}")
    _, last = find_last_step(search)
    if getattr(last, "refit", True) is False:
        raise ValueError(
            f"{type(last).__name__}(refit=False) leaves no model that could be scored on the outer test rows; set "
            f"refit=True"
        )
