"""Rows that come twice, but for small differences."""

import numpy as np
import pytest

from sknet_hp.findings.data import find_in_data
from sknet_hp.findings.data.near_duplicates import choose_limit, measure_nearness
from tests.helpers.tables import make_splits, make_table


def find_twins(n_copies, noise=1e-4, n_rows=1_000):
    frame, _ = make_table(n_rows)
    frame["size"] = np.random.default_rng(1).normal(size=n_rows)
    rows = [*range(n_rows), *range(n_copies)]
    frame = frame.iloc[rows].reset_index(drop=True)
    shift = np.random.default_rng(2).normal(scale=noise, size=(n_copies, 3))
    frame.loc[n_rows:, ["age", "income", "size"]] *= 1 + shift
    return frame


def find(frame):
    return find_in_data(frame, splits=make_splits(len(frame))).of("near_duplicates")


def test_no_twins():
    assert find(find_twins(0)) == []


@pytest.mark.parametrize(("n_copies", "severity"), [(50, "warning"), (200, "error")])
def test_rows_that_were_augmented(n_copies, severity):
    [finding] = find(find_twins(n_copies))
    assert finding.severity == severity
    expected = 2 * n_copies * 0.8 / (1_000 + n_copies)  # pairs in one fold do no harm
    assert finding.evidence["share"] == pytest.approx(expected, rel=0.3)


def test_rows_that_are_equal_are_not_nearly_so():
    assert find(find_twins(200, noise=0)) == []


def test_twins_of_another_category_are_none():
    frame = find_twins(200)
    frame.loc[1_000:, "city"] = "Oslo"
    assert find(frame) == []


def test_nearness_by_distances():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(400, 3)).astype(np.float32), rng.normal(size=(30, 3)).astype(np.float32)
    nearest, nearness = measure_nearness(train, test)
    distances = np.linalg.norm(test[:, None] - train, axis=2)
    assert (nearest == distances.argmin(axis=1)).all()
    assert nearness == pytest.approx(distances.min(axis=1) / distances[:, :20].min(axis=1), rel=1e-4)


def test_gaps_are_no_twins():
    rng = np.random.default_rng(0)
    X = np.where(rng.random((500, 5)) < 0.3, np.nan, rng.normal(size=(500, 5)))
    assert find_in_data(X, splits=make_splits(500)).of("near_duplicates") == []


def test_twins_may_differ_more_where_rows_are_far_apart():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 10))
    X = np.vstack([X, X[:100] + 0.05 * rng.normal(size=(100, 10))])
    assert find_in_data(X, splits=make_splits(1_100)).codes == ["near_duplicates"]
    assert find_in_data(X[:1_000], splits=make_splits(1_000)) == []


@pytest.mark.parametrize("n_dimensions", [3, 4, 6, 10, 30])
def test_few_are_so_near_by_chance(n_dimensions):
    rng = np.random.default_rng(0)
    train, test = (rng.normal(size=(n, n_dimensions)).astype(np.float32) for n in (2_000, 600))
    _, nearness = measure_nearness(train, test)
    assert np.mean(nearness < choose_limit(nearness)) < 0.005
