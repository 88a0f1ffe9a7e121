"""All checks of data at once."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from sknet_hp.findings.data import DATA_CHECKS, assume_checked, find_in_data
from tests.helpers.tables import make_splits, make_table


def test_a_table_without_faults():
    for seed in range(5):
        frame, y = make_table(seed=seed)
        assert find_in_data(frame, y, splits=make_splits(len(frame), shuffle=False)) == []


def test_what_was_checked_is_not_looked_at_again():
    frame, y = make_table()
    frame["number"] = np.arange(len(frame))
    with assume_checked():
        assert find_in_data(frame, y) == []
    assert find_in_data(frame, y).codes == ["id_column"]
    with pytest.raises(KeyError), assume_checked():
        raise KeyError
    assert find_in_data(frame, y).codes == ["id_column"]


def test_all_codes_can_be_left_out():
    frame, y = make_table()
    assert find_in_data(frame.assign(number=np.arange(len(frame))), y, skip=list(DATA_CHECKS)) == []


def test_the_same_is_found_each_time():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    X = np.vstack([X, X[:100] * (1 + 1e-4 * rng.normal(size=(100, 4)))])
    once, again = (find_in_data(X, X[:, 0] > 0, splits=make_splits(600)) for _ in range(2))
    assert once.codes == ["leakage", "near_duplicates"] or once.codes == ["near_duplicates", "leakage"]
    assert once == again


def test_the_estimator_tells_classes_from_numbers():
    X, y = np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) // 30
    splits = [(np.arange(150), np.arange(150, 300))]
    for estimator, is_class in (
        (LinearRegression(), False),
        (LogisticRegression(), True),
        (None, True),
        (object(), True),
    ):
        codes = find_in_data(X, y, splits=splits, estimator=estimator).codes
        assert ("missing_classes" in codes) == is_class
