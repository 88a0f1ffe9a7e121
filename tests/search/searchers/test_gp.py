"""The Gaussian process proposes what scikit-optimize's does."""

import pytest
import skopt

from sknet_hp.search import GPSearchCV
from tests.helpers.formulas import LR, compute_value, fit_search, list_candidates

pytestmark = pytest.mark.timeout(110)


def test_the_gaussian_process_asks_once_for_one():
    """A single proposal is the optimizer's own; to have it lie to itself took two more
    fits of the process.
    """
    optimizer = skopt.Optimizer(
        [skopt.space.Real(1e-6, 1.0, prior="log-uniform"), skopt.space.Integer(4, 256)], random_state=3
    )
    expected = []
    for _ in range(12):
        lr, width = optimizer.ask()
        optimizer.tell([lr, width], -compute_value(lr=lr, width=width))
        expected.append({"lr": float(lr), "width": int(width)})
    assert (
        list_candidates(
            fit_search(GPSearchCV, {"lr": LR, "width": (4, 256)}, n_candidates=12, n_points=1, random_state=3)
        )
        == expected
    )


def test_the_gaussian_process_is_scikit_optimizes():
    optimizer = skopt.Optimizer(
        [skopt.space.Real(1e-6, 1.0, prior="log-uniform"), skopt.space.Integer(4, 256)], random_state=3
    )
    expected = []
    for _ in range(4):
        batch = [{"lr": float(lr), "width": int(width)} for lr, width in optimizer.ask(4)]
        optimizer.tell([list(params.values()) for params in batch], [-compute_value(**params) for params in batch])
        expected += batch
    assert (
        list_candidates(fit_search(GPSearchCV, {"lr": LR, "width": (4, 256)}, n_candidates=16, random_state=3))
        == expected
    )


def test_the_gaussian_process_is_better_than_random_by_far():
    ours = fit_search(GPSearchCV, {"lr": LR, "dropout": (0.0, 0.9)}, n_candidates=20, n_points=5)
    assert ours.best_score_ > -0.01, "a median random search of 32 comes to -0.08"
