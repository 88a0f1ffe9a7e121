"""Searches that tests of trackers log."""

import pytest
from sklearn.datasets import load_iris

from sknet_hp.search import HalvingSearchCV
from tests.helpers.small_searches import make_network_search

X, y = load_iris(return_X_y=True)


def make_finished_search() -> HalvingSearchCV:
    """Two rungs; some candidates are dropped, and one fails."""
    search = make_network_search(
        space={"lr": [1e-3, 1e-2, 0.1], "module": ["mlp", "nonsense"]},
        n_candidates=4,
        random_state=1,
        min_resources=4,
        max_resources=8,
        checks=False,
    )
    with pytest.warns(match="fits failed"):
        return search.fit(X, y)
