"""Checks of a table before anything is trained."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from sknet_hp.evaluation import check_data
from tests.helpers.tables import make_table


def repeat(n_copies):
    frame, y = make_table()
    rows = [*range(len(frame)), *range(n_copies)]
    return frame.iloc[rows], y[rows], rows


def test_splits_are_those_of_an_evaluation():
    frame, y, groups = repeat(60)
    assert check_data(frame, y).codes == ["duplicate_rows"]
    assert check_data(frame, y, cv=GroupKFold(5), groups=groups) == []
    assert "group_overlap" in check_data(frame, y, cv=5, groups=groups).codes


def test_codes_can_be_chosen():
    frame, y, _ = repeat(60)
    frame = frame.assign(number=np.arange(len(frame)))
    assert check_data(frame, y).codes == ["duplicate_rows", "id_column"]
    assert check_data(frame, y, checks=["id_column"]).codes == ["id_column"]
    assert check_data(frame, y, checks=False) == []
    with pytest.raises(ValueError, match="'idcolumn', which no check is called"):
        check_data(frame, y, checks=["idcolumn"])


def test_what_is_no_table_is_not_looked_at():
    assert check_data(["a text", "another text"] * 20, [0, 1] * 20) == []


def test_nothing_is_drawn_from_numpys_generator():
    frame, y, _ = repeat(60)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    check_data(frame, y)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ("table.csv", [0, 1] * 20, r"read already, such as pandas.read_csv\('table.csv'\)"),
        (np.zeros((40, 2)), "price", "y must be the values to predict"),
        (np.zeros((40, 2)), [0, 1, None, 1] * 10, "y is missing in 10 of 40 rows"),
        (np.zeros((40, 2)), ["a"] * 40, "y is the same in all 40 rows"),
    ],
)
def test_what_can_not_be_checked_is_said(X, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        check_data(X, y)
