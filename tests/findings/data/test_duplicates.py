"""Rows that come twice."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_splits, make_table


def repeat(n_copies):
    frame, y = make_table()
    rows = [*range(len(frame)), *range(n_copies)]
    return frame.iloc[rows].reset_index(drop=True), y[rows]


def find_duplicates(X, y=None, **more):
    return find_in_data(X, y, splits=make_splits(X.shape[0]), **more).of("duplicate_rows")


def test_clean_rows():
    assert find_duplicates(*repeat(0)) == []


@pytest.mark.parametrize(("n_copies", "severity"), [(1, "info"), (8, "warning"), (60, "error")])
def test_copies(n_copies, severity):
    [finding] = find_duplicates(*repeat(n_copies))
    assert finding.severity == severity
    assert finding.evidence["agreement"] == 1
    # Pairs whose two rows are in the same fold do no harm, and are not counted.
    splits = make_splits(400 + n_copies)
    fold = np.empty(400 + n_copies, dtype=int)
    for number, (_, test) in enumerate(splits):
        fold[test] = number
    assert finding.evidence["copies"] == 2 * sum(fold[row] != fold[400 + row] for row in range(n_copies))


def test_copies_in_one_fold_are_none():
    frame, y = repeat(60)
    group = [*range(400), *range(60)]
    splits = [(np.flatnonzero(np.mod(group, 5) != k), np.flatnonzero(np.mod(group, 5) == k)) for k in range(5)]
    assert find_in_data(frame, y, splits=splits).of("duplicate_rows") == []
    assert find_in_data(frame, y).of("duplicate_rows")[0].evidence["copies"] == 60


def test_copies_that_have_an_id_of_their_own():
    frame, y = repeat(60)
    [finding] = find_duplicates(frame.assign(number=np.arange(len(frame))), y)
    assert finding.severity == "error"


def test_few_values_are_equal_by_chance():
    X = np.random.default_rng(0).integers(0, 2, size=(400, 4))
    [finding] = find_duplicates(X, X[:, 0])
    assert finding.severity == "info"
    assert finding.evidence["expected_by_chance"] > 10
    assert "equal by chance" in finding.advice


def test_equal_rows_of_any_target_are_no_copies():
    frame, y = repeat(60)
    y[400:] = np.random.default_rng(0).permutation(y[400:])
    [finding] = find_duplicates(frame, y)
    assert finding.severity == "info"
    assert "by chance" not in finding.advice
    assert "probably no copies" in finding.advice
    assert f"; {finding.evidence['copies']} of these" in finding.message


def test_missing_cells_and_zeros_are_equal_to_their_like():
    X = np.array([[0.0, np.nan, 1.5], [-0.0, -np.nan, 1.5], [1.0, 2.0, 3.5]] * 1)
    assert find_in_data(X).of("duplicate_rows")[0].evidence["copies"] == 1


def test_sparse_rows():
    frame, _ = repeat(60)
    dense = frame[["age", "income"]].to_numpy()
    [finding] = find_duplicates(scipy.sparse.csr_array(dense))
    assert finding.evidence == pytest.approx(find_duplicates(dense)[0].evidence)


def test_large_tables_are_sampled():
    X = np.random.default_rng(0).normal(size=(150_000, 1))
    [finding] = find_duplicates(np.vstack([X, X]))
    assert "sample of 100,000 of 300,000 rows" in finding.message
    assert 0.2 < finding.evidence["share"] < 0.3


def test_rows_of_two_classes():
    frame, y = repeat(60)
    y[400:] = np.where(y[400:] == "yes", "no", "yes")
    [finding] = find_in_data(frame, y).of("conflicting_labels")
    assert finding.evidence["conflicting"] == 120
    assert finding.evidence["highest_accuracy"] == pytest.approx(400 / 460)
    assert find_in_data(frame, pd.Series(y).map({"yes": 0.5, "no": 1.5})).of("conflicting_labels") == []


def test_splits_may_be_masks():
    frame, y = repeat(60)
    masks = [(np.isin(np.arange(460), train), np.isin(np.arange(460), test)) for train, test in make_splits(460)]
    assert find_in_data(frame, y, splits=masks) == find_in_data(frame, y, splits=make_splits(460))
