"""All checks of a search at once."""

from collections.abc import Collection

from sknet_hp.findings.check import register, run_checks
from sknet_hp.findings.finding import Findings
from sknet_hp.search.checks.case import SearchCase
from sknet_hp.search.checks.constant import find_no_better_than_constant
from sknet_hp.search.checks.edges import find_edges
from sknet_hp.search.checks.failures import find_failures
from sknet_hp.search.checks.gain import find_no_gain
from sknet_hp.search.checks.improving import find_improvement
from sknet_hp.search.checks.rungs import find_disagreement
from sknet_hp.search.checks.ties import find_near_ties

SEARCH_CHECKS = register(
    find_failures,
    find_no_better_than_constant,
    find_edges,
    find_improvement,
    find_disagreement,
    find_no_gain,
    find_near_ties,
)
"""What a search can say of itself, by code."""


def find_in_search(case: SearchCase, skip: Collection[str] = ()) -> Findings:
    """Return what is found in a search that has ended, perhaps before its time.

    Parameters
    ----------
    case : the search.
    skip : codes of `SEARCH_CHECKS` that are not looked for.
    """
    return run_checks(SEARCH_CHECKS, case, skip)
