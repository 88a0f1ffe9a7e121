"""Rows are held out class by class, few rows in larger shares, and teach nothing."""

import numpy as np

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.targets.held_out import choose_fraction
from tests.helpers.held_out import find_held_out
from tests.helpers.small_nets import SMALL


def test_early_stopping_learns_nothing_from_the_rows_held_out(classes):
    """Standardisation is learned from the training rows alone: they have mean zero and
    unit variance.
    """
    X, y = classes
    X = X + np.arange(200)[:, None]
    net = NetClassifier(**SMALL | {"early_stopping": True}, num_embedding=None, validation_fraction=0.3).fit(X, y)
    train, _ = find_held_out(net, y)
    Z = net.encoder_.transform(X, estimator=net)[train]
    np.testing.assert_allclose(Z.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(Z.std(0), 1, atol=1e-4)


def test_validation_rows_are_stratified_where_they_can_be():
    X = np.random.default_rng(0).standard_normal((100, 3))
    y = np.repeat([0, 1], [80, 20])
    net = NetClassifier(**SMALL | {"early_stopping": True}, validation_fraction=0.2).fit(X, y)
    _, valid = find_held_out(net, y)
    assert np.bincount(y[valid]).tolist() == [16, 4]
    y[0] = 2  # a class of one row can not be split, and is no reason to fail
    NetClassifier(**SMALL | {"early_stopping": True}).fit(X, y)


def test_few_rows_have_a_larger_share_held_out():
    for n_rows, held_out in ((2, 1), (10, 3), (40, 12), (160, 32), (320, 32), (1000, 100)):
        net = NetRegressor(max_epochs=2, random_state=0).fit(np.arange(float(n_rows))[:, None], np.zeros(n_rows))
        _, validation = find_held_out(net, np.zeros(n_rows))
        assert len(validation) == held_out
    assert choose_fraction("auto", 10**6) == 0.1
