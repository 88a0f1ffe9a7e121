"""The fingerprint of a table, as pages and cards show it."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.report.page.origin import describe_data
from tests.helpers.tables import make_table


def read_fingerprint(X, y):
    return dict(describe_data(X, y))["Fingerprint"]


@pytest.fixture
def table():
    X, y = make_table(60)
    X = X.round(3)  # is read from a CSV as it was written
    return X, pd.Series(y, name="bought")


def test_a_table_has_one_fingerprint_however_it_was_read(table, tmp_path):
    X, y = table
    expected = read_fingerprint(X, y)
    assert read_fingerprint(X, y.to_numpy()) == expected  # the command line gives arrays of labels
    assert read_fingerprint(X, y.to_numpy(dtype=object)) == expected
    assert read_fingerprint(X, list(y)) == expected
    assert read_fingerprint(X.astype({"city": "category"}), y.astype("category")) == expected
    assert read_fingerprint(X.set_index(np.arange(60) + 5), y) == expected
    X.assign(bought=y).to_csv(tmp_path / "table.csv", index=False)
    again = pd.read_csv(tmp_path / "table.csv")
    assert read_fingerprint(again.drop(columns="bought"), again["bought"]) == expected


def test_other_cells_names_or_rows_have_another(table):
    X, y = table
    others = [
        (X.assign(age=X["age"].where(X.index > 0, -1)), y),
        (X.rename(columns={"age": "years"}), y),
        (X[::-1], y[::-1]),
        (X, y.where(y.index > 0, "other")),
        (X[X.columns[::-1]], y),
        (X, None),
    ]
    found = [read_fingerprint(*each) for each in [(X, y), *others]]
    assert len(set(found)) == len(found)


def test_arrays_have_one_too():
    X = np.arange(12.0).reshape(6, 2)
    assert read_fingerprint(X, X[:, 0]) == read_fingerprint(X.astype(int), X[:, :1])
    assert read_fingerprint(X, X[:, 0]) != read_fingerprint(X + 1, X[:, 0])
