"""Candidates: settings with their networks, what each has reached, and who goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

Outcome = dict[str, Any]
"""What `_fit_and_score` returns of one fit."""

SIZES = ("n_parameters", "n_iter")
"""What a network costs on any machine: its weights, and the epochs trained."""


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
    restarted_at : of splits in which a fit has failed, how many entries of the history
        were before: there it has begun anew, or will.
    """

    number: int
    params: dict[str, Any]
    bracket: int = 0
    estimators: list[Any] = field(default_factory=list)
    n_resources: int = 0
    score: float = np.nan
    history: list[tuple["Candidate", int]] = field(default_factory=list)
    parent: "Candidate | None" = None
    restarted_at: dict[int, int] = field(default_factory=dict)

    @property
    def parent_number(self) -> int:
        """Number of the parent, -1 if there is none."""
        return -1 if self.parent is None else self.parent.number

    def copy_as_of(self, n_resources: int) -> "Candidate":
        """Return what it was when it had reached so much, without its networks."""
        then = replace(self, estimators=[None] * len(self.estimators), n_resources=n_resources, restarted_at={})
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
        """Whether a fit failed; scores do not show it if `error_score` is a number."""
        return any(outcome["fit_error"] is not None for outcome in self.outcomes)

    def score(self, metric: str) -> float:
        """Return the mean over the splits, NaN if a fit failed."""
        return np.nan if self.failed else float(np.mean([read_score(outcome, metric) for outcome in self.outcomes]))


class Step(NamedTuple):
    """A candidate to be trained up to `n_resources`, in rung `iteration`."""

    candidate: Candidate
    n_resources: int
    iteration: int


def read_score(outcome: Outcome, metric: str) -> float:
    """Return the test score of this name, or the first one if there is none."""
    scores = outcome["test_scores"]
    if not isinstance(scores, dict):
        return float(scores)
    return float(scores[metric] if metric in scores else next(iter(scores.values())))


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates from the best to the worst; those that failed come last.

    Of equals the one that was proposed first comes first.
    """
    return sorted(candidates, key=lambda c: (np.isnan(c.score), -c.score if not np.isnan(c.score) else 0.0, c.number))
