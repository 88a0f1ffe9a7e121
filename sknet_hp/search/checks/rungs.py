"""Whether the first rung knows who will be good."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import spearmanr

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_amount
from sknet_hp.search.checks.case import SearchCase

ENOUGH = 6
"""So few candidates in both rungs say nothing about their order."""

AGREES = 0.2
"""The rank correlation from which on rungs agree.

Those who go on are alike, so it is low even where the first rung is of use.
"""


@check("rungs_disagree", "the first rung says little about the end")
def find_disagreement(case: SearchCase) -> Iterator[Finding]:
    """Compare the order of candidates in the first rung with that in a later one.

    The later one is the last that has at least six candidates of the first.
    """
    resource = case.resource
    if resource is None or not resource.in_rungs:
        return
    levels = sorted(set(map(int, case.n_resources)))
    first = {int(case.candidate[row]): row for row in np.flatnonzero(case.n_resources == levels[0])}
    for level in reversed(levels[1:]):
        pairs = [
            (case.means[first[number]], case.means[row])
            for row in np.flatnonzero(case.n_resources == level)
            if (number := int(case.candidate[row])) in first
        ]
        pairs = [pair for pair in pairs if not np.isnan(pair).any()]
        if len(pairs) < ENOUGH:
            continue
        early, late = np.array(pairs).T
        if np.ptp(early) == 0 or np.ptp(late) == 0:
            return
        correlation = float(spearmanr(early, late).statistic)
        if correlation < AGREES:
            yield _write_finding(resource.unit, levels, level, len(pairs), correlation)
        return


def _write_finding(unit: str, levels: list[int], later: int, n: int, correlation: float) -> Finding:
    return Finding(
        code="rungs_disagree",
        severity="warning",
        message=f"The order of {n} candidates after {format_amount(levels[0], unit)} says little about that after "
        f"{format_amount(later, unit)} (rank correlation {correlation:.2f}): the first rung is too early, and may have "
        f"dropped good candidates.",
        evidence={
            "first_rung": levels[0],
            "later_rung": later,
            "n_candidates": n,
            "rank_correlation": correlation,
        },
        advice=f"Start higher, with min_resources={levels[1]}. There is then room for fewer candidates.",
        remedy={"min_resources": levels[1]},
    )
