"""Any table becomes columns of numbers and codes."""

import numpy as np
import pandas as pd
import polars
import pytest
import scipy.sparse

from sknet_hp.findings.data import find_in_data
from sknet_hp.findings.data.table import DATE, NUMBER, TEXT, choose_rows, read_columns, read_shape

FRAME = pd.DataFrame(
    {
        "number": [1.5, np.nan, 3.0],
        "integer": pd.array([1, None, 3], dtype="Int64"),
        "text": ["b", None, "a"],
        "category": pd.Categorical(["x", "y", None]),
        "flag": [True, False, True],
        "date": pd.to_datetime(["2020-01-02", None, "2020-01-03"]),
        "iso": ["2020-01-02", None, "2020-01-03T12:00:00"],
    }
)


@pytest.mark.parametrize("convert", [pd.DataFrame, polars.from_pandas])
def test_kinds(convert):
    columns = read_columns(convert(FRAME), np.arange(3))
    assert [column.name for column in columns] == [repr(name) for name in FRAME]
    assert [column.kind for column in columns] == [NUMBER, NUMBER, TEXT, TEXT, NUMBER, DATE, DATE]
    for column, name in zip(columns, FRAME, strict=True):
        assert (np.isnan(column.cells) == FRAME[name].isna()).all()
    by_name = {column.name: column for column in columns}
    assert by_name["'text'"].strings.tolist() == ["b", "a"]
    assert np.diff(by_name["'date'"].present) == 86_400
    assert np.diff(by_name["'iso'"].present) == 1.5 * 86_400


def test_rows_are_chosen():
    columns = read_columns(polars.from_pandas(FRAME), np.array([0, 2]))
    assert columns[0].cells.tolist() == [1.5, 3.0]
    assert len(columns[5].cells) == 2


def test_a_sample_is_the_same_each_time():
    rows = choose_rows(500_000, 10)
    assert len(rows) == 100_000
    assert (rows == choose_rows(500_000, 10)).all()
    assert (np.diff(rows) > 0).all()
    assert len(choose_rows(5_000, 1_000_000)) == 1_000


@pytest.mark.parametrize(
    "X",
    [
        [[1.0, "a", None], [2.0, "b", 3]] * 50,
        np.array([[k, {"a": 1}, [1]] for k in range(100)], dtype=object),
        np.full((100, 3), np.nan),
        np.where(np.eye(100, 4), np.inf, 1e300) * np.arange(1, 101)[:, None],
        pd.DataFrame(np.ones((100, 2)), columns=["a", "a"]),
        pd.DataFrame(np.ones((100, 2)), columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
        pd.DataFrame({"bins": pd.cut(np.arange(100), 5), "span": pd.to_timedelta(np.arange(100), unit="D")}),
        scipy.sparse.random_array((100, 2_000), density=0.01, rng=0, format="coo"),
        np.array([["a", "b"]] * 100),
    ],
    ids=["list", "objects", "empty", "huge", "names twice", "levels", "intervals", "sparse", "strings"],
)
def test_odd_tables_are_read(X):
    """What is found does not matter: warnings would be errors here."""
    splits = [(np.arange(50), np.arange(50, 100))]
    for y in (np.arange(100) % 2, np.arange(100), [f"c{k}" for k in range(100)], np.where(np.eye(100)[0], np.nan, 1.0)):
        find_in_data(X, y, splits=splits)


def test_what_is_no_table():
    assert read_shape(["a text"] * 3) is None
    assert read_shape(np.zeros((3, 2, 2))) is None
    assert read_shape([[1, "a"], [2, "b"]]) == (2, 2)
    assert find_in_data(np.zeros((3, 2, 2)), [0, 1, 0]) == []


def test_a_table_that_can_not_be_read_costs_nothing():
    with pytest.warns(UserWarning, match="could not be checked"):
        assert find_in_data(np.ones((10, 2)) * 1j, np.arange(10)) == []
