import math

import pytest
from scipy.stats import loguniform, uniform
from sklearn.model_selection import ParameterSampler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.cli.tuning.candidates import GRID_AXES, count_affordable, count_networks, make_grid, make_random_space
from sknet_hp.search import search_space


@pytest.mark.parametrize("asked", range(1, 60))
def test_grid_has_no_more_points_than_asked_for(asked):
    points = math.prod(len(values) for values in make_grid(asked).values())
    assert asked / 2 < points <= asked


def test_grid_is_never_larger_than_its_axes():
    assert make_grid(10**6) == GRID_AXES


def test_networks_of_nested_cross_validation():
    # outer 5: each 20 candidates on 3 inner folds and a refit; the final search the same once more
    assert count_networks(20, inner=3, outer=5) == 5 * (20 * 3 + 1) + 20 * 3 + 1


@pytest.mark.parametrize("seconds", [0.0, 1.0, 10.0, 33.3, 1000.0])
def test_affordable_candidates_fit_and_one_more_does_not(seconds):
    n = count_affordable(seconds, seconds_per_network=0.1, inner=3, outer=5, asked=10**6)
    if n:
        assert count_networks(n, 3, 5) * 0.1 <= seconds + 1e-9
    assert count_networks(n + 1, 3, 5) * 0.1 > seconds


def test_no_more_candidates_than_asked_for():
    assert count_affordable(1e9, 1e-3, inner=3, outer=5, asked=7) == 7


@pytest.mark.parametrize("Net", [NetClassifier, NetRegressor])
def test_random_candidates_are_of_the_space_of_searches(Net):
    """The space was written twice; seeds give the candidates that they gave then."""
    space = make_random_space(Net())
    assert space.keys() == search_space(Net()).keys()
    before = {
        "lr": loguniform(3e-4, 1e-2),
        "width": [64, 128, 256],
        "n_layers": [1, 2, 3],
        "dropout": uniform(0.0, 0.5),
        "weight_decay": loguniform(1e-6, 1e-1),
    }
    assert list(ParameterSampler(space, 50, random_state=0)) == list(ParameterSampler(before, 50, random_state=0))
