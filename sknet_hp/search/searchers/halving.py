"""Successive halving (Karnin et al. 2013; Jamieson & Talwalkar 2016)."""

import os
from math import ceil
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterGrid
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from sknet_hp.search.arithmetic.brackets import Rung, count_halvings, plan_bracket
from sknet_hp.search.arithmetic.exact import to_fraction
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.initial import list_initial
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Candidate, Step, rank
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.dimensions import Choice
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, drop_known


def halve(run: Run, candidates: list[Candidate], rungs: list[Rung], first: int = 0) -> None:
    """Train all candidates a little, the best of them more, and so on.

    Parameters
    ----------
    run, candidates, rungs : of the search; one bracket.
    first : the rung to begin with; candidates have been in those before.
    """
    for iteration, rung in enumerate(rungs[first:], first):
        survivors = rank(candidates)[: rung.n_candidates] if iteration else candidates
        run.forget(candidate for candidate in candidates if candidate not in survivors)
        run.train([Step(candidate, rung.n_resources, iteration) for candidate in survivors])
        candidates = survivors


@document_searcher(
    n_candidates=(
        'int, "auto" or "grid"',
        'Number of candidates. "grid" takes every combination of a space of lists. "auto" takes as many as leave one '
        "at the end.",
    ),
    aggressive_elimination=(
        "bool",
        "If there are too many candidates for the number of rungs, drop more after the first rung, so that fewer than "
        "`factor` reach the last.",
    ),
    patience=(
        "int or None",
        "End the search when in this many rungs in a row, no candidate was better than all in the rungs before: more "
        "resources do not help.",
    ),
)
class HalvingSearchCV(BaseSearcher):
    """Search by successive halving; survivors continue training where they stopped.

    All candidates are trained for a few epochs in each split. The best `1 / factor` of
    them continue to `factor` times as many epochs, and so on up to `max_resources`.
    There are as many rungs as needed to get below `factor` candidates. So if there are
    few candidates, they begin with more than `min_resources`.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    Z. Karnin, T. Koren, O. Somekh, "Almost optimal exploration in multi-armed bandits",
    ICML 2013. K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and
    hyperparameter optimization", AISTATS 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import HalvingSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = HalvingSearchCV(net, space, random_state=0).fit(X, y)
    >>> search.best_params_["max_epochs"]
    9
    """

    _waits_for_rungs = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearcher._parameter_constraints,
        "n_candidates": [*BaseSearcher._parameter_constraints["n_candidates"], StrOptions({"grid"})],
        "aggressive_elimination": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: int | str = "auto",
        resource: str = "auto",
        min_resources: int | str = "auto",
        max_resources: int | str = "auto",
        factor: float = 3,
        aggressive_elimination: bool = False,
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
        self.aggressive_elimination = aggressive_elimination

    def _search(self, run: Run, space: Space) -> None:
        candidates = [run.propose(params) for params in self._list_settings(run.resource, space)]
        [rungs] = self._settle_brackets(run, [self._plan_rungs(len(candidates), run.resource)])
        halve(run, candidates, rungs)

    def _list_settings(self, resource: Resource, space: Space) -> list[Params]:
        """Return the settings of all candidates."""
        if self.n_candidates == "grid":
            return [*(initial := list_initial(self, space)), *drop_known(_list_grid(space), initial)]
        if self.n_candidates == "auto":
            n = ceil(to_fraction(self.factor) ** count_halvings(resource.most, resource.least, self.factor))
        else:
            n = int(self.n_candidates)
        return self._draw_settings(space, n, check_random_state(self.random_state))

    def _plan_rungs(self, n: int, resource: Resource) -> list[Rung]:
        """Return as many rungs as bring n candidates down to fewer than `factor`.

        The last one has all resources. Few candidates need few rungs, and so begin with
        more than the least resource. Many need more rungs than there are resources for:
        then the last one holds more, or, with `aggressive_elimination`, the first rungs
        all have the least resource, which makes one rung of them.
        """
        wanted, possible = count_halvings(n, 1, self.factor), count_halvings(resource.most, resource.least, self.factor)
        steps = wanted if self.aggressive_elimination else min(wanted, possible)
        return plan_bracket(n, resource.most, resource.least, self.factor, steps)


def _list_grid(space: Space) -> list[Params]:
    """Return every combination of a space of choices."""
    if space.size is None:
        raise ValueError(
            "n_candidates='grid' needs a list of choices for each parameter; give a number to draw from distributions"
        )
    choices = [
        {name: choice.values for name, choice in branch.items() if isinstance(choice, Choice)}
        for branch in space.branches
    ]
    return [dict(params) for params in ParameterGrid(choices)]
