"""Columns of categories, booleans and text."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.preprocessing import OneHotEncoder

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from tests.helpers.encoding import NAN, encode, list_names_out, make_column


def test_categories_are_one_hot_in_sorted_order():
    X = make_column(["b", "c", "a", "b"])
    np.testing.assert_array_equal(encode(X), [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(encode(X), OneHotEncoder().fit_transform(X).toarray())
    assert list_names_out(X) == ["x0_a", "x0_b", "x0_c"]


def test_unseen_category_is_all_zeros():
    X = make_column(["b", "a"])
    np.testing.assert_array_equal(encode(X, make_column(["c", None, "a"])), [[0, 0], [0, 0], [1, 0]])


def test_rare_categories_share_a_column_with_the_unseen():
    X = make_column(["c"] * 3 + ["a"] + ["d"] * 2 + ["b"])
    assert list_names_out(X, max_categories=2) == ["x0_c", "x0_d", "x0_infrequent"]
    encoded = encode(X, make_column(["c", "d", "a", "b", "new", None]), max_categories=2)
    np.testing.assert_array_equal(encoded, [[1, 0, 0], [0, 1, 0]] + [[0, 0, 1]] * 4)


def test_ties_go_to_the_first_in_sorted_order():
    X = make_column(list("dcbaabcd"))
    assert list_names_out(X, max_categories=3) == ["x0_a", "x0_b", "x0_c", "x0_infrequent"]
    assert list_names_out(X[::-1], max_categories=3) == list_names_out(X, max_categories=3)


def test_as_many_categories_as_allowed_leave_none_infrequent():
    assert list_names_out(make_column(list("abc")), max_categories=3) == ["x0_a", "x0_b", "x0_c"]


def test_weights_decide_which_categories_are_frequent():
    X = make_column(["a", "a", "b"])
    encoder = TableEncoder(max_categories=1)
    encoder.fit_transform(X, [1, 1, 5])
    assert list(encoder.get_feature_names_out()) == ["x0_b", "x0_infrequent"]


def test_missing_is_a_category_of_its_own():
    X = make_column(["a", None, "b", NAN, pd.NA])
    np.testing.assert_array_equal(encode(X), [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    assert list_names_out(X, max_categories=1) == ["x0_a", "x0_infrequent", "x0_missing"]


def test_text_columns_longer_than_a_block():
    cells = np.random.default_rng(0).choice(list("abcde"), 40_000)[:, None]
    np.testing.assert_array_equal(encode(cells), OneHotEncoder().fit_transform(cells).toarray())
    weight = np.ones(40_000)
    np.testing.assert_array_equal(encode(cells, sample_weight=weight), encode(cells))


@pytest.mark.parametrize(
    "X",
    [
        np.array([[True], [False], [True]]),
        make_column([True, False, True]),
        make_column([np.True_, np.False_, np.True_]),
        pd.DataFrame({"x": [True, False, True]}),
        pd.DataFrame({"x": pd.array([True, False, True], dtype="boolean")}),
        pl.DataFrame({"x": [True, False, True]}),
    ],
    ids=["array", "objects", "numpy objects", "pandas", "pandas nullable", "polars"],
)
def test_booleans_are_one_column(X):
    np.testing.assert_array_equal(encode(X), [[1], [0], [1]])
    assert list_names_out(X)[0].endswith("_True")


def test_booleans_with_missing_ones():
    expected = [[1, 0], [0, 1], [0, 0]]
    for cells in ([True, None, False], [True, NAN, False], [True, pd.NA, False]):
        np.testing.assert_array_equal(encode(make_column(cells)), expected)
        np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.Series(cells, dtype=object)})), expected)
    np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.array([True, None, False], dtype="boolean")})), expected)
    np.testing.assert_array_equal(encode(pl.DataFrame({"x": [True, None, False]})), expected)


def test_booleans_may_come_back_as_0_and_1():
    np.testing.assert_array_equal(encode(np.array([[True], [False]]), [[1.0], [0.0]]), [[1], [0]])
    np.testing.assert_array_equal(encode([[1.0], [0.0]], np.array([[True], [False]])), [[1], [-1]])


def test_objects_that_are_all_numbers_are_numeric():
    numbers = [1, 2.5, None, np.int8(4), decimal.Decimal("1.5"), True]
    expected = encode([[1.0], [2.5], [NAN], [4.0], [1.5], [1.0]])
    np.testing.assert_array_equal(encode(make_column(numbers)), expected)
    np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.Series(numbers, dtype=object)})), expected)


def test_numbers_among_strings_are_strings():
    X = make_column(["1", 1, 1.0, "a", 2.5, True])
    assert list_names_out(X) == ["x0_1", "x0_2.5", "x0_True", "x0_a"]
    np.testing.assert_array_equal(encode(X), np.eye(4)[[0, 0, 0, 3, 1, 2]])
    assert list_names_out(X[::-1]) == list_names_out(X)
    np.testing.assert_array_equal(encode(X, np.array([[1.0], [2.5]])), [[1, 0, 0, 0], [0, 1, 0, 0]])


def test_strings_of_digits_are_strings():
    assert list_names_out(make_column(["1", "2"])) == ["x0_1", "x0_2"]
    assert list_names_out([["1", 5], ["2", 6]]) == ["x1", "x0_1", "x0_2"]


def test_string_in_a_column_that_was_numeric_is_an_error():
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"age": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="Column 'age' held only numbers in fit, and now holds the string 'old'"):
        encoder.transform(pd.DataFrame({"age": [1, "old"]}))
    np.testing.assert_array_equal(
        encoder.transform(pd.DataFrame({"age": pd.array([None, None], dtype="string")})), [[0], [0]]
    )


def test_string_in_a_column_that_held_booleans_is_an_error():
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"old": [True, False]}))
    with pytest.raises(ValueError, match="Column 'old' held only booleans in fit, and now holds 'no'"):
        encoder.transform(pd.DataFrame({"old": ["yes", "no"]}))
    with pytest.raises(ValueError, match="Column 'old' held only booleans in fit, and now holds 2"):
        encoder.transform(pd.DataFrame({"old": [2, 1]}))
    for same in (
        [1, 0],
        [1.0, 0.0],
        [True, None],
        np.array([True, False], dtype=object),
        pd.array([True, None], dtype="boolean"),
    ):
        np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"old": same})), [[1], [0]])


def test_categories_of_numbers():
    fit = pd.DataFrame({"x": pd.Categorical([3, 10, None, 3])})
    assert list_names_out(fit) == ["x_3", "x_10", "x_missing"]
    np.testing.assert_array_equal(encode(fit, pd.DataFrame({"x": [10, 4]})), [[0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(encode(fit, pd.DataFrame({"x": [10.0, NAN]})), [[0, 1, 0], [0, 0, 1]])


def test_categories_that_are_neither_strings_nor_numbers_go_by_their_names():
    frame = pd.DataFrame({"x": pd.cut([1.0, 5.0, NAN], [0, 2, 9])})
    assert list_names_out(frame) == ["x_(0.0, 2.0]", "x_(2.0, 9.0]", "x_missing"]
    np.testing.assert_array_equal(encode(frame), np.eye(3))


def test_only_categories_that_occur_count():
    assert list_names_out(pd.DataFrame({"x": pd.Categorical(["a", "b"], categories=list("zab"))})) == ["x_a", "x_b"]
    assert list_names_out(pl.DataFrame({"x": pl.Series(["a", "b"], dtype=pl.Enum(["z", "b", "a"]))})) == ["x_a", "x_b"]


@pytest.mark.parametrize("max_categories", [0, -1])
def test_max_categories_must_be_positive(max_categories):
    with pytest.raises(ValueError, match=f"max_categories must be at least 1, got {max_categories}"):
        TableEncoder(max_categories).fit_transform([["a"]])
