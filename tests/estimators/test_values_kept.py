"""Labels, targets and categories keep their values, or are refused with a reason: none
turns silently into another.
"""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.encoding import encode, list_names_out
from tests.helpers.small_nets import SMALL

X = np.random.default_rng(0).standard_normal((60, 3))
CODES = (X[:, 0] > 0).astype(int)
LARGE = [2**53, 2**53 + 1]

LARGE_LABELS = {
    "array": np.array(LARGE)[CODES],
    "list": [LARGE[code] for code in CODES],
    "nullable": pd.array(np.array(LARGE)[CODES], dtype="Int64"),
    "nullable series": pd.Series(np.array(LARGE)[CODES], dtype="Int64"),
    "Arrow": pd.Series(np.array(LARGE)[CODES], dtype="int64[pyarrow]"),
    "index": pd.Index(np.array(LARGE)[CODES], dtype="Int64"),
    "unsigned": pd.array(np.array([2**64 - 2, 2**64 - 1], dtype=np.uint64)[CODES], dtype="UInt64"),
    "Arrow unsigned": pd.array(np.array([2**64 - 2, 2**64 - 1], dtype=np.uint64)[CODES], dtype="uint64[pyarrow]"),
    "polars": pl.Series(np.array(LARGE)[CODES]),
}


@pytest.mark.parametrize("kind", LARGE_LABELS)
def test_large_integers_are_labels_of_their_own(kind):
    y = LARGE_LABELS[kind]
    net = NetClassifier(**SMALL).fit(X, y)
    assert net.classes_.tolist() == sorted({int(label) for label in y})
    assert set(net.predict(X).tolist()) <= set(net.classes_.tolist())
    again = NetClassifier(**SMALL).partial_fit(X, y, classes=y).partial_fit(X, np.asarray(net.predict(X)))
    assert again.classes_.tolist() == net.classes_.tolist()


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_a_frame_of_one_column_is_a_column():
    net = NetClassifier(**SMALL).fit(X, pd.DataFrame({"y": LARGE_LABELS["nullable"]}))
    assert net.classes_.tolist() == LARGE


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("Int8", np.int8),
        ("UInt16", np.uint16),
        ("boolean", bool),
        ("bool[pyarrow]", bool),
        ("int32[pyarrow]", np.int32),
    ],
)
def test_nullable_labels_are_what_they_would_be_in_an_array(kind, dtype):
    """They were floats."""
    net = NetClassifier(**SMALL).fit(X, pd.array(CODES.astype(dtype), dtype=kind))
    assert net.classes_.dtype == net.predict(X).dtype == dtype


@pytest.mark.parametrize("integers", [np.uint64, np.int64])
def test_labels_of_another_integer_type_are_compared_as_integers(integers):
    y = np.array(LARGE, dtype=integers)[CODES]
    net = NetClassifier(**SMALL).fit(X, y)
    other = np.int64 if integers is np.uint64 else np.uint64
    net.partial_fit(X, y.astype(other))
    with pytest.raises(ValueError, match=r"\[9007199254740994\], which are not among the classes"):
        net.partial_fit(X, y.astype(other) + np.array(1, dtype=other))
    assert np.array_equal(net.target_.encode(y.astype(other)), net.target_.encode(y))
    assert net.target_.encode(y[CODES == 1].astype(other)).tolist() == [1] * CODES.sum()


@pytest.mark.parametrize(
    "y",
    [
        np.array([float(2**53), 2.0**60])[CODES],
        [2**63 if code else -1 for code in CODES],  # NumPy has no integers for both
        pd.array(np.array([2.0**53, 1.0])[CODES], dtype="Float64"),
    ],
    ids=["array", "list", "nullable"],
)
def test_floats_that_may_be_several_integers_are_no_labels(y):
    with pytest.raises(
        ValueError,
        match=r"y holds 9\.\S+e\+\d+, and from 2\*\*53 on floats .* as integers|y holds 1\.15\S+e\+18, and from",
    ):
        NetClassifier(**SMALL).fit(X, y)


@pytest.mark.parametrize("kind", ["Int64", "boolean", "int64[pyarrow]"])
def test_missing_labels_are_refused(kind):
    y = pd.Series(pd.array(CODES, dtype="Int64").astype(kind))
    y[3] = None
    for Net in (NetClassifier, NetRegressor):
        with pytest.raises(ValueError, match="Input y contains NaN"):
            Net(**SMALL).fit(X, y)


