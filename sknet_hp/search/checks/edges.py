"""Whether the best candidate is at an edge of the space."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.values import format_params, format_value
from sknet_hp.search.checks.case import SearchCase
from sknet_hp.search.checks.dimensions import find_limits, locate, replace_in_space, widen, write_dimension
from sknet_hp.search.spaces.dimensions import Dimension

NEAR = 0.1
"""The share of a range that counts as its edge."""

FAR = 2 / 3
"""Where on the way to an edge the outer third begins."""

_TOP = 5
"""One in so many candidates, but two at least, is among the good ones."""

_ENOUGH = 8
"""From so many candidates on, their rank correlation can be significant."""

_SIGNIFICANT = 0.05

_CLEAR = 0.5
"""The rank correlation that is asked of fewer candidates."""


class Edge(NamedTuple):
    """A parameter whose best value is at an edge."""

    name: str
    value: Any
    upward: bool
    beyond: bool
    dimension: Dimension
    wider: Dimension


@check("edge_of_space", "the best value is at an edge of the space")
def find_edges(case: SearchCase) -> Iterator[Finding]:
    """Look whether good values lie towards an edge, and whether there is room beyond.

    One value at an edge may be chance. So the median of the best fifth of the
    candidates must lie in the outer third, too, and the rank correlation of values and
    results must be significant at 5 %, or 0.5 of fewer than eight candidates. Nothing
    is said if a candidate outside that third is within one standard error of the best.
    """
    if case.space is None or len(case.ranked) < 3:
        return
    best = case.ranked[0]
    branch = case.space.branches[case.space.find_branch(case.params[best])]
    edges = [edge for name, dimension in branch.items() if (edge := _find_edge(case, name, dimension)) is not None]
    if not edges:
        return
    seen = "; ".join(
        f"{format_params({edge.name: edge.value})} is {'beyond' if edge.beyond else 'at'} the "
        f"{'upper' if edge.upward else 'lower'} edge of {_write_extent(edge.dimension)}"
        for edge in edges
    )
    wider = {edge.name: write_dimension(edge.wider) for edge in edges}
    yield Finding(
        code="edge_of_space",
        severity="warning",
        message=f"The best candidate is {'outside' if all(edge.beyond for edge in edges) else 'at an edge of'} the "
        f"space: {seen}.",
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
    towards = places if upward else 1 - places  # 1 is the edge in question
    if towards[0] < min(1 - NEAR, np.nanmax(towards)):
        return None
    top = np.median(towards[np.isfinite(towards)][: max(2, len(known) // _TOP)])
    if top < FAR or not _goes_up(case, towards) or _is_matched(case, towards):
        return None
    wider = widen(
        dimension, find_limits(case.search.estimator, case.params[case.ranked[0]], name, value), upward=upward
    )
    return None if wider is None else Edge(name, value, upward, bool(towards[0] > 1), dimension, wider)


def _goes_up(case: SearchCase, towards: np.ndarray) -> bool:
    """Return whether results get better towards the edge."""
    known = np.isfinite(towards)
    results = [(case.n_resources[row], case.means[row]) for row in np.array(case.ranked)[known]]
    order = [results.index(result) for result in results]  # from the best on; equal ones have the same place
    if np.ptp(towards[known]) == 0 or np.ptp(order) == 0:
        return False
    result = spearmanr(towards[known], -np.array(order), alternative="greater")
    return bool(result.pvalue < _SIGNIFICANT if known.sum() >= _ENOUGH else result.statistic >= _CLEAR)


def _is_matched(case: SearchCase, towards: np.ndarray) -> bool:
    """Return whether one far from the edge is within a standard error of the best."""
    best = case.ranked[0]
    for row, place in zip(case.ranked, towards, strict=True):
        if row in case.finalists and place < FAR:
            difference, error = case.compare(best, row)
            if difference <= error:
                return True
    return False


def _write_extent(dimension: Dimension) -> str:
    written = write_dimension(dimension)
    if isinstance(written, list):
        return str(sorted(written))
    return f"{format_value(written[0])} to {format_value(written[1])}"
