"""Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel
Hyperparameter Tuning", MLSys; algorithm 2).
"""

from bisect import insort
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import ceil, floor, isnan
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from sknet_hp.search.arithmetic.brackets import count_halvings, list_resources
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.arithmetic.exact import to_fraction
from sknet_hp.search.candidates import Candidate, Step
from sknet_hp.search.descriptions import document_searcher
from sknet_hp.search.running.ensemble import FINALISTS
from sknet_hp.search.searchers.base import BaseSearcher, Run, Space


class Scheduler:
    """Who trains next, of what has been scored so far. Knows nothing of how, where and
    when steps are trained.

    Parameters
    ----------
    new : the candidates, in the order in which they begin.
    resources : of each rung, from the bottom to the top.
    eta : η, of those in a rung one in so many is promoted.

    Attributes
    ----------
    rungs : for each rung, those that it has scored, promoted ones included, and their
        scores.
    ranked : for each rung, the same from the best to the worst; those that failed come
        last.
    promoted : for each rung, those that have left it upward.
    dropped : those that no rung can promote any more.
    """

    def __init__(self, new: Iterator[Candidate], resources: list[int], eta: Fraction):
        self.new, self.resources, self.eta = new, resources, eta
        self.rungs: list[dict[Candidate, float]] = [{} for _ in resources]
        self.ranked: list[list[Candidate]] = [[] for _ in resources]
        self.promoted: list[set[Candidate]] = [set() for _ in resources]
        self.dropped: set[Candidate] = set()

    def get_job(self) -> Step | None:
        """What a worker that is free should train; None if there is nothing, for now."""
        for k in reversed(range(len(self.rungs) - 1)):
            promotable = self.list_promotable(k)
            if promotable:
                return self.promote(promotable[0], k)
        candidate = next(self.new, None)
        return None if candidate is None else Step(candidate, self.resources[0], 0)

    def list_promotable(self, k: int) -> list[Candidate]:
        """The top ⌊|rung k| / η⌋ of all of rung k, without those already promoted; one
        that failed would fail again.
        """
        top = self.ranked[k][: floor(len(self.rungs[k]) / self.eta)]
        return [t for t in top if t not in self.promoted[k] and not isnan(self.rungs[k][t])]

    def promote(self, candidate: Candidate, k: int) -> Step:
        """The step of a candidate of rung k into the next one."""
        self.promoted[k].add(candidate)
        return Step(candidate, self.resources[k + 1], k + 1)

    def promote_up_to(self, n: int) -> list[Step]:
        """The steps of the best below the top rung into it, so that it has n that have
        not failed, if there are so many.
        """
        if len(self.rungs) == 1:
            return []
        below = len(self.rungs) - 2
        waiting = [c for c in self.ranked[below] if c not in self.promoted[below] and not isnan(self.rungs[below][c])]
        n_there = sum(not isnan(score) for score in self.rungs[-1].values())
        return [self.promote(c, below) for c in waiting[: max(0, n - n_there)]]

    def report(self, step: Step, score: float) -> None:
        """A step has been trained."""
        rung = self.rungs[step.iteration]
        rung[step.candidate] = score
        insort(
            self.ranked[step.iteration],
            step.candidate,
            key=lambda c: (isnan(rung[c]), 0.0 if isnan(rung[c]) else -rung[c], c.number),
        )

    def drop(self, n_candidates: int) -> list[Candidate]:
        """Those that no rung can promote any more since the last call, if so many
        candidates begin in all; the top rung's are among them.
        """
        most = floor(n_candidates / self.eta)  # a rung never has more than all, and a place in it only gets worse
        below = [c for k in range(len(self.rungs) - 1) for c in self.ranked[k][most:] if c not in self.promoted[k]]
        dropped = [c for c in [*below, *self.rungs[-1]] if c not in self.dropped]
        self.dropped.update(dropped)
        return dropped


