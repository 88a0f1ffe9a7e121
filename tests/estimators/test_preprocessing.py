import datetime
import decimal
import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, check_X_y

from sknet_hp.estimators.preprocessing import TableEncoder
from sknet_hp.estimators.standardise import LIMIT

NAN = np.nan


def encode(X, X_new=None, sample_weight=None, **parameters):
    encoder = TableEncoder(**parameters)
    encoded = encoder.fit_transform(X, sample_weight)
    assert encoded.dtype == np.float32
    assert encoded.flags.c_contiguous
    assert np.isfinite(encoded).all()
    assert encoded.shape == (len(X), len(encoder.get_feature_names_out()))
    np.testing.assert_array_equal(encoder.transform(X), encoded)
    if X_new is None:
        return encoded
    encoded_new = encoder.transform(X_new)
    assert encoded_new.dtype == np.float32
    assert np.isfinite(encoded_new).all()
    return encoded_new


def one_column(values):
    column = np.empty((len(values), 1), dtype=object)
    column[:, 0] = values
    return column


def names_out(X, **parameters):
    encoder = TableEncoder(**parameters)
    encoder.fit_transform(X)
    return list(encoder.get_feature_names_out())


# Numbers


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (50, 3), (8000, 20), (5000, 33), (70_001, 1), (100, 1500), (3, 70_000)])
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
    cells = one_column(["a", None, NAN])
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
    for bad, label in ((X, "1"), (X.astype(np.float32), "1"), (X.astype(object), "1"), (frame, "'b'"), (pl.from_pandas(frame), "'b'")):
        with pytest.raises(ValueError, match=message + label):
            TableEncoder().fit_transform(bad)
    with pytest.raises(ValueError, match=message + "1"):
        encoder.transform(X)
    with pytest.raises(ValueError, match=message + "0"):
        TableEncoder().fit_transform(one_column([1, 10**400]))


# Missing numbers


def test_missing_number_is_the_mean_and_flagged():
    X = np.array([[1.0, 1.0], [NAN, 2.0], [3.0, 3.0]])
    encoded = encode(X)
    np.testing.assert_allclose(encoded, [[-1, -np.sqrt(1.5), 0], [0, 0, 1], [1, np.sqrt(1.5), 0]], rtol=1e-6)
    assert names_out(X) == ["x0", "x1", "x0_missing"]


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
    "X", [one_column([None, NAN]), pd.DataFrame({"x": [pd.NA] * 2}), pl.DataFrame({"x": [None] * 2})], ids=["array", "pandas", "polars"]
)
def test_column_of_no_type_all_missing_takes_anything_at_predict(X):
    assert names_out(X)[0].endswith("x_missing") or names_out(X)[0].endswith("x0_missing")
    for cell in (1.0, "a", True):
        X_new = one_column([cell]) if isinstance(X, np.ndarray) else type(X)({"x": [cell]})
        np.testing.assert_array_equal(encode(X, X_new), [[0]])


def test_first_numbers_far_down_a_column():
    X = np.random.default_rng(0).normal(1e9, 1.0, size=(80_000, 2))
    X[:79_000, 0] = NAN
    encoded = encode(X)
    np.testing.assert_allclose(encoded[79_000:, 0], StandardScaler().fit_transform(X)[79_000:, 0], atol=1e-5)
    assert encoded[:, 2].sum() == 79_000


def test_every_mark_of_a_missing_number():
    marks = [1.0, None, NAN, pd.NA, pd.NaT, np.float32("nan"), decimal.Decimal("NaN"), 3]
    np.testing.assert_array_equal(encode(one_column(marks))[:, 1], [0, 1, 1, 1, 1, 1, 1, 0])


# Weights


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


# Categories


