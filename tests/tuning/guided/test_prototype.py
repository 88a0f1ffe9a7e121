import numpy as np

from sknet_hp.tuning.guided.prototype import thin_splits

Y = np.array([0] * 90 + [1] * 10)
SPLITS = [(np.arange(0, 100, 2), np.arange(1, 100, 2)), (np.arange(1, 100, 2), np.arange(0, 100, 2))]


def test_classes_keep_their_shares_and_rows_their_order():
    for (train, test), (thinned, same) in zip(SPLITS, thin_splits(SPLITS, Y, 0.4, by_class=True), strict=True):
        assert np.array_equal(test, same)
        assert set(thinned) <= set(train)
        assert (np.diff(thinned) > 0).all()
        assert np.bincount(Y[thinned]).tolist() == [18, 2]


def test_a_rare_class_keeps_a_row():
    y = np.array([0] * 98 + [1] * 2)
    assert [np.bincount(y[train]).tolist() for train, _ in thin_splits(SPLITS, y, 0.1, by_class=True)] == [[5, 1]] * 2


def test_numbers_have_no_classes():
    [(train, _), _] = thin_splits(SPLITS, np.linspace(0, 1, 100), 0.2, by_class=False)
    assert len(train) == 10


def test_all_rows_are_the_same_splits():
    assert thin_splits(SPLITS, Y, 1.0, by_class=True) is SPLITS
