"""Searches led by a model of the scores.

Its proposals come in batches, which are all trained to the end, or fill Hyperband's
brackets.
"""

import os
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from sknet_hp.search.arithmetic.brackets import Rung, plan_hyperband, widen_first_bracket
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.initial import list_initial
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Candidate, Step
from sknet_hp.search.proposals.proposer import Model, Proposer, fill_failed, select_comparable
from sknet_hp.search.running.run import Run
from sknet_hp.search.searchers.halving import halve
from sknet_hp.search.spaces.space import Space

document_model_based = document_searcher(
    n_candidates=(
        "int",
        "Number of candidates, including `initial_candidates`. There are fewer if the space has fewer. No candidate is "
        "trained twice: if a proposal is already known, the model is told its score again and asked for another; "
        "after several attempts, one is drawn at random. Ignored with `multi_fidelity`.",
    ),
    n_points=("int", "Number of candidates that are proposed and trained together."),
    multi_fidelity=(
        "bool",
        "If True, not every candidate is trained up to `max_resources`: proposals fill Hyperband's brackets, one after "
        "the other. The model learns from the scores at the highest resource that ten candidates have reached.",
    ),
    min_resources=(
        'int or "auto"',
        'Resource of the first rung, with `multi_fidelity`. "auto" leaves room for three rungs above it. For rows, it '
        "is two for each class and split.",
    ),
    max_resources=(
        'int or "auto"',
        'Resource of every candidate, or, with `multi_fidelity`, of the last rung. "auto" is the value of the '
        "estimator, or all rows of the smallest training split.",
    ),
    factor=(
        "float",
        "With `multi_fidelity`, the best 1 / `factor` of a rung continue, to `factor` times the resource. It must be "
        "above 1. Hyperband's η.",
    ),
)
"""Writes the docstring of a search that is led by a model."""


class ModelBasedSearcher(BaseSearcher):
    """What searches that are led by a model share; subclasses say which model."""

    _proposes_by_scores = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearcher._parameter_constraints,
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "multi_fidelity": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: int = 32,
        n_points: int = 8,
        multi_fidelity: bool = False,
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
        self.n_points = n_points
        self.multi_fidelity = multi_fidelity

    def _make_model(self, space: Space, seed: int) -> Model:
        """Return a model that knows nothing yet."""
        raise NotImplementedError

    def _search(self, run: Run, space: Space) -> None:
        rng, initial = check_random_state(self.random_state), list_initial(self, space)
        proposer = Proposer(run, space, initial, rng)
        if self.multi_fidelity:
            brackets = plan_hyperband(run.resource.most, run.resource.least, self.factor)
            brackets = self._settle_brackets(run, widen_first_bracket(brackets, len(initial)))
            self._fill_brackets(run, space, brackets, proposer, rng)
        else:
            n = max(self.n_candidates, len(initial))
            n_outside = sum(not space.has(params) for params in initial)
            n_known = n if space.size is None else min(n, space.size + n_outside)
            run.announce(Cost(n_known, n_known, n_known * run.resource.most))
            # An integer is the model's own seed, so that its library gives the same proposals by itself.
            seed = self.random_state if isinstance(self.random_state, Integral) else rng.randint(2**31 - 1)
            self._train_all(run, n, proposer, self._make_model(space, int(seed)))

    def _train_all(self, run: Run, n_candidates: int, proposer: Proposer, model: Model) -> None:
        """Train every candidate to the end, batch by batch."""
        scores: dict[Candidate, float] = {}
        while len(run.candidates) < n_candidates:
            batch = proposer.propose(model, int(min(self.n_points, n_candidates - len(run.candidates))), scores)
            run.train([Step(candidate, run.resource.most, 0) for candidate in batch], all_may_fail=True)
            if not batch:
                break
            if not run.keeps_finalists:
                run.forget(batch)
            scores = fill_failed({candidate: candidate.score for candidate in run.candidates})
            proposer.tell(model, scores)

    def _fill_brackets(
        self, run: Run, space: Space, brackets: list[list[Rung]], proposer: Proposer, rng: np.random.RandomState
    ) -> None:
        """Train Hyperband's brackets one after another, each with a model's proposals.

        The model learns from the brackets before, as in BOHB (Falkner et al. 2018).
        """
        for s, rungs in enumerate(brackets):
            candidates: list[Candidate] = []
            while len(candidates) < rungs[0].n_candidates:
                scores = select_comparable(run.rows, run.metric, s)
                model = self._make_model(space, int(rng.randint(2**31 - 1)))
                model.tell([candidate.params for candidate in scores], list(scores.values()))
                batch = proposer.propose(
                    model, int(min(self.n_points, rungs[0].n_candidates - len(candidates))), scores, s
                )
                if not batch:
                    break
                run.train([Step(candidate, rungs[0].n_resources, 0) for candidate in batch], all_may_fail=True)
                candidates += batch
            if candidates:
                halve(run, candidates, rungs, first=1)
