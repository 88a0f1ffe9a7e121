"""What a search says of itself: checks of its results, one a file."""

from sknet_hp.findings.check import register
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
