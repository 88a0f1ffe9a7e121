import numpy as np
import pytest
from scipy.stats import loguniform, uniform

from sknet_hp.report.scales import Scale, choose_scale, write_value
from tests.helpers.evaluations import make_search


def choose(space, values):
    return choose_scale(
        make_search([{"p": value} for value in values], np.arange(len(values)), space=space), "p", values
    )


@pytest.mark.parametrize(
    ("dimension", "values", "kind"),
    [
        ((1e-4, 1e-1, "log-uniform"), [1e-3, 2e-3], "log"),
        (loguniform(1e-4, 1e-1), [1e-3, 2e-3], "log"),
        ((0.0, 0.5), [0.1, 0.2], "linear"),
        (uniform(0, 100), [0.1, 90.0], "linear"),
        ([32, 64, 128], [32, 64, 128], "category"),
        (list(range(1, 200)), list(range(1, 200)), "log"),
        (["relu", "tanh"], ["relu", "tanh"], "category"),
        ([0.1, None], [0.1, None], "category"),
        ([True, False], [True, False], "category"),
    ],
)
def test_the_scale_is_that_of_the_space(dimension, values, kind):
    assert choose({"p": dimension}, values).kind == kind


def test_without_a_space_the_numbers_say_it():
    assert choose(None, list(np.geomspace(1e-4, 1, 20))).kind == "log"
    assert choose(None, list(np.linspace(0, 1, 20))).kind == "linear"


def test_what_candidates_do_not_have_has_no_place():
    assert choose({"p": (0.0, 1.0)}, [0.5, float("nan")]).kind == "linear"
    places = Scale("category", ("relu", "tanh")).place(["tanh", float("nan"), "relu"])
    assert np.isnan(places[1])
    assert places[[0, 2]].tolist() == [1, 0]


def test_categories_that_are_numbers_stand_in_their_order():
    assert choose({"p": [128, 32, 64]}, [128, 32, 64]).categories == ("32", "64", "128")


def test_axes_are_even_as_they_are_drawn():
    assert Scale("log").normalise(np.array([1.0, 10.0, 100.0])).tolist() == pytest.approx([0, 0.5, 1])
    assert Scale("linear").normalise(np.array([2.0, 2.0])).tolist() == [0, 0]


def test_values_are_short():
    assert [write_value(value) for value in ((64, 32), (), 0.123456, 3.0, None)] == [
        "64 · 32", "none", "0.1235", "3", "None",
    ]  # fmt: skip
    assert len(write_value("x" * 100)) == 24
