"""Equal tables are held once."""

import gc
import threading

import numpy as np
import pytest

from sknet_hp.fusion import tables
from sknet_hp.fusion.tables import TableStore
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable

pytestmark = pytest.mark.timeout(60)


def table(shift=0.0, rows=50, weight=False, dtype=np.int64):
    X = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3) + np.float32(shift)
    return EncodedTable(
        Inputs.from_wide(X), np.arange(rows).astype(dtype), np.ones(rows, np.float32) if weight else None
    )


@pytest.fixture
def store():
    return TableStore()


def test_equal_tables_are_one(store):
    first = table()
    assert store.intern(first) is first
    assert store.intern(table()) is first
    assert store.intern(first) is first


@pytest.mark.parametrize(
    "other",
    [table(1), table(rows=49), table(weight=True), table(dtype=np.float32)],
    ids=["values", "rows", "weight", "dtype"],
)
def test_other_tables_are_others(store, other):
    first = store.intern(table())
    assert store.intern(other) is not first


def test_tables_with_equal_checksums_are_compared(store, monkeypatch):
    monkeypatch.setattr(tables, "_compute_checksum", lambda array: 0)
    first, second = table(), table(1)
    assert store.intern(first) is first
    assert store.intern(second) is second
    assert store.intern(table(1)) is second


def test_a_change_within_a_row_is_seen(store):
    first, second = table(), table()
    second.X.floats[[0, 1]] = second.X.floats[[1, 0]]
    store.intern(first)
    assert store.intern(second) is second


def test_tables_of_equal_arrays_and_another_width_are_others(store):
    first = store.intern(EncodedTable(Inputs(np.zeros((2, 1), np.float32), 3), np.arange(2)))
    assert store.intern(EncodedTable(Inputs(np.zeros((2, 1), np.float32), 4), np.arange(2))) is not first


def test_odd_tables(store):
    for odd in (
        EncodedTable(Inputs.from_wide(np.zeros((2, 0))), np.arange(2)),
        table(rows=7),
        table(rows=1, weight=True),
    ):
        assert store.intern(odd) is odd


def test_a_table_goes_when_nobody_holds_it(store):
    first = store.intern(table())
    del first
    gc.collect()
    assert not store.known


def test_interning_from_many_threads(store):
    got = []

    def intern():
        for shift in range(20):
            got.append((shift, store.intern(table(shift))))

    threads = [threading.Thread(target=intern) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(t) for _, t in got}) == 20
