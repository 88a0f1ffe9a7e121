from dataclasses import replace

import numpy as np
import pytest

from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.checks.rungs import find_disagreement
from tests.helpers.curves import Curve, draw_table
from tests.helpers.search_cases import EPOCHS, make_case

X, y = draw_table()


def check(early, late, resource=EPOCHS):
    """All candidates in the first rung, the first ones in the second."""
    n, m = len(early), len(late)
    return list(
        find_disagreement(
            make_case(
                [*early, *late],
                candidate=np.array([*range(n), *range(m)]),
                n_resources=np.array([1] * n + [9] * m),
                resource=resource,
            )
        )
    )


def test_the_order_turns_round():
    [finding] = check(np.arange(20) / 20, -np.arange(7) / 7)
    assert finding.evidence["rank_correlation"] == pytest.approx(-1)
    assert finding.remedy == {"min_resources": 9}
    assert "after 1 epoch" in finding.message


def test_the_order_stays():
    assert not check(np.arange(20) / 20, np.arange(7) / 7)


def test_too_few_or_all_the_same():
    assert not check(np.arange(20) / 20, -np.arange(5) / 5)
    assert not check(np.ones(20), -np.arange(7) / 7)
    assert not check(np.arange(20) / 20, [np.nan] * 7)


def test_where_nobody_is_dropped():
    assert not check(np.arange(20) / 20, -np.arange(7) / 7, replace(EPOCHS, in_rungs=False))


class Crossing(Curve):
    """Who is first after an epoch is last after three."""

    def score(self, X, y):
        return float(self.index if self.n_iter_ < 3 else -self.index)


def test_in_a_search():
    search = HalvingSearchCV(Crossing(max_epochs=27), {"index": list(range(27))}, cv=2, random_state=0, min_resources=1)
    search.fit(X, y)
    [finding] = search.findings_.of("rungs_disagree")
    assert finding.apply(search).min_resources == 3
