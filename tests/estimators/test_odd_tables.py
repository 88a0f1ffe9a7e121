"""Tables that are unusual: tiny, constant, empty of values, of rare types. They work,
or one error names the column and says what to do.
"""

import datetime
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sknet_hp import NetClassifier, NetRegressor

N = 40
LABELS = np.arange(N) % 2
ESTIMATORS = [pytest.param(NetClassifier, id="classifier"), pytest.param(NetRegressor, id="regressor")]


def fit(X, y=LABELS, Net=NetClassifier, **parameters):
    """A fit without a warning, whose predictions are finite and whose columns have
    names.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = Net(**{"max_epochs": 2, "random_state": 0} | parameters).fit(X, y)
        outputs = net.predict(X) if Net is NetRegressor else net.predict_proba(X)
    assert np.isfinite(outputs).all()
    assert len(net.encoder_.get_feature_names_out()) == net.n_encoded_features_
    return net


def arrow(values, dtype):
    return pd.array(values, dtype=pd.ArrowDtype(dtype))


DAY = datetime.datetime(2020, 1, 1)
REFUSED = {
    "complex": (1j, "Make two columns of it, the real and the imaginary part"),
    "list": ([1, 2], "Make a column of each of its elements"),
    "dict": ({"a": 1}, "Make a column of each of its entries"),
    "set": ({1}, "Turn such cells into numbers or strings"),
    "array": (np.ones(2), "Turn such cells into numbers or strings"),
    "bytes": (b"a", "Decode bytes to strings"),
    "interval": (pd.Interval(0, 1), "Turn such cells into numbers or strings"),
    "infinity": (-np.inf, "replace it by a number, or by NaN"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_and_has_a_way_out(name):
    cell, advice = REFUSED[name]
    cells = np.empty(N, dtype=object)
    cells[:] = [cell] * N
    with pytest.raises((TypeError, ValueError), match=rf"(?s)Column 'odd' .*{advice}"):
        fit(pd.DataFrame({"plain": np.arange(N), "odd": cells}))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (arrow([[1], [2]] * 20, pa.list_(pa.int64())), "Split it into columns"),
        (pd.array([np.inf, None] * 20, dtype="Float64"), "replace it by a number, or by NaN"),
        (arrow([np.inf, None] * 20, pa.float64()), "replace it by a number, or by NaN"),
    ],
    ids=["arrow list", "nullable infinity", "arrow infinity"],
)
def test_pandas_columns_that_are_refused(column, message):
    frame = pd.DataFrame({"plain": np.arange(N)}).assign(odd=column)
    with pytest.raises((TypeError, ValueError), match=rf"Column 'odd' .*{message}"):
        fit(frame)


@pytest.mark.parametrize("dtype", [pl.Datetime, pl.Date, pl.Duration, pl.Time])
def test_columns_of_times_without_a_value(dtype):
    net = fit(pl.DataFrame({"plain": np.arange(N), "odd": pl.Series([None] * N, dtype=dtype)}))
    assert "odd_missing" in net.encoder_.get_feature_names_out()


DATES = {
    "constant": [DAY] * N,
    "far apart": [datetime.datetime.min, datetime.datetime.max] * 20,
    "with gaps": [DAY, None, pd.NaT, np.nan] * 10,
    "text": ["2020-01-01", "9999-12-31"] * 20,
    "periods": list(pd.period_range("2020", periods=N, freq="Q")),
}


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("Net", ESTIMATORS)
def test_columns_of_dates(name, Net):
    cells = pd.Series(DATES[name], dtype=object)
    net = fit(pd.DataFrame({"when": cells}), LABELS, Net)
    assert net.encoder_.get_feature_names_out()[0] == "when_elapsed"


@pytest.mark.parametrize("odd", ["?", " ", "1,049", "n/a"])
def test_numbers_that_a_cell_makes_text(odd):
    """The whole column was text, without a word."""
    numbers = [str(k / 7) for k in range(40)]
    for cells in (numbers, [float(cell) for cell in numbers]):
        X = pd.DataFrame({"total": pd.Series([*cells[:-2], odd, odd], dtype=object), "other": np.arange(40.0)})
        with pytest.warns(
            UserWarning,
            match=re.escape(
                f"Column 'total' is treated as text because of cells like {odd!r}, though most are numbers"
            ),
        ):
            NetClassifier(max_epochs=1, early_stopping=False).fit(X, LABELS)


def test_text_and_categories_that_are_not_meant_as_numbers():
    codes = [f"{k}" for k in range(39)]
    for cells in (codes, [*codes, "x"], [f"{k}-a" for k in range(40)], list("ab") * 20):
        column = pd.Series(cells, dtype="category") if cells[-1] == "x" else pd.Series(cells, dtype=object)
        fit(pd.DataFrame({"code": column}), np.arange(len(cells)) % 2)


def test_columns_without_a_value():
    nothing = {
        "a": [np.nan] * N,
        "b": [None] * N,
        "c": pd.array([pd.NA] * N, "Int64"),
        "d": pd.array([pd.NA] * N, "string"),
    }
    net = fit(pd.DataFrame(nothing | {"e": np.arange(N)}))
    assert [name for name in net.encoder_.get_feature_names_out() if name.endswith("_missing")] == [
        "a_missing",
        "c_missing",
        "b_missing",
        "d_missing",
    ]
    fit(pl.DataFrame({"a": [None] * N}))


def test_whole_numbers_beyond_float32_and_float64():
    net = fit(
        pd.DataFrame(
            {"a": 10**9 + np.arange(N), "b": np.arange(N, dtype=np.uint64) + 2**63, "c": [10**30 + i for i in range(N)]}
        )
    )
    encoded = net.encoder_.transform(
        pd.DataFrame({"a": [10**9, 10**9 + 1], "b": np.full(2, 2**63, np.uint64), "c": [10**30] * 2})
    )
    assert encoded[0, 0] != encoded[1, 0], "float32 alone would take both for 10**9"


NULLABLE = {
    "pandas": {
        "i": pd.array([1, pd.NA] * 20, "Int64"),
        "f": pd.array([1.5, pd.NA] * 20, "Float64"),
        "b": pd.array([True, pd.NA] * 20, "boolean"),
        "s": pd.array(["x", pd.NA] * 20, "string"),
    },
    "arrow": {
        "i": arrow([1, None] * 20, pa.int64()),
        "f": arrow([1.5, None] * 20, pa.float64()),
        "b": arrow([True, None] * 20, pa.bool_()),
        "s": arrow(["x", None] * 20, pa.dictionary(pa.int8(), pa.string())),
    },
}


@pytest.mark.parametrize("kind", NULLABLE)
def test_nullable_columns(kind):
    net = fit(pd.DataFrame(NULLABLE[kind]))
    names = ["i", "f", "i_missing", "f_missing", "b_True", "b_missing", "s_x", "s_missing"]
    assert list(net.encoder_.get_feature_names_out()) == names
    np.testing.assert_array_equal(
        net.encoder_.transform(pd.DataFrame(NULLABLE[kind]))[:2, 2:], [[0, 0, 1, 0, 1, 0], [1, 1, 0, 1, 0, 1]]
    )


@pytest.mark.parametrize("dim", [None, 4])
def test_constant_columns_get_no_bins(dim):
    X = np.c_[np.ones(200), np.arange(200.0)]
    net = fit(X, np.arange(200) % 2, num_embedding_dim=dim, early_stopping=False)
    assert net.encoder_._bins.edges_[0].size == 0 < net.encoder_._bins.edges_[1].size
    assert not net.encoder_.transform(X)[:, 0].any()
    fit(np.ones((200, 1)), np.arange(200) % 2, num_embedding_dim=dim)


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize("n_rows", [2, 3, 5, 10, 31])
def test_tiny_tables(Net, n_rows):
    fit(np.arange(float(n_rows))[:, None], np.arange(n_rows) % 2, Net)
    fit(pd.DataFrame({"word": ["a", "b"] * n_rows})[:n_rows], np.arange(n_rows) % 2, Net)


@pytest.mark.parametrize("n_each", [1, 2])
def test_few_rows_of_each_class(n_each):
    net = fit(np.arange(12.0)[:, None], np.arange(12) // n_each)
    assert len(net.classes_) == 12 // n_each
