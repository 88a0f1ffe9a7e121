"""Hyperband (Li et al. 2018)."""

from itertools import islice
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknet_hp.search.arithmetic.brackets import plan_hyperband, widen_first_bracket
from sknet_hp.search.candidates import Step, rank
from sknet_hp.search.descriptions import document_searcher
from sknet_hp.search.searchers.base import BaseSearcher, Run, Space


@document_searcher()
class HyperbandSearchCV(BaseSearcher):
    """Hyperband: brackets of successive halving, from many candidates with few epochs
    each to few candidates with all epochs.

    Nobody knows beforehand after how many epochs scores say something about the end;
    each bracket is another guess. With R the maximum resource, r the minimum, η the
    factor and s_max = ⌊log_η(R / r)⌋, there is a bracket for each s from s_max down to
    0: n = ⌈(s_max + 1) / (s + 1) · η^s⌉ candidates, of which ⌊n / η^i⌋ reach ⌊R / η^(s
    − i)⌋. R = 81, r = 1 and η = 3 are 143 candidates and 1,581 epochs for each split;
    `min_resources="auto"` makes r = 3, and 49 candidates. Rungs of different brackets
    that have the same resource are trained together. Where a space of choices has fewer
    settings than that, the first brackets have them.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar, "Hyperband: a novel
    bandit-based approach to hyperparameter optimization", JMLR 18, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import HyperbandSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = HyperbandSearchCV(net, space, random_state=0).fit(X, y)
    >>> search.n_candidates_
    17
    """

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
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
        brackets = self._settle_brackets(
            run,
            widen_first_bracket(
                plan_hyperband(run.resource.most, run.resource.least, self.factor), len(self._list_initial(space))
            ),
        )
        n = sum(rungs[0].n_candidates for rungs in brackets)
        settings = iter(self._draw_settings(space, n, check_random_state(self.random_state)))
        alive = [
            [run.propose(params, s) for params in islice(settings, rungs[0].n_candidates)]
            for s, rungs in enumerate(brackets)
        ]
        # From the least resource to the most: what goes on to the same resource is trained at the same time,
        # whichever bracket it is of.
        for n_resources in sorted({rung.n_resources for rungs in brackets for rung in rungs}):
            steps = []
            for s, rungs in enumerate(brackets):
                for iteration, rung in enumerate(rungs):
                    if rung.n_resources != n_resources:
                        continue
                    survivors = rank(alive[s])[: rung.n_candidates] if iteration else alive[s]
                    run.forget(candidate for candidate in alive[s] if candidate not in survivors)
                    alive[s] = survivors
                    steps += [Step(candidate, n_resources, iteration) for candidate in survivors]
            run.train(steps)