def test_categories_are_one_hot_in_sorted_order():
    X = one_column(["b", "c", "a", "b"])
    np.testing.assert_array_equal(encode(X), [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(encode(X), OneHotEncoder().fit_transform(X).toarray())
    assert names_out(X) == ["x0_a", "x0_b", "x0_c"]


def test_unseen_category_is_all_zeros():
    X = one_column(["b", "a"])
    np.testing.assert_array_equal(encode(X, one_column(["c", None, "a"])), [[0, 0], [0, 0], [1, 0]])


def test_rare_categories_share_a_column_with_the_unseen():
    X = one_column(["c"] * 3 + ["a"] + ["d"] * 2 + ["b"])
    assert names_out(X, max_categories=2) == ["x0_c", "x0_d", "x0_infrequent"]
    encoded = encode(X, one_column(["c", "d", "a", "b", "new", None]), max_categories=2)
    np.testing.assert_array_equal(encoded, [[1, 0, 0], [0, 1, 0]] + [[0, 0, 1]] * 4)


def test_ties_go_to_the_first_in_sorted_order():
    X = one_column(list("dcbaabcd"))
    assert names_out(X, max_categories=3) == ["x0_a", "x0_b", "x0_c", "x0_infrequent"]
    assert names_out(X[::-1], max_categories=3) == names_out(X, max_categories=3)


def test_as_many_categories_as_allowed_leave_none_infrequent():
    assert names_out(one_column(list("abc")), max_categories=3) == ["x0_a", "x0_b", "x0_c"]


def test_weights_decide_which_categories_are_frequent():
    X = one_column(["a", "a", "b"])
    encoder = TableEncoder(max_categories=1)
    encoder.fit_transform(X, [1, 1, 5])
    assert list(encoder.get_feature_names_out()) == ["x0_b", "x0_infrequent"]


def test_missing_is_a_category_of_its_own():
    X = one_column(["a", None, "b", NAN, pd.NA])
    np.testing.assert_array_equal(encode(X), [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    assert names_out(X, max_categories=1) == ["x0_a", "x0_infrequent", "x0_missing"]


def test_text_columns_longer_than_a_block():
    cells = np.random.default_rng(0).choice(list("abcde"), 40_000)[:, None]
    np.testing.assert_array_equal(encode(cells), OneHotEncoder().fit_transform(cells).toarray())
    weight = np.ones(40_000)
    np.testing.assert_array_equal(encode(cells, sample_weight=weight), encode(cells))


@pytest.mark.parametrize(
    "X",
    [
        np.array([[True], [False], [True]]),
        one_column([True, False, True]),
        one_column([np.True_, np.False_, np.True_]),
        pd.DataFrame({"x": [True, False, True]}),
        pd.DataFrame({"x": pd.array([True, False, True], dtype="boolean")}),
        pl.DataFrame({"x": [True, False, True]}),
    ],
    ids=["array", "objects", "numpy objects", "pandas", "pandas nullable", "polars"],
)
def test_booleans_are_one_column(X):
    np.testing.assert_array_equal(encode(X), [[1], [0], [1]])
    assert names_out(X)[0].endswith("_True")


def test_booleans_with_missing_ones():
    expected = [[1, 0], [0, 1], [0, 0]]
    for cells in ([True, None, False], [True, NAN, False], [True, pd.NA, False]):
        np.testing.assert_array_equal(encode(one_column(cells)), expected)
        np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.Series(cells, dtype=object)})), expected)
    np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.array([True, None, False], dtype="boolean")})), expected)
    np.testing.assert_array_equal(encode(pl.DataFrame({"x": [True, None, False]})), expected)


def test_booleans_may_come_back_as_0_and_1():
    np.testing.assert_array_equal(encode(np.array([[True], [False]]), [[1.0], [0.0]]), [[1], [0]])
    np.testing.assert_array_equal(encode([[1.0], [0.0]], np.array([[True], [False]])), [[1], [-1]])


def test_objects_that_are_all_numbers_are_numeric():
    numbers = [1, 2.5, None, np.int8(4), decimal.Decimal("1.5"), True]
    expected = encode([[1.0], [2.5], [NAN], [4.0], [1.5], [1.0]])
    np.testing.assert_array_equal(encode(one_column(numbers)), expected)
    np.testing.assert_array_equal(encode(pd.DataFrame({"x": pd.Series(numbers, dtype=object)})), expected)


