"""Asynchronous successive halving (Li et al. 2020, MLSys, algorithm 2)."""

import os
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
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Candidate, Step
from sknet_hp.search.running.ensemble import FINALISTS
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params


class Scheduler:
    """Decides who trains next, by what has been scored so far.

    It knows nothing of how, where and when steps are trained.

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
        """Return what a free worker should train; None if there is nothing, for now."""
        for k in reversed(range(len(self.rungs) - 1)):
            promotable = self.list_promotable(k)
            if promotable:
                return self.promote(promotable[0], k)
        candidate = next(self.new, None)
        return None if candidate is None else Step(candidate, self.resources[0], 0)

    def list_promotable(self, k: int) -> list[Candidate]:
        """Return the top ⌊|rung k| / η⌋ of rung k that are not promoted yet.

        One that failed would fail again.
        """
        top = self.ranked[k][: floor(len(self.rungs[k]) / self.eta)]
        return [t for t in top if t not in self.promoted[k] and not isnan(self.rungs[k][t])]

    def promote(self, candidate: Candidate, k: int) -> Step:
        """Promote a candidate of rung k, and return its step into the next one."""
        self.promoted[k].add(candidate)
        return Step(candidate, self.resources[k + 1], k + 1)

    def promote_up_to(self, n: int) -> list[Step]:
        """Promote the best into the top rung until it has n that have not failed.

        Their steps are returned; there may be fewer below the top rung.
        """
        if len(self.rungs) == 1:
            return []
        below = len(self.rungs) - 2
        waiting = [c for c in self.ranked[below] if c not in self.promoted[below] and not isnan(self.rungs[below][c])]
        n_there = sum(not isnan(score) for score in self.rungs[-1].values())
        return [self.promote(c, below) for c in waiting[: max(0, n - n_there)]]

    def report(self, step: Step, score: float) -> None:
        """Add the score of a step that has been trained."""
        rung = self.rungs[step.iteration]
        rung[step.candidate] = score
        insort(
            self.ranked[step.iteration],
            step.candidate,
            key=lambda c: (isnan(rung[c]), 0.0 if isnan(rung[c]) else -rung[c], c.number),
        )

    def drop(self, n_candidates: int) -> list[Candidate]:
        """Return those that no rung can promote any more since the last call.

        Those in the top rung are among them.

        Parameters
        ----------
        n_candidates : how many begin in all.
        """
        most = floor(n_candidates / self.eta)  # a rung never has more than all, and a place in it only gets worse
        below = [c for k in range(len(self.rungs) - 1) for c in self.ranked[k][most:] if c not in self.promoted[k]]
        dropped = [c for c in [*below, *self.rungs[-1]] if c not in self.dropped]
        self.dropped.update(dropped)
        return dropped


@document_searcher(
    n_candidates=(
        'int or "auto"',
        'Number of candidates. "auto" is as many as are needed for one to reach `max_resources`. If you give fewer and '
        '`min_resources` is "auto", candidates begin with more resources, so that one still reaches the top.',
    ),
    n_workers=(
        "int or None",
        "Number of candidates that train at the same time, each in all splits. `n_jobs` is the number of cores that "
        "they share. None is `n_candidates / factor`, rounded up.",
    ),
    asynchronous=(
        "bool",
        "By default, steps are trained in waves of `n_workers`, and each wave is decided by the scores of the waves "
        "before: results do not depend on the speed of the machine. If True, the next step is decided as soon as one "
        "has finished, so that no worker of a cluster waits; then results depend on timing.",
    ),
    patience=(
        "int or None",
        "End the search when this many candidates in a row have reached `max_resources` without being better than all "
        "before. This is checked after each wave, or after each step if `asynchronous`.",
    ),
)
class ASHASearchCV(BaseSearcher):
    """Search by successive halving that does not wait for a rung to be full.

    A candidate continues as soon as it is among the best of its rung so far.

    Candidates begin at `min_resources`. Whenever another step can run, the rungs are
    searched from the top for a candidate among the best `1 / factor` of its rung that
    has not continued yet. If there is none, a new candidate begins. The search ends
    when `n_candidates` have begun and none can continue.

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
        n_candidates: int | str = "auto",
        n_workers: int | None = None,
        asynchronous: bool = False,
        resource: str = "auto",
        min_resources: int | str = "auto",
        max_resources: int | str = "auto",
        factor: float = 3,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        initial_candidates: Any = "current",
        target_score: float | None = None,
        patience: int | None = None,
        time_budget: float | None = None,
        journal: str | os.PathLike[str] | None = None,
        checks: Any = True,
        verbose: int = 0,
    ):
        super().__init__(
            estimator,
            param_distributions,
            resource=resource,
            min_resources=min_resources,
            max_resources=max_resources,
            factor=factor,
            scoring=scoring,
            refit=refit,
            cv=cv,
            n_jobs=n_jobs,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            initial_candidates=initial_candidates,
            target_score=target_score,
            patience=patience,
            time_budget=time_budget,
            journal=journal,
            checks=checks,
            verbose=verbose,
        )
        self.n_candidates = n_candidates
        self.n_workers = n_workers
        self.asynchronous = asynchronous

    def _search(self, run: Run, space: Space) -> None:
        eta = to_fraction(self.factor)
        settings, resources = self._plan(run.resource, space)
        self.min_resources_, n = resources[0], len(settings)
        run.announce(Cost(n, n, n * resources[0], at_least=True))
        n_workers = self.n_workers or ceil(n / eta)
        scheduler = Scheduler((run.propose(params) for params in settings), resources, eta)
        if self.asynchronous:
            _resume(run, scheduler, n)
            run.keep_busy(n_workers, scheduler.get_job, lambda step: _learn(run, scheduler, [step], n))
        else:
            _train_in_waves(run, scheduler, n, n_workers)
        if run.keeps_finalists:
            run.train(scheduler.promote_up_to(FINALISTS), all_may_fail=True)

    def _plan(self, resource: Resource, space: Space) -> tuple[list[Params], list[int]]:
        """Return the candidates that begin, and the resources of the rungs."""
        R, r = resource.most, resource.least
        s = count_halvings(R, r, self.factor)
        n = ceil(to_fraction(self.factor) ** s) if self.n_candidates == "auto" else int(self.n_candidates)
        settings = self._draw_settings(space, n, check_random_state(self.random_state))
        if self.min_resources == "auto":
            s = min(s, count_halvings(len(settings), 1, self.factor))
        return settings, list(dict.fromkeys(list_resources(R, r, self.factor, s)))


def _train_in_waves(run: Run, scheduler: Scheduler, n_candidates: int, n_workers: int) -> None:
    """Train as many steps together as there are workers, until there is none."""
    while wave := list(islice(iter(scheduler.get_job, None), n_workers)):
        run.train(wave, all_may_fail=True)
        _learn(run, scheduler, wave, n_candidates)


def _resume(run: Run, scheduler: Scheduler, n_candidates: int) -> None:
    """Do again what a journal knows.

    In another order of events others would be promoted, and what these have been
    trained would be lost.
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
    """Report scores to the scheduler, and let go of networks that it needs no more."""
    for step in steps:
        scheduler.report(step, step.candidate.score)
    run.forget(
        c for c in scheduler.drop(n_candidates) if not (run.keeps_finalists and c.n_resources == run.resource.most)
    )
