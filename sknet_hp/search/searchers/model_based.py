"""Searches led by a model of the scores: batches of proposals, all trained to the end
or filling Hyperband's brackets.
"""

from numbers import Integral
from typing import Any, ClassVar, Protocol

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from sknet_hp.search.arithmetic.brackets import Rung, plan_hyperband, widen_first_bracket
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.candidates import Candidate, Row, Step
from sknet_hp.search.descriptions import document_searcher
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.searchers.base import BaseSearcher, Run, Space
from sknet_hp.search.searchers.halving import halve
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.values import Params

ENOUGH = 10
"""Scores that a model needs: TPE and scikit-optimize's Gaussian process both propose at
random until they have ten.
"""

_ROUNDS = 3
"""How often a model whose proposals are all known is asked again before candidates are
drawn at random.
"""

_DRAWS = 10
"""How often it is drawn before a space of whole numbers is taken to be exhausted."""


document_model_based = document_searcher(
    n_candidates=(
        "int",
        "How many are trained, `initial_candidates` among them; fewer where the space has no more. None is trained "
        "twice: where a proposal is known already, the model is told its score again and asked for another, at last "
        "one is drawn at random. Ignored with `multi_fidelity`.",
    ),
    n_points=("int", "How many are proposed, and trained, together."),
    multi_fidelity=(
        "bool",
        "Train not every candidate up to `max_resources`, but let the proposals fill Hyperband's brackets, one after "
        "the other; the model learns from the scores at the highest resource that has ten of them.",
    ),
    min_resources=(
        'int or "auto"',
        'What the first rung is given, if `multi_fidelity`; "auto" leaves room for three rungs above it; of rows, two '
        "for each class and split.",
    ),
    max_resources=(
        'int or "auto"',
        'What every candidate is given, or, if `multi_fidelity`, those of the last rung; "auto" is what the estimator '
        "has, or all rows of the smallest training split.",
    ),
    factor=(
        "float",
        "Above 1: if `multi_fidelity`, from rung to rung the 1 / `factor` best go on, to `factor` times the resource. "
        "Hyperband's η.",
    ),
    time_budget=(
        "float or None",
        "Seconds after which no further batch, or rung, is begun. The first one is always trained, so that there is a "
        "result. What is found then depends on the machine.",
    ),
)
"""Writes the docstring of a search that is led by a model."""


class Model(Protocol):
    """Proposes parameters, and learns from scores."""

    def ask(self, n: int) -> list[Params]:
        """n proposals, to be tried together."""

    def tell(self, params: list[Params], scores: list[float]) -> None:
        """Learn finite scores, greater is better, of proposals or of other parameters;
        those outside the space say nothing.
        """


