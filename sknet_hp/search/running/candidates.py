"""Who is searched among: settings with their networks, what each has reached, and who
goes on how far.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sknet_hp.search.running.outcomes import Outcome, score_of


@dataclass(eq=False)
class Candidate:
    """One setting of the parameters, and its networks, one for each split.

    Attributes
    ----------
    number : in the order of proposal.
    params : what was proposed; without the resource.
    bracket : of the search that it belongs to.
    estimators : fitted, one for each split, or None.
    n_resources : what it has reached.
    score : mean over the splits of what the search goes by, at what it has reached; NaN
        if a fit failed.
    history : who was trained, and up to which resource, to get here: the candidate
        itself, after those that it is a copy of.
    parent : whose networks it began with, or None.
    begun : of splits in which a fit has failed, how much of the history was before:
        there it has begun anew, or will.
    """

    number: int
    params: dict[str, Any]
    bracket: int = 0
    estimators: list[Any] = field(default_factory=list)
    n_resources: int = 0
    score: float = np.nan
    history: list[tuple["Candidate", int]] = field(default_factory=list)
    parent: "Candidate | None" = None
    begun: dict[int, int] = field(default_factory=dict)

    def as_of(self, n_resources: int) -> "Candidate":
        """What it was when it had reached so much: the same candidate, whose networks
        must be trained again.
        """
        then = replace(self, estimators=[None] * len(self.estimators), n_resources=n_resources, begun={})
        then.history = [
            (then if past is self else past, reached) for past, reached in self.history if reached <= n_resources
        ]
        return then


class Row(NamedTuple):
    """One row of `cv_results_`."""

    candidate: Candidate
    iteration: int
    n_resources: int
    outcomes: list[Outcome]

    @property
    def failed(self) -> bool:
        """Whether a fit failed, which an `error_score` that is a number hides from the
        scores.
        """
        return any(outcome["fit_error"] is not None for outcome in self.outcomes)

    def score(self, metric: str) -> float:
        """Mean over the splits, NaN if a fit failed, whatever its `error_score`."""
        return np.nan if self.failed else float(np.mean([score_of(outcome, metric) for outcome in self.outcomes]))


class Step(NamedTuple):
    """A candidate to be trained up to `n_resources`, in the so-manieth rung of its
    bracket.
    """

    candidate: Candidate
    n_resources: int
    iteration: int


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """From the best to the worst; those that failed come last, and of equals the one
    proposed first comes first.
    """
    return sorted(candidates, key=lambda c: (np.isnan(c.score), -c.score if not np.isnan(c.score) else 0.0, c.number))
