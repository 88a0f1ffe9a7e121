"""Whether the best candidate is at an edge of the space."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.search.checks.case import SearchCase, write_value
from sknet_hp.search.checks.dimensions import find_limits, locate, replace_in_space, widen, write_dimension
from sknet_hp.search.spaces.dimensions import Dimension

NEAR = 0.1
"""The share of a range that counts as its edge."""

_TOP = 5
"""One in so many candidates, but three at least, is among the good ones."""

_ENOUGH = 8
"""From so many candidates on, the scores must show which way it goes up."""

_SIGNIFICANT = 0.05


class Edge(NamedTuple):
    """A parameter whose best value is at an edge."""

    name: str
    value: Any
    upward: bool
    dimension: Dimension
    wider: Dimension


@check("edge_of_space", "the best value is at an edge of the space")
def find_edges(case: SearchCase) -> Iterator[Finding]:
    """Look whether good values lie towards an edge, and whether there is room beyond.

    One value at an edge may be chance. So must be, on its side, the middle one of the
    best fifth of the candidates, and from eight candidates on the rank correlation of
    values and results must be significant at 5 %.
    """
    if case.space is None or len(case.ranked) < 3:
        return
    best = case.ranked[0]
    branch = case.space.branches[case.space.find_branch(case.params[best])]
    edges = [edge for name, dimension in branch.items() if (edge := _find_edge(case, name, dimension)) is not None]
    if not edges:
        return
    seen = "; ".join(
        f"{edge.name}={write_value(edge.value)} is at the {'upper' if edge.upward else 'lower'} edge of "
        f"{_write_extent(edge.dimension)}"
        for edge in edges
    )
    wider = {edge.name: write_dimension(edge.wider) for edge in edges}
    yield Finding(
        code="edge_of_space",
        severity="warning",
        message=f"The best candidate is at an edge of the space: {seen}.",
        evidence={
            edge.name: {"best": edge.value, "edge": "upper" if edge.upward else "lower", "wider": wider[edge.name]}
            for edge in edges
        },
        advice=f"Better values may lie beyond. Search again with "
        f"{', '.join(f'{name}: {space!r}' for name, space in wider.items())}.",
        remedy={case.space_name: replace_in_space(getattr(case.search, case.space_name), branch, wider)},
    )


def _find_edge(case: SearchCase, name: str, dimension: Dimension) -> Edge | None:
    """Return on which side the best value of a parameter is at an edge, if it is."""
    value = case.params[case.ranked[0]].get(name)
    places = np.array([locate(dimension, case.params[row].get(name)) for row in case.ranked])
    known = places[np.isfinite(places)]
    if np.isnan(places[0]) or len(known) < 3:
        return None
    upward = bool(places[0] > 0.5)
    towards = known if upward else 1 - known  # 1 is the edge in question
    if towards[0] < min(1 - NEAR, towards.max()):
        return None
    top = np.median(towards[: max(3, len(towards) // _TOP)])
    if top < 2 / 3 or not _goes_up(towards):
        return None
    wider = widen(
        dimension, find_limits(case.search.estimator, case.params[case.ranked[0]], name, value), upward=upward
    )
    return None if wider is None else Edge(name, value, upward, dimension, wider)


def _goes_up(towards: np.ndarray) -> bool:
    """Return whether results get better towards the edge; they are from the best on."""
    if len(towards) < _ENOUGH or np.ptp(towards) == 0:
        return True
    result = spearmanr(towards, -np.arange(len(towards)), alternative="greater")
    return bool(result.pvalue < _SIGNIFICANT)


def _write_extent(dimension: Dimension) -> str:
    written = write_dimension(dimension)
    if isinstance(written, list):
        return str(sorted(written))
    return f"{write_value(written[0])} to {write_value(written[1])}"