@document_searcher(
    n_candidates=(
        'int or "auto"',
        'How many begin. "auto" is as many as bring one to `max_resources`. Where a number given is smaller than that '
        'and `min_resources` is "auto", candidates begin higher, so that one gets to the top all the same.',
    ),
    n_workers=(
        "int or None",
        "How many candidates are trained at a time, each in all splits; `n_jobs` is how many cores they share. None "
        "is `n_candidates / factor`, rounded up.",
    ),
    asynchronous=(
        "bool",
        "By default steps are trained in waves of `n_workers`, of which each is decided by the scores of those "
        "before: results do not depend on how fast the machine is. If True, the next step is decided whenever one is "
        "done, which leaves no worker of a cluster waiting; then results depend on timing.",
    ),
    time_budget=(
        "float or None",
        "Seconds after which no further wave is begun, or no further step if `asynchronous`. The first one is always "
        "trained, so that there is a result. What is found then depends on the machine.",
    ),
)
class ASHASearchCV(BaseSearcher):
    """Successive halving that does not wait for a rung to be full: whoever is among the
    best of its rung so far goes on.

    Candidates begin at `min_resources`. Whenever there is room for another step, the
    rungs are looked through from the top; of the best `1 / factor` of a rung, one that
    has not gone on yet does; if there is none, a new candidate begins. The search ends
    when `n_candidates` have begun and nobody can go on.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Notes
    -----
    `factor` is the paper's η; `max_resources` and `min_resources` are its R and r.

    References
    ----------
    L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A.
    Talwalkar, "A system for massively parallel hyperparameter tuning", MLSys 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import ASHASearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = ASHASearchCV(net, space, random_state=0).fit(X, y)
    >>> search.n_candidates_
    9
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearcher._parameter_constraints,
        "n_workers": [Interval(Integral, 1, None, closed="left"), None],
        "asynchronous": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: Any = "auto",
        n_workers: int | None = None,
        asynchronous: bool = False,
        resource: str = "auto",
        min_resources: Any = "auto",
        max_resources: Any = "auto",
        factor: float = 3,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        initial_candidates: Any = None,
        time_budget: float | None = None,
        journal: Any = None,
        verbose: int = 0,
    ):
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_candidates = n_candidates
        self.n_workers = n_workers
        self.asynchronous = asynchronous
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.factor = factor
        self.scoring = scoring
        self.refit = refit
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.initial_candidates = initial_candidates
        self.time_budget = time_budget
        self.journal = journal
        self.verbose = verbose

    def _search(self, run: Run, space: Space) -> None:
        steps = count_halvings(run.resource.most, run.resource.least, self.factor)
        n = ceil(to_fraction(self.factor) ** steps) if self.n_candidates == "auto" else self.n_candidates
        settings = self._draw_settings(space, n, check_random_state(self.random_state))
        if self.min_resources == "auto":
            steps = min(steps, count_halvings(len(settings), 1, self.factor))
        rungs = list(dict.fromkeys(list_resources(run.resource.most, run.resource.least, self.factor, steps)))
        self.min_resources_ = rungs[0]
        n_workers = self.n_workers or ceil(len(settings) / to_fraction(self.factor))
        run.announce(Cost(len(settings), len(settings), len(settings) * rungs[0], at_least=True))
        scheduler = Scheduler((run.propose(params) for params in settings), rungs, to_fraction(self.factor))
        if self.asynchronous:
            _take_up(run, scheduler, len(settings))
            run.keep_busy(n_workers, scheduler.get_job, lambda step: _learn(run, scheduler, [step], len(settings)))
        else:
            _train_in_waves(run, scheduler, len(settings), n_workers)
        if run.keeps_finalists:
            run.train(scheduler.promote_up_to(FINALISTS), all_may_fail=True)


def _train_in_waves(run: Run, scheduler: Scheduler, n_candidates: int, n_workers: int) -> None:
    while wave := list(islice(iter(scheduler.get_job, None), n_workers)):
        run.train(wave, all_may_fail=True)
        _learn(run, scheduler, wave, n_candidates)


def _take_up(run: Run, scheduler: Scheduler, n_candidates: int) -> None:
    """Do again what a journal knows: in another order of events others would be
    promoted, and what these have been trained would be lost.
    """
    if run.journal is None:
        return
    known = {(number, n_resources) for number, _, n_resources in run.journal.records}
    n_begun = 1 + max((number for number, _ in known), default=-1)
    steps = [Step(candidate, scheduler.resources[0], 0) for candidate in islice(scheduler.new, n_begun)]
    for k, above in enumerate([*scheduler.resources[1:], None]):
        run.train(steps, all_may_fail=True)
        # Before scores are compared: who was promoted early may have fallen behind since, and still needs its networks.
        promoted = [scheduler.promote(step.candidate, k) for step in steps if (step.candidate.number, above) in known]
        _learn(run, scheduler, steps, n_candidates)
        steps = promoted


def _learn(run: Run, scheduler: Scheduler, steps: list[Step], n_candidates: int) -> None:
    for step in steps:
        scheduler.report(step, step.candidate.score)
    run.forget(
        c for c in scheduler.drop(n_candidates) if not (run.keeps_finalists and c.n_resources == run.resource.most)
    )
