"""The arithmetic of successive halving and Hyperband, in whole numbers."""

from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from sknet_hp.search.arithmetic.exact import to_fraction


class Rung(NamedTuple):
    """How many candidates are trained up to which resource."""

    n_candidates: int
    n_resources: int


def count_halvings(max_resources: int, min_resources: int, factor: float) -> int:
    """Return the largest s with min_resources · factor^s ≤ max_resources."""
    eta, s = to_fraction(factor), 0
    while min_resources * eta ** (s + 1) <= max_resources:
        s += 1
    return s


def list_resources(max_resources: int, min_resources: int, factor: float, steps: int) -> list[int]:
    """Return the resources of `steps` + 1 rungs.

    They are ⌊R / η^j⌋, at least the least; the last is exactly R.
    """
    eta = to_fraction(factor)
    return [max(min_resources, floor(max_resources / eta**j)) for j in range(steps, -1, -1)]


def plan_bracket(n_candidates: int, max_resources: int, min_resources: int, factor: float, steps: int) -> list[Rung]:
    """Return the rungs of successive halving of n candidates.

    There are `steps` + 1 rungs, each keeping ⌊n / η^i⌋ candidates, at least one. Of
    rungs with equal resources only the first is kept.
    """
    eta = to_fraction(factor)
    rungs: list[Rung] = []
    for i, resources in enumerate(list_resources(max_resources, min_resources, factor, steps)):
        if not rungs or rungs[-1].n_resources != resources:
            rungs.append(Rung(max(1, floor(n_candidates / eta**i)), resources))
    return rungs


def plan_hyperband(max_resources: int, min_resources: int, factor: float) -> list[list[Rung]]:
    """Return all brackets of Hyperband (Li et al. 2018), the most exploring first.

    Bracket s begins with n = ⌈(s_max + 1) / (s + 1) · η^s⌉ candidates, and has s + 1
    rungs.
    """
    eta, s_max = to_fraction(factor), count_halvings(max_resources, min_resources, factor)
    return [
        plan_bracket(ceil(Fraction(s_max + 1, s + 1) * eta**s), max_resources, min_resources, factor, s)
        for s in range(s_max, -1, -1)
    ]


def widen_first_bracket(brackets: list[list[Rung]], n_candidates: int) -> list[list[Rung]]:
    """Return brackets that begin with at least so many candidates in all.

    Candidates that find no place in the first rungs are added to the first rung of the
    first bracket.
    """
    (first, *later), *others = brackets
    more = n_candidates - sum(rungs[0].n_candidates for rungs in brackets)
    return [[first._replace(n_candidates=first.n_candidates + max(0, more)), *later], *others]


def add_finalists(brackets: list[list[Rung]], n_candidates: int) -> list[list[Rung]]:
    """Return brackets that train at least so many candidates in all to the end.

    They are added to the last bracket, as far as it has them to keep from rung to rung:
    what a model proposes for the other brackets then does not depend on them.
    """
    *others, last = brackets
    least = n_candidates - sum(rungs[-1].n_candidates for rungs in others)
    least = min(least, last[0].n_candidates)
    return [*others, [rung._replace(n_candidates=max(rung.n_candidates, least)) for rung in last]]