class Proposer:
    """Makes a model's proposals candidates, each once.

    Parameters
    ----------
    run, space : of the search.
    initial : parameters that come before all proposals.
    random_state : what is drawn where the model has nothing new.
    """

    def __init__(self, run: Run, space: Space, initial: list[Params], random_state: np.random.RandomState):
        self.run, self.space, self.rng = run, space, random_state
        self._axes = Axes(space)
        self._known: dict[Any, Candidate] = {}
        self._initial = list(initial)
        self._untold: list[tuple[Params, Candidate]] = []

    def propose(self, model: Model, n: int, scores: dict[Candidate, float], bracket: int = 0) -> list[Candidate]:
        """Up to n candidates; fewer while there are initial ones, and where the space
        is exhausted.

        A model that proposes what is known is told its score again, which costs
        nothing, and asked again.
        """
        fresh: list[Candidate] = []
        if self._initial:
            given, self._initial = self._initial[:n], self._initial[n:]
            return [
                candidate for params in given if (candidate := self._add(params, bracket)) is not None
            ] or self.propose(model, n, scores, bracket)
        if self._axes.size is not None and len(self._known) + n >= self._axes.size:
            return self._draw(n, bracket)  # all that is left: there is nothing to choose
        for _ in range(_ROUNDS):
            again: list[tuple[Params, float]] = []
            for params in model.ask(n - len(fresh)):
                candidate = self._add(params, bracket)
                if candidate is not None:
                    fresh.append(candidate)
                elif (known := self._known[self._make_key(params)]) in scores:
                    again.append((params, scores[known]))
                else:
                    self._untold.append((params, known))
            if len(fresh) == n:
                return fresh
            if again:
                model.tell([params for params, _ in again], [score for _, score in again])
        return fresh + self._draw(n - len(fresh), bracket)

    def _add(self, params: Params, bracket: int) -> Candidate | None:
        """A new candidate, or None if it is known."""
        key = self._make_key(params)
        if key is not None and key in self._known:
            return None
        candidate = self.run.propose(params, bracket)
        if key is not None:
            self._known[key] = candidate
        self._untold.append((params, candidate))
        return candidate

    def _draw(self, n: int, bracket: int) -> list[Candidate]:
        """Up to n new candidates at random."""
        drawn: list[Candidate] = []
        for _ in range(_DRAWS):
            # Where all are choices, draws do not repeat: so many hold all the new ones that are wanted, if
            # there are as many.
            for params in self.space.sample(len(self._known) + n, self.rng):
                if len(drawn) < n and (candidate := self._add(params, bracket)) is not None:
                    drawn.append(candidate)
            if len(drawn) == n or len(self._known) == self._axes.size:
                break
        return drawn

    def _make_key(self, params: Params) -> Any:
        point = self._axes.encode(params)
        return None if point is None else tuple(point.items())

    def tell(self, model: Model, scores: dict[Candidate, float]) -> None:
        """Tell all proposals whose scores are there, in the order of proposal."""
        told = [(params, candidate) for params, candidate in self._untold if candidate in scores]
        self._untold = [pair for pair in self._untold if pair[1] not in scores]
        model.tell([params for params, _ in told], [scores[candidate] for _, candidate in told])


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
        self.n_points = n_points
        self.multi_fidelity = multi_fidelity
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

    def _make_model(self, space: Space, seed: int) -> Model:
        """A model that knows nothing yet."""
        raise NotImplementedError

    def _plan_brackets(self, resource: Resource) -> list[list[Rung]]:
        return plan_hyperband(resource.most, resource.least, self.factor)

    def _search(self, run: Run, space: Space) -> None:
        rng, initial = check_random_state(self.random_state), self._list_initial(space)
        proposer = Proposer(run, space, initial, rng)
        if self.multi_fidelity:
            brackets = self._settle_brackets(run, widen_first_bracket(self._plan_brackets(run.resource), len(initial)))
            self._fill_brackets(run, space, brackets, proposer, rng)
        else:
            n = max(self.n_candidates, len(initial))
            n_known = n if space.size is None else min(n, space.size)
            run.announce(Cost(n_known, n_known, n_known * run.resource.most))
            # An integer is the model's own seed, so that its library gives the same proposals by itself.
            seed = self.random_state if isinstance(self.random_state, Integral) else rng.randint(2**31 - 1)
            self._train_all(run, n, proposer, self._make_model(space, int(seed)))

    def _train_all(self, run: Run, n_candidates: int, proposer: Proposer, model: Model) -> None:
        """Every candidate to the end, batch by batch."""
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
        """Hyperband whose candidates are a model's, as in BOHB (Falkner et al. 2018):
        bracket after bracket, each learns from those before.
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


def select_comparable(rows: list[Row], metric: str, bracket: int = 0) -> dict[Candidate, float]:
    """The scores that a model learns from: those at the highest resource that has
    enough of them, else at that which has most.

    Candidates of the brackets before `bracket` that were left behind on the way there
    count as the worst: without them the model would see good ones only, and would take
    the worst of the good for what to keep away from.
    """
    at: dict[int, dict[Candidate, float]] = {}
    for row in rows:
        at.setdefault(row.n_resources, {})[row.candidate] = row.score(metric)
    if not at:
        return {}
    _, resources = max((min(ENOUGH, len(scores)), resources) for resources, scores in at.items())
    behind = {
        row.candidate: np.nan
        for row in rows
        if row.candidate.bracket < bracket and row.candidate.n_resources < resources
    }
    return fill_failed(behind | at[resources])


def fill_failed(scores: dict[Candidate, float]) -> dict[Candidate, float]:
    """Scores of which those that failed are as bad as the worst; none as long as all
    have failed, for nobody knows then what is bad.
    """
    worst = min((score for score in scores.values() if np.isfinite(score)), default=None)
    return (
        {}
        if worst is None
        else {candidate: score if np.isfinite(score) else worst for candidate, score in scores.items()}
    )
