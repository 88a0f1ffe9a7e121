"""The arithmetic of successive halving and Hyperband, in whole numbers: floats lose
brackets (⌊log₃ 243⌋ is 4 in floats).
"""

from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from sknet_hp.search.running.progress import Cost


class Rung(NamedTuple):
    """How many candidates are trained up to which resource."""

    n_candidates: int
    n_resources: int


def exact(factor: float) -> Fraction:
    """A factor as it was written: 2.5 is 5/2."""
    return Fraction(str(factor))


def n_steps(max_resources: int, min_resources: int, factor: float) -> int:
    """The largest s with min_resources · factor^s ≤ max_resources."""
    eta, s = exact(factor), 0
    while min_resources * eta ** (s + 1) <= max_resources:
        s += 1
    return s


def resources_of(max_resources: int, min_resources: int, factor: float, steps: int) -> list[int]:
    """The resources of `steps` + 1 rungs: ⌊R / η^j⌋, at least the least, the last
    exactly R.
    """
    return [max(min_resources, floor(max_resources / exact(factor) ** j)) for j in range(steps, -1, -1)]


def bracket(n_candidates: int, max_resources: int, min_resources: int, factor: float, steps: int) -> list[Rung]:
    """Successive halving of n candidates in `steps` + 1 rungs, each keeping ⌊n / η^i⌋,
    at least one; rungs of equal resources are merged.
    """
    eta = exact(factor)
    rungs: list[Rung] = []
    for i, resources in enumerate(resources_of(max_resources, min_resources, factor, steps)):
        rung = Rung(max(1, floor(n_candidates / eta**i)), resources)
        if rungs and rungs[-1].n_resources == resources:
            continue
        rungs.append(rung)
    return rungs


def hyperband(max_resources: int, min_resources: int, factor: float) -> list[list[Rung]]:
    """All brackets of Hyperband (Li et al. 2018), the most exploring first: n = ⌈(s_max
    + 1) / (s + 1) · η^s⌉ candidates in s + 1 rungs.
    """
    eta, s_max = exact(factor), n_steps(max_resources, min_resources, factor)
    return [
        bracket(ceil(Fraction(s_max + 1, s + 1) * eta**s), max_resources, min_resources, factor, s)
        for s in range(s_max, -1, -1)
    ]


def with_room(brackets: list[list[Rung]], n_candidates: int) -> list[list[Rung]]:
    """Brackets that begin with so many candidates in all, at least: what is too many
    for the first rungs goes to that of the first bracket.
    """
    (first, *later), *others = brackets
    more = n_candidates - sum(rungs[0].n_candidates for rungs in brackets)
    return [[first._replace(n_candidates=first.n_candidates + max(0, more)), *later], *others]


def with_finalists(brackets: list[list[Rung]], n_candidates: int) -> list[list[Rung]]:
    """Brackets of which so many candidates in all, at least, come to the end, as far as
    the last bracket has them to keep from rung to rung.

    It is the last one, so that what a model proposes for the others does not depend on
    it.
    """
    *others, last = brackets
    least = n_candidates - sum(rungs[-1].n_candidates for rungs in others)
    return [
        *others,
        [rung._replace(n_candidates=max(rung.n_candidates, min(least, last[0].n_candidates))) for rung in last],
    ]


def cost(brackets: list[list[Rung]], *, continued: bool = True) -> Cost:
    """What brackets take, with candidates that go on from where they stopped, or begin
    anew in each rung.
    """
    return Cost(
        sum(rungs[0].n_candidates for rungs in brackets),
        sum(rung.n_candidates for rungs in brackets for rung in rungs),
        sum(epochs(rungs, continued=continued) for rungs in brackets),
    )


def epochs(rungs: list[Rung], *, continued: bool = True) -> int:
    """What a bracket trains in all, with candidates that go on from where they stopped,
    or begin anew in each rung.
    """
    total, before = 0, 0
    for rung in rungs:
        total += rung.n_candidates * (rung.n_resources - (before if continued else 0))
        before = rung.n_resources
    return total