TIMES = {
    "dates": np.array(["2020-01-01", "2020-01-02"], "M8[D]")[CODES],
    "durations": np.array([1, 2], "m8[s]")[CODES],
    "series": pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"]))[CODES],
    "polars": pl.Series([datetime.date(2020, 1, 1 + code) for code in CODES]),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_are_labels_but_nat_is_none(kind):
    y = TIMES[kind]
    assert len(NetClassifier(**SMALL).fit(X, y).classes_) == 2
    missing = np.array(y)
    missing[3] = "NaT"
    with pytest.raises(ValueError, match="y holds NaT at position 3, which is not a label"):
        NetClassifier(**SMALL).fit(X, missing)
    with pytest.raises(ValueError, match="classes holds NaT"):
        NetClassifier(**SMALL).partial_fit(X, y, classes=missing)


@pytest.mark.parametrize(
    "y", [*TIMES.values(), pd.Series(pd.to_datetime(["2020-01-01"] * 60, utc=True)), np.array(["NaT"] * 60, "M8[s]")]
)
def test_times_are_no_targets(y):
    """Which numbers they were depended on their unit, and NaT was one of them."""
    with pytest.raises(ValueError, match=r"y must be numbers, but holds dates or times \(.*\); give numbers"):
        NetRegressor(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="y must be numbers, but holds dates or times"):
        NetRegressor(**SMALL).fit(X, pd.DataFrame({"a": X[:, 0], "b": np.asarray(y)}))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (pd.NaT, r"holds NaT \(NaTType\) at position 3; leave that row out"),
        (pd.NA, r"holds <NA> \(NAType\) at position 3"),
        (datetime.date(2020, 1, 1), r"holds datetime\.date\(2020, 1, 1\) \(date\) at position 3"),
        ({}, r"holds \{\} \(dict\) at position 3"),
        ("a", "could not convert string to float: 'a'; NetClassifier is for labels"),
        (10**400, "y holds a whole number that is too large for float64; divide y"),
    ],
    ids=["NaT", "NA", "date", "dict", "text", "integer"],
)
def test_objects_that_are_no_numbers(cell, message):
    y = CODES.astype(object)
    y[3] = cell
    with pytest.raises(ValueError, match=message):
        NetRegressor(**SMALL).fit(X, y)


def test_integers_of_thirty_digits():
    """Numbers to a regression, to the digits of a float64; no labels, since NumPy has
    no such integers.
    """
    y = [10**30 + code for code in CODES.tolist()]
    assert np.allclose(NetRegressor(**SMALL).fit(X, y).predict(X), 1e30)
    for labels in (y, np.array(y, dtype=object), pd.Series(y)):
        with pytest.raises(
            ValueError,
            match=r"of which 100000\d+ at position 0 is not a string; it has more than 64 bits, so make all of them "
            r"strings",
        ):
            NetClassifier(**SMALL).fit(X, labels)
    assert NetClassifier(**SMALL).fit(X, [str(label) for label in y]).classes_.tolist() == [
        str(10**30),
        str(10**30 + 1),
    ]
    with pytest.raises(ValueError, match=r"of which Decimal\('1'\) at position"):
        NetClassifier(**SMALL).fit(X, [decimal.Decimal(int(code)) for code in CODES])


def test_strings_of_numpy_of_any_length_are_labels():
    y = np.array(["no", "y" * 100], dtype=np.dtypes.StringDType())[CODES]
    net = NetClassifier(**SMALL).fit(X, y)
    assert net.classes_.tolist() == ["no", "y" * 100]
    assert (net.predict(X) == NetClassifier(**SMALL).fit(X, y.astype(object)).predict(X)).all()
    assert net.partial_fit(X, y).n_iter_ == 6
    assert NetClassifier(**SMALL).partial_fit(X, y, classes=y[:30]).classes_.tolist() == net.classes_.tolist()
    missing = np.array(["a", None, "b"] * 20, dtype=np.dtypes.StringDType(na_object=None))
    with pytest.raises(ValueError, match="y holds None at position 1, which is not a label"):
        NetClassifier(**SMALL).fit(X, missing)
    with pytest.raises(ValueError, match="could not convert string to float: 'no'; NetClassifier is for labels"):
        NetRegressor(**SMALL).fit(X, np.array(["no"] * 60, dtype=np.dtypes.StringDType()))


CATEGORIES = [
    pd.Series(pd.array([*LARGE, None] * 10, dtype="Int64")).astype("category"),
    pd.Series(pd.array([*LARGE, None] * 10, dtype="int64[pyarrow]")).astype("category"),
    pd.Series(pd.Categorical.from_codes([0, 1, -1] * 10, categories=LARGE)),
    pd.Series(pd.Categorical.from_codes([0, 1, -1] * 10, categories=np.array([2**64 - 2, 2**64 - 1], dtype=np.uint64))),
]


@pytest.mark.parametrize("column", CATEGORIES, ids=["nullable", "Arrow", "plain", "unsigned"])
def test_large_integers_are_categories_of_their_own(column):
    """One missing cell made pandas give them as floats."""
    frame = pd.DataFrame({"c": column})
    assert encode(frame)[:3].tolist() == np.eye(3).tolist()
    assert list_names_out(frame) == [*(f"c_{category}" for category in column.cat.categories), "c_missing"]
