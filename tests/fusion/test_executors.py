"""Tables are held once; executors stop between two steps."""

import gc
import threading
import traceback
from functools import partial

import numpy as np
import pytest
from fakes import make_job

from sknet_hp.fusion import tables
from sknet_hp.fusion.executors.inline import InlineExecutor
from sknet_hp.fusion.tables import TableStore
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import EncodedTable
from sknet_hp.training.stacked.cohort import train

pytestmark = pytest.mark.timeout(60)


def table(shift=0.0, rows=50, weight=False, dtype=np.int64):
    X = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3) + np.float32(shift)
    return EncodedTable(
        Inputs.from_wide(X), np.arange(rows).astype(dtype), np.ones(rows, np.float32) if weight else None
    )


small = partial(make_job, device="cpu")


class Jobs:
    """A bundle."""

    def __init__(self, *jobs, wanted=True):
        self.jobs, self.wanted = list(jobs), wanted

    def cancelled(self):
        return not self.wanted


class Outcome:
    def __init__(self):
        self.value, self.done = None, threading.Event()

    def __call__(self, value):
        self.value = value
        self.done.set()


@pytest.fixture
def store():
    return TableStore()


# ---- tables --------------------------------------------------------------------------------------------------------


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
    monkeypatch.setattr(tables, "_checksum", lambda array: 0)
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


# ---- here ----------------------------------------------------------------------------------------------------------


def test_here_trains_in_another_thread():
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1), small(2)), outcome)
    assert outcome.done.wait(20)
    assert not here.busy
    want = train([small(1), small(2)])
    assert [
        np.array_equal(a.state.parameters, b.state.parameters) for a, b in zip(want, outcome.value, strict=True)
    ] == [True, True]


def test_here_trains_in_this_thread_if_there_is_no_other(monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1)), outcome)
    assert outcome.value[0].state.epoch == 1


def test_here_hands_over_what_goes_wrong():
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, KeyError)
    assert not here.busy


@pytest.mark.parametrize("how", ["cancel", "bundle"])
def test_here_stops_between_two_steps(how):
    here, outcome, bundle = InlineExecutor("cpu"), Outcome(), Jobs(small(1, epochs=10**7))
    here.submit(bundle, outcome)
    assert not outcome.done.wait(0.2)
    if how == "cancel":
        here.cancel(bundle)
    else:
        bundle.wanted = False
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, Cancelled)
    again = Outcome()
    here.submit(Jobs(small(1)), again)
    assert again.done.wait(20)
    assert again.value[0].state.epoch == 1


def test_what_failed_holds_no_memory():
    """The traceback's frames would keep a cohort's tensors while its halves are tried."""
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    frames = [frame for frame, _ in traceback.walk_tb(outcome.value.__traceback__)][1:]
    assert frames
    assert not any(frame.f_locals for frame in frames)


def test_a_bundle_that_has_ended_can_not_be_called_off_in_place_of_the_next():
    here, first, second, bundle = InlineExecutor("cpu"), Outcome(), Outcome(), Jobs(small(1))
    here.submit(bundle, first)
    assert first.done.wait(20)
    here.submit(Jobs(small(1, epochs=50)), second)
    here.cancel(bundle)
    assert second.done.wait(20)
    assert second.value[0].state.epoch == 50