def test_numbers_among_strings_are_strings():
    X = one_column(["1", 1, 1.0, "a", 2.5, True])
    assert names_out(X) == ["x0_1", "x0_2.5", "x0_True", "x0_a"]
    np.testing.assert_array_equal(encode(X), np.eye(4)[[0, 0, 0, 3, 1, 2]])
    assert names_out(X[::-1]) == names_out(X)
    np.testing.assert_array_equal(encode(X, np.array([[1.0], [2.5]])), [[1, 0, 0, 0], [0, 1, 0, 0]])


def test_strings_of_digits_are_strings():
    assert names_out(one_column(["1", "2"])) == ["x0_1", "x0_2"]
    assert names_out([["1", 5], ["2", 6]]) == ["x1", "x0_1", "x0_2"]


def test_string_in_a_column_that_was_numeric_is_an_error():
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"age": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="Column 'age' held only numbers in fit, and now holds the string 'old'"):
        encoder.transform(pd.DataFrame({"age": [1, "old"]}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"age": pd.array([None, None], dtype="str")})), [[0], [0]])


def test_string_in_a_column_that_held_booleans_is_an_error():
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"old": [True, False]}))
    with pytest.raises(ValueError, match="Column 'old' held only booleans in fit, and now holds 'no'"):
        encoder.transform(pd.DataFrame({"old": ["yes", "no"]}))
    with pytest.raises(ValueError, match="Column 'old' held only booleans in fit, and now holds 2"):
        encoder.transform(pd.DataFrame({"old": [2, 1]}))
    for same in ([1, 0], [1.0, 0.0], [True, None], np.array([True, False], dtype=object), pd.array([True, None], dtype="boolean")):
        np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"old": same})), [[1], [0]])


