"""The outer splits of an evaluation."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import KFold, LeavePGroupsOut, RepeatedStratifiedKFold, ShuffleSplit, TimeSeriesSplit

from sknet_hp.evaluation.levels.outer import are_disjoint, is_ordered, make_outer_splits
from sknet_hp.evaluation.running.data import read_data

y = np.repeat([0, 1], 30)
X = np.arange(60)[:, None]
GROUPS = np.arange(60) % 7
DATA, GROUPED = read_data(X, y), read_data(X, y, GROUPS)


def test_folds_are_shuffled_and_stratified():
    splits = make_outer_splits(3, DATA, DummyClassifier(), n_repeats=2, random_state=0)
    assert [(split.repeat, split.fold) for split in splits] == [(r, f) for r in range(2) for f in range(3)]
    assert all(y[split.test].mean() == 0.5 for split in splits)
    assert not np.array_equal(splits[0].test, splits[3].test)
    again = make_outer_splits(3, DATA, DummyClassifier(), n_repeats=2, random_state=0)
    assert all(np.array_equal(one.test, other.test) for one, other in zip(splits, again, strict=True))


@pytest.mark.parametrize("estimator", [DummyClassifier(), DummyRegressor()])
def test_groups_stay_together(estimator):
    for split in make_outer_splits(3, GROUPED, estimator, random_state=0):
        assert not set(GROUPS[split.train]) & set(GROUPS[split.test])


def test_a_splitter_is_taken_as_it_is():
    splits = make_outer_splits(KFold(3), DATA, DummyClassifier())
    assert [split.test.tolist() for split in splits] == [test.tolist() for _, test in KFold(3).split(X)]


@pytest.mark.parametrize("cv", [True, "5", 5.0, KFold])
def test_what_does_not_split_is_refused(cv):
    with pytest.raises(TypeError, match="cv must be a number of folds, a splitter such as"):
        make_outer_splits(cv, DATA, DummyClassifier())


def test_what_a_splitter_repeats_are_repeats():
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    splits = make_outer_splits(cv, DATA, DummyClassifier())
    assert [(split.repeat, split.fold) for split in splits] == [(r, f) for r in range(2) for f in range(3)]
    again = make_outer_splits(cv, DATA, DummyClassifier(), n_repeats=2, random_state=0)
    assert [split.repeat for split in again] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("cv", "data", "disjoint"),
    [(ShuffleSplit(4, random_state=0), DATA, False), (LeavePGroupsOut(2), GROUPED, False), (KFold(4), DATA, True)],
)
def test_other_splits_are_of_one_repeat(cv, data, disjoint):
    splits = make_outer_splits(cv, data, DummyClassifier())
    assert {split.repeat for split in splits} == {0}
    assert [split.fold for split in splits] == list(range(len(splits)))
    assert are_disjoint(splits) == disjoint


def test_rows_are_counted_from_the_end_too():
    [split] = make_outer_splits([(np.arange(40), [-1, -2])], DATA, DummyClassifier())
    assert split.test.tolist() == [59, 58]


def test_order_is_seen():
    assert is_ordered(make_outer_splits(TimeSeriesSplit(3), DATA, DummyClassifier()))
    assert not is_ordered(make_outer_splits(KFold(2), DATA, DummyClassifier()))


@pytest.mark.parametrize(
    ("cv", "data", "n_repeats", "message"),
    [
        (8, GROUPED, 1, "groups= has 7"),
        (KFold(3), GROUPED, 1, "both sides of outer fold 0"),
        (KFold(3), DATA, 2, "always gives the same"),
        (1, DATA, 1, "at least 2 folds"),
        (61, DATA, 1, "as many rows"),
        ([], DATA, 1, "no split"),
        ([([0, 1], [1, 2])], DATA, 1, "trains on rows that it is scored on"),
        ([([0, 1], [])], DATA, 1, "0 to score on"),
        (3, DATA, 0, "n_repeats must be"),
        ((np.arange(40), np.arange(40, 60)), DATA, 1, "a single pair is a list too"),
        ([(np.arange(40.0), np.arange(40, 60))], DATA, 1, "whole row numbers, or a mask of all 60 rows; got float64"),
        ([(np.arange(40), np.arange(40, 61))], DATA, 1, "cv gives row 60, but the table has 60 rows"),
    ],
)
def test_what_can_not_be_split(cv, data, n_repeats, message):
    with pytest.raises(ValueError, match=message):
        make_outer_splits(cv, data, DummyClassifier(), n_repeats=n_repeats)
