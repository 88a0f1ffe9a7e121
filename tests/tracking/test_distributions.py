"""Spaces as distributions of Optuna."""

from types import SimpleNamespace

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from sknet_hp.tracking.distributions import list_distributions, simplify


def make(space, *candidates):
    return list_distributions(SimpleNamespace(param_distributions=space), candidates)


def test_ranges_keep_bounds_and_scale():
    space = {"lr": (1e-3, 0.1, "log-uniform"), "width": (8, 64), "dropout": (0.0, 0.5)}
    assert make(space, {"lr": 0.01, "width": 9, "dropout": 0.2}) == {
        "lr": FloatDistribution(1e-3, 0.1, log=True),
        "width": IntDistribution(8, 64),
        "dropout": FloatDistribution(0.0, 0.5),
    }


def test_choices_are_what_the_space_has_and_what_was_tried():
    assert make({"a": [1, True, None]}, {"a": 1}, {"a": "x"}) == {"a": CategoricalDistribution([1, True, None, "x"])}


def test_branches_share_one_distribution():
    space = [{"lr": (0.01, 0.1)}, {"lr": (0.2, 0.3)}]
    assert make(space, {"lr": 0.01}) == {"lr": FloatDistribution(0.01, 0.3)}


def test_without_a_space_numbers_range_over_what_was_tried():
    tried = [{"lr": 1e-3, "n": 2}, {"lr": 0.1, "n": 3}]
    assert make(None, *tried) == {"lr": FloatDistribution(1e-3, 0.1, log=True), "n": IntDistribution(2, 3)}


def test_what_a_storage_cannot_hold_is_text():
    assert [simplify(value) for value in (1, None, "a", (8, 8))] == [1, None, "a", "(8, 8)"]
