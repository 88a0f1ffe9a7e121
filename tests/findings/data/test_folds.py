"""Folds that do not fit the classes, the groups or the order of rows."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_table

N_ROWS = 400
RNG = np.random.default_rng(0)


def find(code, y, cv, groups=None):
    frame, _ = make_table(N_ROWS)
    splits = cv.split(frame, y, groups if isinstance(cv, GroupKFold) else None)
    return find_in_data(frame, y, splits=splits, groups=groups).of(code)


def test_classes_that_folds_do_not_learn():
    y = np.repeat(["a", "b", "c", "d"], 100)
    findings = find("missing_classes", y, KFold(4))
    assert [finding.severity for finding in findings] == ["error"] * 4 + ["warning"] * 4
    assert findings[0].evidence == {"split": 0, "classes": ["a"], "rows": {"a": 100}}
    assert findings[4].evidence["classes"] == ["b", "c", "d"]
    assert "StratifiedKFold" in findings[0].advice
    assert find("missing_classes", y, StratifiedKFold(4)) == []


def test_classes_with_fewer_rows_than_folds():
    y = np.repeat([0, 1], [N_ROWS - 3, 3])
    findings = find("missing_classes", RNG.permutation(y), KFold(5))
    assert {finding.severity for finding in findings} == {"warning"}
    assert "has 3 rows" in findings[0].advice


def test_groups_that_are_torn():
    groups = np.repeat(np.arange(40), 10)
    y = RNG.normal(size=N_ROWS)
    [finding] = find("group_overlap", y, KFold(5, shuffle=True, random_state=0), groups)
    assert finding.severity == "error"
    assert finding.evidence["share"] > 0.9
    assert find("group_overlap", y, GroupKFold(5), groups) == []


@pytest.mark.parametrize("y", [np.arange(N_ROWS) + RNG.normal(size=N_ROWS), np.arange(N_ROWS) > 150])
def test_folds_of_a_sorted_table(y):
    [finding] = find("row_order", y, KFold(5))
    assert finding.severity == "warning"
    assert finding.evidence["explained"] > 0.5
    assert find("row_order", y, TimeSeriesSplit(5)) == []
    assert find("row_order", y, KFold(5, shuffle=True, random_state=0)) == []  # sorted by its target: no order of time


def test_a_target_that_drifts():
    y = RNG.random(N_ROWS) < np.linspace(0.1, 0.7, N_ROWS)
    [finding] = find("row_order", y, KFold(5, shuffle=True, random_state=0))
    assert finding.severity == "info"
    [finding] = find("row_order", y, StratifiedKFold(5))  # consecutive rows of each class
    assert finding.severity == "warning"
    assert "StratifiedKFold(shuffle=True)" in finding.advice
    [finding] = find("row_order", y, StratifiedKFold(5, shuffle=True, random_state=0))
    assert finding.severity == "info"


def test_rows_in_any_order():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for y in (rng.normal(size=N_ROWS), rng.integers(0, 3, N_ROWS)):
            assert find("row_order", y, KFold(5)) == []
