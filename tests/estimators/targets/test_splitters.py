"""Splitters that hold rows out once."""

import numpy as np
import pytest
from sklearn.base import clone

import sknet_hp
from sknet_hp import NetClassifier
from sknet_hp.evaluation import GroupHoldOut, LastRows
from tests.helpers.small_nets import SMALL

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
y = (X[:, 0] > 0).astype(int)
GROUPS = np.repeat(np.arange(24), 5)


def split(splitter, **more):
    [(train, held_out)] = splitter.split(X, **more)
    return train, held_out


@pytest.mark.parametrize(("size", "n"), [("auto", 32), (0.25, 30), (10, 10)])
def test_the_last_rows_are_held_out(size, n):
    train, held_out = split(LastRows(size, gap=3))
    assert held_out.tolist() == list(range(120 - n, 120))
    assert train.tolist() == list(range(120 - n - 3))


@pytest.mark.parametrize(("size", "n"), [("auto", 32), (0.25, 30), (10, 10)])
def test_groups_are_held_out_whole(size, n):
    train, held_out = split(GroupHoldOut(size), groups=GROUPS, y=y)
    assert not set(GROUPS[train]) & set(GROUPS[held_out])
    assert sorted([*train, *held_out]) == list(range(120))
    assert abs(len(held_out) - n) <= 2


def test_classes_are_held_out_evenly():
    of_group = np.repeat(np.arange(24) % 4 == 0, 5)  # whole groups of one class
    _, held_out = split(GroupHoldOut(0.25), groups=GROUPS, y=of_group)
    assert abs(of_group[held_out].mean() - 0.25) < 0.1


def test_a_huge_group_is_trained_on():
    groups = np.r_[np.zeros(110), np.ones(5), np.full(5, 2)]
    _, held_out = split(GroupHoldOut(0.1), groups=groups)
    assert held_out.tolist() == list(range(110, 120))


def test_seeds_choose_groups():
    first = split(GroupHoldOut(0.2, random_state=1), groups=GROUPS)[1].tolist()
    assert first == split(GroupHoldOut(0.2, random_state=1), groups=GROUPS)[1].tolist()
    assert first != split(GroupHoldOut(0.2, random_state=2), groups=GROUPS)[1].tolist()


@pytest.mark.parametrize(
    ("splitter", "groups", "message"),
    [
        (LastRows(120), None, "none is left"),
        (LastRows(0.5, gap=60), None, "none is left"),
        (LastRows("some"), None, "test_size must be"),
        (LastRows(0), None, "test_size must be"),
        (GroupHoldOut(1.5), GROUPS, "test_size must be"),
        (GroupHoldOut(), None, "needs groups"),
        (GroupHoldOut(), np.full(120, "all"), "of one group, 'all'"),
    ],
)
def test_what_can_not_be_split(splitter, groups, message):
    with pytest.raises(ValueError, match=message):
        split(splitter, groups=groups)


@pytest.mark.parametrize("splitter", [LastRows(0.2, gap=1), GroupHoldOut(0.2)])
def test_networks_with_them_are_saved_and_cloned(splitter, tmp_path):
    net = clone(NetClassifier(**SMALL | {"early_stopping": True}, validation_split=splitter)).fit(X, y, groups=GROUPS)
    sknet_hp.save(net, tmp_path / "net")
    loaded = sknet_hp.load(tmp_path / "net")
    assert repr(loaded.validation_split) == repr(splitter)
    assert np.array_equal(loaded.predict_proba(X), net.predict_proba(X))
