"""Columns of numbers: standardised, with missing ones and weights."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.preprocessing import StandardScaler

from sknet_hp.estimators.encoding.numeric.standardise import LIMIT
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from tests.helpers.encoding import NAN, encode, list_names_out, make_column

# ---- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 1), (50, 3), (8000, 20), (5000, 33), (70_001, 1), (100, 1500), (3, 70_000)]
)
def test_numbers_are_standardised(shape):
    X = np.random.default_rng(0).normal(3.0, 7.0, size=shape)
    np.testing.assert_allclose(encode(X), StandardScaler().fit_transform(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint8", "uint64"])
def test_every_numeric_dtype_is_a_number(dtype):
    X = np.arange(60).reshape(20, 3)
    np.testing.assert_array_equal(encode(X.astype(dtype)), encode(X.astype(np.float64)))


def test_memory_layout_does_not_change_a_bit():
    X = np.random.default_rng(0).normal(size=(9000, 12))
    expected = encode(X)
    for same in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X[::-1].copy()[::-1], X.tolist()):
        np.testing.assert_array_equal(encode(same), expected)
    X.flags.writeable = False
    np.testing.assert_array_equal(encode(X), expected)


def test_input_is_left_as_it_was():
    X = np.array([[1.0, NAN], [2.0, 5.0], [4.0, 1.0]])
    before = X.copy()
    encode(X, sample_weight=[1.0, 2.0, 3.0])
    np.testing.assert_array_equal(X, before)
    cells = make_column(["a", None, NAN])
    encode(cells)
    assert cells[1, 0] is None
    assert cells[2, 0] is NAN


def test_a_mean_far_larger_than_the_spread_costs_no_digits():
    X = 1e12 + np.arange(5.0)[:, None]
    np.testing.assert_allclose(encode(X)[:, 0], (np.arange(5.0) - 2) / np.sqrt(2), rtol=1e-6)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e15 / 3, 1e308])
def test_constant_column_is_exactly_zero(constant):
    X = np.full((70_001, 1), constant)
    np.testing.assert_array_equal(encode(X), np.zeros_like(X))
    np.testing.assert_array_equal(encode(X, sample_weight=np.linspace(0, 1, len(X))), np.zeros_like(X))


def test_a_column_constant_in_training_stays_zero_at_predict():
    np.testing.assert_array_equal(encode([[3.0], [3.0]], [[5.0]]), [[0.0]])


def test_extreme_numbers_stay_finite():
    X = np.array([[1.7e308, 1e200, 1e-300], [-1.7e308, 3e200, 2e-300], [1.6e308, 5e200, 1.5e-300]] * 3000)
    encoded = encode(X)
    np.testing.assert_allclose(encoded[:3, 1], [-np.sqrt(1.5), 0, np.sqrt(1.5)], atol=1e-6)
    np.testing.assert_allclose(encoded[:3, 0], [0.738522, -1.413741, 0.675220], rtol=1e-5)
    assert encode([[0.0], [1.0]], [[1e300], [-1e300]]).tolist() == [[LIMIT], [-LIMIT]]


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_infinity_is_an_error_that_names_the_column(infinity):
    X = np.ones((9000, 3))
    encoder = TableEncoder()
    encoder.fit_transform(X)
    X[8999, 1] = infinity
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    message = r"^Input X contains infinity or a value too large for dtype\('float64'\)\. Column "
    for bad, label in (
        (X, "1"),
        (X.astype(np.float32), "1"),
        (X.astype(object), "1"),
        (frame, "'b'"),
        (pl.from_pandas(frame), "'b'"),
    ):
        with pytest.raises(ValueError, match=message + label):
            TableEncoder().fit_transform(bad)
    with pytest.raises(ValueError, match=message + "1"):
        encoder.transform(X)
    with pytest.raises(ValueError, match=message + "0"):
        TableEncoder().fit_transform(make_column([1, 10**400]))


# ---- missing numbers ------------------------------------------------------------------------------------------------


def test_missing_number_is_the_mean_and_flagged():
    X = np.array([[1.0, 1.0], [NAN, 2.0], [3.0, 3.0]])
    encoded = encode(X)
    np.testing.assert_allclose(encoded, [[-1, -np.sqrt(1.5), 0], [0, 0, 1], [1, np.sqrt(1.5), 0]], rtol=1e-6)
    assert list_names_out(X) == ["x0", "x1", "x0_missing"]


def test_number_missing_only_at_predict_is_the_mean():
    np.testing.assert_array_equal(encode([[1.0], [3.0]], [[NAN], [3.0]]), [[0.0], [1.0]])


def test_flag_is_zero_where_no_block_misses_a_value():
    np.testing.assert_array_equal(encode([[1.0], [NAN], [3.0]], [[3.0]])[:, 1], [0.0])


@pytest.mark.parametrize(
    "X",
    [np.full((3, 1), NAN), pd.DataFrame({"x": [NAN] * 3}), pl.DataFrame({"x": [None] * 3}, schema={"x": pl.Int64})],
    ids=["array", "pandas", "polars"],
)
def test_number_column_all_missing_is_zero_at_predict_too(X):
    X_new = [[7.0]] if isinstance(X, np.ndarray) else type(X)({"x": [7.0]})
    np.testing.assert_array_equal(encode(X), [[0, 1]] * 3)
    np.testing.assert_array_equal(encode(X, X_new), [[0, 0]])


@pytest.mark.parametrize(
    "X",
    [make_column([None, NAN]), pd.DataFrame({"x": [pd.NA] * 2}), pl.DataFrame({"x": [None] * 2})],
    ids=["array", "pandas", "polars"],
)
def test_column_of_no_type_all_missing_takes_anything_at_predict(X):
    assert list_names_out(X)[0].endswith("x_missing") or list_names_out(X)[0].endswith("x0_missing")
    for cell in (1.0, "a", True):
        X_new = make_column([cell]) if isinstance(X, np.ndarray) else type(X)({"x": [cell]})
        np.testing.assert_array_equal(encode(X, X_new), [[0]])


def test_first_numbers_far_down_a_column():
    X = np.random.default_rng(0).normal(1e9, 1.0, size=(80_000, 2))
    X[:79_000, 0] = NAN
    encoded = encode(X)
    np.testing.assert_allclose(encoded[79_000:, 0], StandardScaler().fit_transform(X)[79_000:, 0], atol=1e-5)
    assert encoded[:, 2].sum() == 79_000


def test_every_mark_of_a_missing_number():
    marks = [1.0, None, NAN, pd.NA, pd.NaT, np.float32("nan"), decimal.Decimal("NaN"), 3]
    np.testing.assert_array_equal(encode(make_column(marks))[:, 1], [0, 1, 1, 1, 1, 1, 1, 0])


# ---- weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_weight_k_counts_as_k_rows_and_weight_0_as_none(seed):
    rng = np.random.default_rng(seed)
    n_rows = 5000
    frame = pd.DataFrame(
        {
            "plain": rng.normal(1e6, 1.0, n_rows),
            "gaps": np.where(rng.random(n_rows) < 0.2, NAN, rng.normal(size=n_rows)),
            "city": rng.choice(list("abcdefgh"), n_rows),
            "flag": rng.random(n_rows) < 0.5,
        }
    )
    weight = rng.integers(0, 4, n_rows)
    frame.loc[weight == 0, ["plain", "city"]] = [1e12, "never"]
    weighted, repeated = TableEncoder(max_categories=4), TableEncoder(max_categories=4)
    weighted.fit_transform(frame, weight * 0.7)
    repeated.fit_transform(frame.loc[np.repeat(np.arange(n_rows), weight)])
    assert list(weighted.get_feature_names_out()) == list(repeated.get_feature_names_out())
    X_new = frame[weight > 0]
    np.testing.assert_allclose(weighted.transform(X_new), repeated.transform(X_new), rtol=1e-5, atol=1e-6)


def test_weight_0_leaves_no_flag_and_no_category():
    frame = pd.DataFrame({"x": [NAN, 1.0, 1.0, NAN], "s": [None, "a", "b", "c"], "y": [9.0, 2.0, 2.0, 9.0]})
    encoder = TableEncoder()
    encoded = encoder.fit_transform(frame, [0, 1, 1, 0])
    assert list(encoder.get_feature_names_out()) == ["x", "y", "s_a", "s_b"]
    np.testing.assert_array_equal(encoded[1:3], [[0, 0, 1, 0], [0, 0, 0, 1]])
    np.testing.assert_array_equal(encoded[0], [0, 0, 0, 0])


def test_a_column_present_only_in_rows_of_weight_0_is_zero():
    encoded = encode([[NAN], [5.0], [NAN]], sample_weight=[1, 0, 2])
    np.testing.assert_array_equal(encoded[:, 0], [0, 0, 0])


@pytest.mark.parametrize("weight", [[1, 2, 3], [[1], [1]], [-1, 1], [0, 0], [NAN, 1]])
def test_bad_weight_is_an_error(weight):
    with pytest.raises(ValueError, match="sample_weight"):
        TableEncoder().fit_transform([[1.0], [2.0]], weight)
