import numpy as np
import pandas as pd
import pytest

from sknet_hp.report.parameters import ParameterAxis
from sknet_hp.report.scales import find_floor, list_ticks, number_splits, wrap_name

RATE = ParameterAxis("lr", "lr", "log", 1e-5, 1.0)
KIND = ParameterAxis("kind", "kind", "choice", choices=("a", "b"))


def test_one_terrible_score_is_cut_off_and_many_bad_ones_are_not():
    good = np.linspace(0.8, 0.9, 19)
    assert find_floor(pd.Series([*good, -1e9, np.nan])) > 0
    assert find_floor(pd.Series([*good, *np.zeros(9)])) == 0
    assert find_floor(pd.Series(good)) == 0.8
    with pytest.raises(ValueError, match="all candidates of this search failed"):
        find_floor(pd.Series([np.nan]))


def test_ticks_are_round_numbers_within_the_axis():
    assert [label for _, label in list_ticks(RATE)] == ["1e-05", "0.0001", "0.001", "0.01", "0.1", "1"]
    assert [label for _, label in list_ticks(ParameterAxis("n", "n", "log", 8, 64, integer=True))] == ["10", "20", "50"]
    assert [label for _, label in list_ticks(ParameterAxis("n", "n", "linear", 1, 4, integer=True))] == list("1234")
    assert [label for _, label in list_ticks(ParameterAxis("n", "n", "log", 900, 2e5))][:2] == ["1,000", "10,000"]
    assert list_ticks(KIND) == [(0.25, "a"), (0.75, "b")]


def test_long_names_are_broken_at_a_word():
    assert wrap_name("learning_rate_of_the_last_layer") == "learning_rate_\nof_the_last_layer"
    assert wrap_name("width") == "width"


def test_of_many_choices_some_are_named():
    axis = ParameterAxis("n", "n", "choice", choices=tuple(map(str, range(31))))
    assert [label for _, label in list_ticks(axis)] == [str(k) for k in range(0, 31, 3)]


def test_splits_are_numbered_or_else_their_repeats():
    few = pd.DataFrame({"repeat": [0, 0, 1, 1], "fold": [0, 1, 0, 1]})
    assert number_splits(few, np.array([0, 1, 3, 4])) == ([0, 1, 3, 4], ["0", "1", "0", "1"])
    many = pd.DataFrame({"repeat": np.repeat([0, 1, 2], 10), "fold": list(range(10)) * 3})
    assert number_splits(many, np.arange(30)) == ([4.5, 14.5, 24.5], ["repeat 0", "repeat 1", "repeat 2"])
    alone = pd.DataFrame({"repeat": 0, "fold": range(60)})
    assert number_splits(alone, np.arange(60))[1] == [str(k) for k in range(0, 60, 3)]