def test_categories_of_numbers():
    fit = pd.DataFrame({"x": pd.Categorical([3, 10, None, 3])})
    assert names_out(fit) == ["x_3", "x_10", "x_missing"]
    np.testing.assert_array_equal(encode(fit, pd.DataFrame({"x": [10, 4]})), [[0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(encode(fit, pd.DataFrame({"x": [10.0, NAN]})), [[0, 1, 0], [0, 0, 1]])


def test_categories_that_are_neither_strings_nor_numbers_go_by_their_names():
    frame = pd.DataFrame({"x": pd.cut([1.0, 5.0, NAN], [0, 2, 9])})
    assert names_out(frame) == ["x_(0.0, 2.0]", "x_(2.0, 9.0]", "x_missing"]
    np.testing.assert_array_equal(encode(frame), np.eye(3))


def test_only_categories_that_occur_count():
    assert names_out(pd.DataFrame({"x": pd.Categorical(["a", "b"], categories=list("zab"))})) == ["x_a", "x_b"]
    assert names_out(pl.DataFrame({"x": pl.Series(["a", "b"], dtype=pl.Enum(["z", "b", "a"]))})) == ["x_a", "x_b"]


@pytest.mark.parametrize("max_categories", [0, -1])
def test_max_categories_must_be_positive(max_categories):
    with pytest.raises(ValueError, match=f"max_categories must be at least 1, got {max_categories}"):
        TableEncoder(max_categories).fit_transform([["a"]])


# Containers


@pytest.fixture(scope="module")
def mixed():
    """Columns as lists, the order being numbers, categories and numbers again."""
    rng = np.random.default_rng(0)
    n_rows = 7000

    def with_gaps(values):
        return [None if gap else value for value, gap in zip(values, rng.random(n_rows) < 0.1, strict=True)]

    return {
        "height": rng.normal(1.7, 0.1, n_rows).tolist(),
        "city": with_gaps(rng.choice(["Oslo", "Paris", "Rome"], n_rows).tolist()),
        "age": with_gaps(rng.integers(18, 90, n_rows).tolist()),
        "member": with_gaps((rng.random(n_rows) < 0.5).tolist()),
        "income": with_gaps(rng.lognormal(size=n_rows).tolist()),
        "visits": rng.integers(0, 9, n_rows).tolist(),
    }


def containers(data):
    polars = pl.DataFrame(data)
    pandas = pd.DataFrame(data)
    return {
        "pandas": pandas,
        "pandas nullable": pandas.convert_dtypes(),
        "pandas object": pd.DataFrame(data, dtype=object),
        "pandas category": pandas.astype({"city": "category"}),
        "pandas pyarrow": polars.to_pandas(use_pyarrow_extension_array=True),
        "polars": polars,
        "polars categorical": polars.with_columns(pl.col("city").cast(pl.Categorical), pl.col("visits").cast(pl.UInt8)),
        "polars enum": polars.with_columns(pl.col("city").cast(pl.Enum(["Rome", "Oslo", "Paris", "Bonn"])), pl.col("age").cast(pl.Int128)),
        "polars chunks": pl.concat([polars[:100], polars[100:5000], polars[5000:]], rechunk=False),
        "polars decimal": polars.with_columns(pl.col("age").cast(pl.Decimal(10, 2))),
        "pyarrow": polars.to_arrow(),
        "object array": np.array(list(data.values()), dtype=object).T,
        "list of rows": [list(row) for row in zip(*data.values(), strict=True)],
    }


def test_every_container_gives_the_same_bits(mixed):
    expected = encode(np.array(list(mixed.values()), dtype=object).T)
    assert expected.shape[1] == 4 + 2 + 4 + 2
    for name, table in containers(mixed).items():
        np.testing.assert_array_equal(encode(table), expected, err_msg=name)


def test_numeric_frames_give_the_bits_of_an_array():
    X = np.random.default_rng(0).normal(size=(9000, 12))
    X[::7, 3] = NAN
    frame = pd.DataFrame(X).add_prefix("c")
    expected = encode(X)
    for same in (frame, pl.DataFrame(X), pl.from_pandas(frame), frame.convert_dtypes(), frame.astype(object)):
        np.testing.assert_array_equal(encode(same), expected)
    weight = np.random.default_rng(1).random(9000)
    np.testing.assert_array_equal(encode(pl.from_pandas(frame), sample_weight=weight), encode(X, sample_weight=weight))


def test_trained_on_one_container_predicts_on_another(mixed):
    tables = containers(mixed)
    expected = encode(tables["pandas"])
    encoder = TableEncoder()
    encoder.fit_transform(tables["polars"])
    for name in ("pandas", "pandas nullable", "pandas category", "polars enum", "pyarrow"):
        np.testing.assert_array_equal(encoder.transform(tables[name]), expected, err_msg=name)


def test_names_out(mixed):
    numbers = ["height", "age", "income", "visits", "age_missing", "income_missing"]
    categories = ["city_Oslo", "city_Paris", "city_Rome", "city_missing", "member_True", "member_missing"]
    assert names_out(pl.DataFrame(mixed)) == numbers + categories


def test_pandas_sparse_columns_are_read():
    X = np.eye(5)
    np.testing.assert_array_equal(encode(pd.DataFrame({f"c{i}": pd.arrays.SparseArray(X[i]) for i in range(5)})), encode(X))


def test_numpy_string_arrays():
    X = np.array([["a", "x"], ["b", "x"]])
    np.testing.assert_array_equal(encode(X), [[1, 0, 1], [0, 1, 1]])
    np.testing.assert_array_equal(encode(X.astype(np.dtypes.StringDType())), encode(X))


def test_feature_names_as_scikit_learn_has_them():
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame(np.eye(2), columns=["a", "b"]))
    assert encoder.feature_names_in_.tolist() == ["a", "b"]
    assert encoder.feature_names_in_.dtype == object
    encoder.fit_transform(pd.DataFrame(np.eye(3)))
    assert not hasattr(encoder, "feature_names_in_")
    assert encoder.n_features_in_ == 3
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        encoder.fit_transform(pd.DataFrame(np.eye(2), columns=["a", 1]))


def test_repeated_names_are_refused_as_scikit_learn_refuses_them():
    frame = pd.DataFrame(np.eye(2), columns=["a", "a"])
    with pytest.raises(Exception, match="unique") as expected:
        StandardScaler().fit(frame)
    with pytest.raises(type(expected.value), match=r"unique.*\n- 'a' 2 times\nRename these columns of X"):
        TableEncoder().fit_transform(frame)


def test_columns_must_be_those_of_fit_in_their_order():
    encoder = TableEncoder()
    encoder.fit_transform(pl.DataFrame({"a": [1, 2], "b": [1, 2]}))
    with pytest.raises(ValueError, match="Feature names must be in the same order as they were in fit"):
        encoder.transform(pl.DataFrame({"b": [1, 2], "a": [1, 2]}))
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- c"):
        encoder.transform(pl.DataFrame({"a": [1, 2], "c": [1, 2]}))
    with pytest.warns(UserWarning, match="TableEncoder was fitted with feature names"):
        encoder.transform(np.eye(2))
    with (
        pytest.warns(UserWarning, match="fitted with feature names"),
        pytest.raises(ValueError, match="X has 3 features, but TableEncoder is expecting 2"),
    ):
        encoder.transform(np.eye(3))


# What is refused

DAY = datetime.date(2020, 1, 1)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"n": [1, 2], "when": pd.to_datetime(["2020-01-01", None])}),
        pd.DataFrame({"n": [1, 2], "when": pd.to_datetime(["2020-01-01"] * 2, utc=True)}),
        pd.DataFrame({"n": [1, 2], "when": pd.to_timedelta([1, 2], unit="s")}),
        pd.DataFrame({"n": [1, 2], "when": [DAY, None]}),
        pl.DataFrame({"n": [1, 2], "when": [DAY, None]}),
        pl.DataFrame({"n": [1, 2], "when": [datetime.datetime(2020, 1, 1)] * 2}),
        pl.DataFrame({"n": [1, 2], "when": [datetime.timedelta(1)] * 2}),
        pl.DataFrame({"n": [1, 2], "when": [datetime.time(1)] * 2}),
    ],
    ids=["datetime", "zoned", "timedelta", "dates", "polars date", "polars datetime", "polars duration", "polars time"],
)
def test_dates_and_times_are_refused_by_name_with_advice(frame):
    with pytest.raises(TypeError, match=r"^Column 'when' holds dates or times .* year, month and weekday"):
        TableEncoder().fit_transform(frame)
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"n": [1, 2], "when": ["a", "b"]}))
    with pytest.raises(TypeError, match=r"^Column 'when' holds dates or times"):
        encoder.transform(frame)


