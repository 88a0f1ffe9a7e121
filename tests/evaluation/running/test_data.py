"""What an evaluation is made on."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.evaluation.running.data import read_data


def test_rows_keep_what_they_came_with():
    data = read_data(np.zeros((4, 1)), [0, 1, 0, 1], groups=list("abab"))
    assert data.n_rows == 4
    found = data.select_metadata(np.array([1, 2]), ["groups", "sample_weight"])
    assert {name: part.tolist() for name, part in found.items()} == {"groups": ["b", "a"]}


@pytest.mark.parametrize(
    ("more", "message"),
    [({"groups": [1, 2]}, "inconsistent"), ({"sample_weight": [[1, 1]] * 4}, "one value for each row")],
)
def test_lengths_must_agree(more, message):
    with pytest.raises(ValueError, match=message):
        read_data(np.zeros((4, 1)), [0, 1, 0, 1], **more)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1.0, np.nan, 2.0, np.nan], "groups are missing in 2 of 4 rows, the first of which is row 1"),
        (np.array(["a", None, "b", "b"], dtype=object), "groups are missing in 1 of 4"),
        (np.array(["a", 1, "b", 1], dtype=object), "groups must be of one type, such as all text; got int, str"),
        ("person", "groups must have one value for each row, got 'person'"),
    ],
)
def test_groups_that_are_none(groups, message):
    with pytest.raises(ValueError, match=message):
        read_data(np.zeros((4, 1)), [0, 1, 0, 1], groups=groups)


@pytest.mark.parametrize("weights", [[1, 1, 1, -1], [0, 0, 0, 0], [1, 1, np.nan, 1], [1, np.inf, 1, 1], list("abcd")])
def test_weights_that_are_none(weights):
    with pytest.raises(ValueError, match="sample_weight must be finite numbers of at least 0, and not all of them 0"):
        read_data(np.zeros((4, 1)), [0, 1, 0, 1], sample_weight=weights)


def test_a_name_is_no_target():
    with pytest.raises(TypeError, match="y must be the values to predict, one for each row; got 'price'"):
        read_data(np.zeros((4, 1)), "price")


@pytest.mark.parametrize(
    "y",
    [
        [0.0, np.nan, 1.0, np.nan],
        ["a", None, "b", np.nan],
        pd.Series(["a", None, "b", None]),
        [[0, 1], [np.nan, 1]] * 2,
    ],
)
def test_targets_that_are_missing_are_refused(y):
    with pytest.raises(ValueError, match="y is missing in 2 of 4 rows, the first of which is row 1"):
        read_data(np.zeros((4, 1)), y)
