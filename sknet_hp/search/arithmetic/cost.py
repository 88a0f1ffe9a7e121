"""What a search will cost."""

from typing import NamedTuple

from sknet_hp.search.arithmetic.brackets import Rung


class Cost(NamedTuple):
    """What a search takes in each split.

    Attributes
    ----------
    candidates, fits : how many there are; a candidate that goes on is fitted again.
    resources : handed out in all.
    at_least : whether the search decides on the way how much more there will be;
        otherwise it is the most.
    """

    candidates: int
    fits: int
    resources: int
    at_least: bool = False


def compute_cost(brackets: list[list[Rung]], *, continued: bool = True) -> Cost:
    """Return what brackets take.

    Candidates go on from where they stopped if `continued`; otherwise they start again
    in each rung.
    """
    return Cost(
        sum(rungs[0].n_candidates for rungs in brackets),
        sum(rung.n_candidates for rungs in brackets for rung in rungs),
        sum(sum_resources(rungs, continued=continued) for rungs in brackets),
    )


def sum_resources(rungs: list[Rung], *, continued: bool = True) -> int:
    """Return the resources that one bracket hands out in all, as in `compute_cost`."""
    total, before = 0, 0
    for rung in rungs:
        total += rung.n_candidates * (rung.n_resources - (before if continued else 0))
        before = rung.n_resources
    return total