def test_arrays_of_dates_are_refused():
    for X in (np.array([["2020-01-01"]], dtype="datetime64[D]"), np.array([[1]], dtype="timedelta64[s]"), one_column([DAY])):
        with pytest.raises(TypeError, match="Column 0 holds dates or times"):
            TableEncoder().fit_transform(X)


@pytest.mark.parametrize("X", [np.array([[1j]]), one_column([1, 1j]), pd.DataFrame({"x": [1j, 2]}), [[1j]]])
def test_complex_numbers_are_refused(X):
    with pytest.raises(ValueError, match="Complex data not supported"):
        TableEncoder().fit_transform(X)


@pytest.mark.parametrize("cell", [{"foo": "bar"}, [1], (1, 2), b"bytes", pd.Period("2020")])
def test_objects_that_are_no_categories_are_refused(cell):
    with pytest.raises(TypeError, match=f"argument must be a string or a real number, not '{type(cell).__name__}'"):
        TableEncoder().fit_transform(one_column(["a", cell]))
    encoder = TableEncoder()
    encoder.fit_transform(one_column([1.0, 2.0]))
    with pytest.raises(TypeError, match="argument must be a string or a real number"):
        encoder.transform(one_column([1.0, cell]))


@pytest.mark.parametrize("cell", [[1], {"a": 1}])
def test_nested_columns_are_refused(cell):
    with pytest.raises(TypeError, match=r"Column 'x' holds (List|Struct).* Split it into columns"):
        TableEncoder().fit_transform(pl.DataFrame({"x": [cell, cell]}))


