"""Whole tables: in every container, and what is refused."""

import datetime
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.preprocessing import StandardScaler

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from tests.helpers.encoding import NAN, encode, list_names_out, make_column

# ---- containers -----------------------------------------------------------------------------------------------------


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
        "polars enum": polars.with_columns(
            pl.col("city").cast(pl.Enum(["Rome", "Oslo", "Paris", "Bonn"])), pl.col("age").cast(pl.Int128)
        ),
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
    assert list_names_out(pl.DataFrame(mixed)) == numbers + categories


def test_pandas_sparse_columns_are_read():
    X = np.eye(5)
    np.testing.assert_array_equal(
        encode(pd.DataFrame({f"c{i}": pd.arrays.SparseArray(X[i]) for i in range(5)})), encode(X)
    )


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


# ---- what is refused ------------------------------------------------------------------------------------------------

DAY = datetime.date(2020, 1, 1)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"n": [1, 2], "when": pd.to_datetime(["2020-01-01", None])}),
        pd.DataFrame({"n": [1, 2], "when": pd.to_timedelta([1, 2], unit="s")}),
        pd.DataFrame({"n": [1, 2], "when": [DAY, None]}),
        pl.DataFrame({"n": [1, 2], "when": [DAY, None]}),
        pl.DataFrame({"n": [1, 2], "when": [datetime.time(1)] * 2}),
    ],
    ids=["datetime", "timedelta", "dates", "polars date", "polars time"],
)
def test_times_where_there_were_none_in_fit_are_refused_by_name(frame):
    encoder = TableEncoder()
    encoder.fit_transform(pd.DataFrame({"n": [1, 2], "when": ["a", "b"]}))
    with pytest.raises(TypeError, match=r"^Column 'when' holds dates or durations .*held others in fit.*astype\(str\)"):
        encoder.transform(frame)


@pytest.mark.parametrize("other", ["soon", 1.5, True, datetime.timedelta(1), datetime.time(1)])
def test_dates_beside_other_cells_are_refused(other):
    with pytest.raises(
        TypeError, match=r"Column 0 holds dates or durations \(.*date.*\) beside other cells.*errors='coerce'"
    ):
        TableEncoder().fit_transform(make_column([DAY, other]))


@pytest.mark.parametrize("X", [np.array([[1j]]), make_column([1, 1j]), pd.DataFrame({"x": [1j, 2]}), [[1j]]])
def test_complex_numbers_are_refused(X):
    with pytest.raises(ValueError, match="Complex data not supported"):
        TableEncoder().fit_transform(X)


@pytest.mark.parametrize("cell", [{"foo": "bar"}, [1], (1, 2), b"bytes", pd.Interval(0, 1)])
def test_objects_that_are_no_categories_are_refused(cell):
    with pytest.raises(TypeError, match=f"argument must be a string or a real number, not '{type(cell).__name__}'"):
        TableEncoder().fit_transform(make_column(["a", cell]))
    encoder = TableEncoder()
    encoder.fit_transform(make_column([1.0, 2.0]))
    with pytest.raises(TypeError, match="argument must be a string or a real number"):
        encoder.transform(make_column([1.0, cell]))


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
        (
            np.empty((0, 3)),
            ValueError,
            r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required by TableEncoder",
        ),
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
