"""CMA-ES: when it proposes, where it begins, and that it narrows."""

import numpy as np
import pytest

from sknet_hp.search import CmaEsSearchCV
from tests.helpers.formulas import LR, fit_search, list_candidates

pytestmark = pytest.mark.timeout(110)


def test_cma_es_proposes_from_its_first_batch_on():
    """The normal distribution that the method starts with: around the middle, a sixth
    of the range wide.
    """
    drawn = list_candidates(
        fit_search(CmaEsSearchCV, {"lr": LR, "dropout": (0.0, 1.0)}, n_candidates=200, n_points=200)
    )
    units = np.array([[np.log10(params["lr"]) / 6 + 1, params["dropout"]] for params in drawn])
    assert np.allclose(units.mean(axis=0), 0.5, atol=0.04)
    assert np.allclose(units.std(axis=0), 1 / 6, atol=0.03)


def test_cma_es_moves_and_narrows():
    drawn = list_candidates(fit_search(CmaEsSearchCV, {"lr": LR, "dropout": (0.0, 1.0)}, n_candidates=96, n_points=8))
    logs = np.log10([params["lr"] for params in drawn])
    assert abs(logs[-16:].mean() + 2.3) < 0.4
    assert logs[-16:].std() < logs[:16].std() / 2


def test_cma_es_begins_at_a_good_guess():
    near = list_candidates(
        fit_search(
            CmaEsSearchCV,
            {"lr": LR, "dropout": (0.0, 1.0)},
            n_points=30,
            n_candidates=32,
            initial_candidates=[{"lr": 1e-5, "dropout": 0.8}],
        )
    )
    units = np.array([[np.log10(params["lr"]) / 6 + 1, params["dropout"]] for params in near[1:]])
    assert np.allclose(np.median(units, axis=0), [1 / 6, 0.8], atol=0.08)
