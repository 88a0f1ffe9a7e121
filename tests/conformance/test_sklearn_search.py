"""scikit-learn's own tests of its searches, with ours in their place."""

import pytest

from tests.conformance.suites import run

SUITES = {
    "stock": ("test_search", ["search_adapter"], 140),
    "halving in one rung": ("test_search", ["one_rung_adapter"], 127),
    "halving": ("test_successive_halving", ["halving_adapter"], 42),
}
"""Name: (scikit-learn's module, our plugins, how many tests pass: none may drop out
unseen).
"""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("suite", "plugins", "passing"), SUITES.values(), ids=SUITES)
def test_passes_with_our_searches(suite, plugins, passing):
    ran = run(f"sklearn.model_selection.tests.{suite}", *plugins)
    assert ran.failed == 0, ran.report
    assert ran.passed >= passing, ran.report