with warnings.catch_warnings():
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    MATRIX = np.matrix([[1.0]])


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.arange(3.0), ValueError, "Reshape your data"),
        ([1.0, 2.0], ValueError, "Reshape your data"),
        (["a", "b"], ValueError, "Reshape your data"),
        ([], ValueError, "Reshape your data"),
        (3.0, ValueError, "Reshape your data"),
        (np.ones((2, 2, 2)), ValueError, "Found array with dim 3"),
        (pd.Series([1.0]), ValueError, "Expected a 2-dimensional container"),
        (pl.Series([1.0]), ValueError, "Reshape your data"),
        (np.empty((0, 3)), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required by TableEncoder"),
        (np.empty((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
        (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
        (pl.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame(index=[0, 1]), ValueError, r"0 feature\(s\) \(shape=\(2, 0\)\)"),
        (MATRIX, TypeError, "np.matrix is not supported"),
        (np.array([[b"a"]]), TypeError, "Decode bytes to strings"),
        (pl.LazyFrame({"a": [1]}), TypeError, "Collect it"),
        ([[1, 2], [3]], ValueError, "inhomogeneous"),
    ],
)
def test_what_is_not_a_table_is_refused_in_scikit_learns_words(X, error, message):
    with pytest.raises(error, match=message):
        TableEncoder().fit_transform(X)
    encoder = TableEncoder()
    encoder.fit_transform(np.eye(3))
    with pytest.raises(error, match=message):
        encoder.transform(X)


# The encoder as an object


def test_nothing_is_encoded_before_fit():
    for use in (TableEncoder().get_feature_names_out, lambda: TableEncoder().transform(np.eye(2))):
        with pytest.raises(NotFittedError, match="Call fit_transform first"):
            use()


def test_pickle_is_small_and_encodes_alike():
    names = [f"user {i}" for i in range(20_000)]
    frame = pl.DataFrame({"x": np.arange(20_000.0), "name": names, "kind": ["a", None] * 10_000})
    encoder = TableEncoder(max_categories=10)
    encoded = encoder.fit_transform(frame)
    pickled = pickle.dumps(encoder)
    assert len(pickled) < 5000
    np.testing.assert_array_equal(pickle.loads(pickled).transform(frame), encoded)


def test_cloning_and_refitting_start_afresh(mixed):
    encoder = TableEncoder(max_categories=2)
    encoder.fit_transform(pl.DataFrame(mixed))
    assert clone(encoder).max_categories == 2
    np.testing.assert_array_equal(encoder.fit_transform(np.eye(3)), encode(np.eye(3)))


def test_memory_is_bounded_by_the_result():
    X = np.random.default_rng(0).normal(size=(200_000, 20))
    frame = pl.DataFrame(X).with_columns(pl.when(pl.col("column_0") > 0).then(pl.col("column_0")), pl.col("column_1").cast(pl.Int64))
    for table in (X, np.asfortranarray(X), frame):
        tracemalloc.start()
        encoded = TableEncoder().fit_transform(table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < encoded.nbytes + 4 * 2**20


# Conformance: an estimator that passes itself on to the encoder


class Neighbors(ClassifierMixin, BaseEstimator):
    """A classifier with no code for its input but the encoder's."""

    def fit(self, X, y):
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        self.encoder_ = TableEncoder()
        encoded, y = check_X_y(self.encoder_.fit_transform(X, estimator=self), y)
        self.model_ = KNeighborsClassifier(1).fit(encoded, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        check_is_fitted(self)
        return self.model_.predict(self.encoder_.transform(X, estimator=self))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags


@parametrize_with_checks([Neighbors()])
def test_an_estimator_on_the_encoder_conforms(estimator, check):
    check(estimator)


def test_messages_name_the_estimator_the_encoder_serves():
    model = Neighbors().fit(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), [0, 1])
    assert model.feature_names_in_.tolist() == model.encoder_.feature_names_in_.tolist() == ["a", "b"]
    assert model.n_features_in_ == model.encoder_.n_features_in_ == 2
    with pytest.raises(ValueError, match="X has 3 features, but Neighbors is expecting 2"), pytest.warns(UserWarning, match="Neighbors was fitted"):
        model.predict(np.eye(3))
    with pytest.raises(ValueError, match=r"0 sample\(s\) .* required by Neighbors"):
        model.predict(np.empty((0, 2)))


@pytest.mark.parametrize("table", [pd.DataFrame({"x": [1.0, 2.0]}), pa.table({"x": [1.0, 2.0]})], ids=["pandas", "pyarrow"])
def test_refitting_the_estimator_forgets_the_names(table):
    model = Neighbors().fit(table, [0, 1]).fit(np.eye(2), [0, 1])
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model.encoder_, "feature_names_in_")
