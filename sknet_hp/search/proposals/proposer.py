"""Models that propose candidates, and what they are told of scores."""

from typing import Any, Protocol

import numpy as np

from sknet_hp.search.candidates import Candidate, Row
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params

ENOUGH = 10
"""Scores that a model needs.

TPE and scikit-optimize's Gaussian process both propose at random until they have ten.
"""

_ROUNDS = 3
"""How often a model is asked that proposes known candidates only, before a draw."""

_DRAWS = 10
"""How often it is drawn before a space of whole numbers is taken to be exhausted."""


class Model(Protocol):
    """Proposes parameters, and learns from scores."""

    def ask(self, n: int) -> list[Params]:
        """Return n proposals, to be tried together."""

    def tell(self, params: list[Params], scores: list[float]) -> None:
        """Learn finite scores, of which greater is better.

        They are of proposals or of other parameters; those outside the space say
        nothing.
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
        self._known: dict[tuple[tuple[str, Any], ...] | None, Candidate] = {}
        self._initial = list(initial)
        self._untold: list[tuple[Params, Candidate]] = []

    def propose(self, model: Model, n: int, scores: dict[Candidate, float], bracket: int = 0) -> list[Candidate]:
        """Return up to n candidates, each of them new.

        There are fewer while there are initial ones, and where the space is exhausted.
        A model that proposes what is known is told its score again, which costs
        nothing, and asked again.
        """
        if self._initial:
            given, self._initial = self._initial[:n], self._initial[n:]
            added = [candidate for params in given if (candidate := self._add(params, bracket)) is not None]
            return added or self.propose(model, n, scores, bracket)
        if self._axes.size is not None and len(self._known) + n >= self._axes.size:
            return self._draw(n, bracket)  # all that is left: there is nothing to choose
        fresh: list[Candidate] = []
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
        """Add a candidate and return it, or return None if it is known."""
        key = self._make_key(params)
        if key is not None and key in self._known:
            return None
        candidate = self.run.propose(params, bracket)
        if key is not None:
            self._known[key] = candidate
        self._untold.append((params, candidate))
        return candidate

    def _draw(self, n: int, bracket: int) -> list[Candidate]:
        """Return up to n new candidates at random."""
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

    def _make_key(self, params: Params) -> tuple[tuple[str, Any], ...] | None:
        """Return what equal candidates have in common, None outside the space."""
        point = self._axes.encode(params)
        return None if point is None else tuple(point.items())

    def tell(self, model: Model, scores: dict[Candidate, float]) -> None:
        """Tell a model of all proposals whose scores are there, in their order."""
        told = [(params, candidate) for params, candidate in self._untold if candidate in scores]
        self._untold = [pair for pair in self._untold if pair[1] not in scores]
        model.tell([params for params, _ in told], [scores[candidate] for _, candidate in told])


def select_comparable(rows: list[Row], metric: str, bracket: int = 0) -> dict[Candidate, float]:
    """Return the scores that a model learns from.

    They are those at the highest resource that has enough of them, else at that which
    has most. Candidates of the brackets before `bracket` that were left behind on the
    way there count as the worst: without them the model would see good ones only, and
    would take the worst of the good for what to keep away from.
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
    """Return scores, of which those that failed are as bad as the worst.

    There are none as long as all have failed, for nobody knows then what is bad.
    """
    worst = min((score for score in scores.values() if np.isfinite(score)), default=None)
    if worst is None:
        return {}
    return {candidate: score if np.isfinite(score) else worst for candidate, score in scores.items()}
