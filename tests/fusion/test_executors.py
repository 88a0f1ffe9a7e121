"""Tables are held once, written once and gone when nobody needs them; executors stop between two steps."""

import gc
import os
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import make_job
from scripts import wait_until

from sknet_hp.fusion import tables
from sknet_hp.fusion.executors import loky
from sknet_hp.fusion.executors.base import WorkerDied
from sknet_hp.fusion.executors.here import Here
from sknet_hp.fusion.executors.loky import Worker
from sknet_hp.fusion.tables import TableStore
from sknet_hp.training.cohort import Cancelled, train
from sknet_hp.training.job import Rows, Table

pytestmark = pytest.mark.timeout(60)


def table(shift=0.0, rows=50, weight=False, dtype=np.int64):
    X = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3) + np.float32(shift)
    return Table(X, np.arange(rows).astype(dtype), np.ones(rows, np.float32) if weight else None)


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
    store = TableStore()
    yield store
    store._remove_all()


# ---- tables --------------------------------------------------------------------------------------------------------


def test_equal_tables_are_one(store):
    first = table()
    assert store.intern(first) is first
    assert store.intern(table()) is first
    assert store.intern(first) is first


@pytest.mark.parametrize("other", [table(1), table(rows=49), table(weight=True), table(dtype=np.float32)], ids=["values", "rows", "weight", "dtype"])
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
    second.X[[0, 1]] = second.X[[1, 0]]
    store.intern(first)
    assert store.intern(second) is second


def test_odd_tables(store):
    for odd in (Table(np.zeros((2, 0), np.float32), np.arange(2)), table(rows=7), table(rows=1, weight=True)):
        assert store.intern(odd) is odd
        file = store.file(odd)
        loaded = loky._load(file)
        assert np.array_equal(loaded.X, odd.X)
        assert np.array_equal(loaded.y, odd.y)
        assert loaded.X.shape == odd.X.shape


class Full:
    """A file where there is no room left."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def seek(self, offset):
        self.file.seek(offset)

    def write(self, content):
        self.file.write(b"begun")
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("room", ["none", "less than it says", "nowhere"])
def test_where_memory_has_no_room(store, room, monkeypatch, tmp_path):
    """Containers often have 64 MB of it, or others have filled it."""
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()

    def opened(path, mode):
        file = Path(path).open(mode)  # noqa: SIM115 - whoever opens it closes it
        return Full(file) if room == "nowhere" or Path(path).is_relative_to(memory) else file

    monkeypatch.setattr(tables, "_IN_MEMORY", str(memory))
    monkeypatch.setattr(tables, "_has_room", lambda size: room != "none")
    monkeypatch.setattr(tables.tempfile, "tempdir", str(disk))
    monkeypatch.setattr(tables, "open", opened, raising=False)
    whole = table()
    if room == "nowhere":
        with pytest.raises(OSError, match=r"a table for worker processes can not be written to .*No space left"):
            store.file(whole)
    else:
        file = store.file(whole)
        assert Path(file.path).is_relative_to(disk)
        assert np.array_equal(loky._load(file).X, whole.X)
    assert len(list(tmp_path.rglob("*.bin"))) == (room != "nowhere"), "nothing half written is left"


def test_room_in_memory_is_asked_for(monkeypatch):
    free = SimpleNamespace(free=10 << 20)
    monkeypatch.setattr(tables.shutil, "disk_usage", lambda path: free)
    monkeypatch.setattr(tables.os, "access", lambda *_: True)
    assert tables._has_room(4 << 20)
    assert not tables._has_room(5 << 20)


def test_a_table_is_written_once_and_read_as_it_was(store):
    whole = table(weight=True)
    file = store.file(whole)
    assert store.file(whole) is file
    assert sum(len(os.listdir(folder)) for folder in store.folders.values()) == 1
    loaded = loky._load(file)
    for name in ("X", "y", "weight"):
        assert np.array_equal(getattr(loaded, name), getattr(whole, name))
        assert getattr(loaded, name).dtype == getattr(whole, name).dtype
    loaded.X[0] = 7  # a copy on write: the file is not touched
    assert np.array_equal(loky._load(store.file(table(weight=True))).X, whole.X)


def test_a_file_goes_with_its_table(store):
    whole = store.intern(table())
    path = Path(store.file(whole).path)
    assert path.exists()
    del whole
    gc.collect()
    assert not path.exists()
    assert not store.files
    assert not store.known


def test_a_worker_keeps_few_tables(store, monkeypatch):
    monkeypatch.setattr(loky, "_WORKER_CACHE_BYTES", 2000)
    monkeypatch.setattr(loky, "_TABLES", type(loky._TABLES)())
    tables = [table(shift) for shift in range(5)]  # of 1,024 bytes
    for t in tables:
        loky._load(store.file(t))
    assert len(loky._TABLES) == 1


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
    here, outcome = Here(), Outcome()
    here.submit(Jobs(make_job(1), make_job(2)), outcome)
    assert outcome.done.wait(20)
    assert not here.busy
    want = train([make_job(1), make_job(2)])
    assert [np.array_equal(a.state.parameters, b.state.parameters) for a, b in zip(want, outcome.value, strict=True)] == [True, True]


def test_here_trains_in_this_thread_if_there_is_no_other(monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    here, outcome = Here(), Outcome()
    here.submit(Jobs(make_job(1)), outcome)
    assert outcome.value[0].state.epoch == 1


def test_here_hands_over_what_goes_wrong():
    here, outcome = Here(), Outcome()
    here.submit(Jobs(make_job(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, KeyError)
    assert not here.busy


@pytest.mark.parametrize("how", ["cancel", "bundle"])
def test_here_stops_between_two_steps(how):
    here, outcome, bundle = Here(), Outcome(), Jobs(make_job(1, epochs=10**7))
    here.submit(bundle, outcome)
    assert not outcome.done.wait(0.2)
    if how == "cancel":
        here.cancel(bundle)
    else:
        bundle.wanted = False
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, Cancelled)
    again = Outcome()
    here.submit(Jobs(make_job(1)), again)
    assert again.done.wait(20)
    assert again.value[0].state.epoch == 1


def test_what_failed_holds_no_memory():
    """The traceback's frames would keep a cohort's tensors while its halves are tried."""
    here, outcome = Here(), Outcome()
    here.submit(Jobs(make_job(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    frames = [frame for frame, _ in traceback.walk_tb(outcome.value.__traceback__)][1:]
    assert frames
    assert not any(frame.f_locals for frame in frames)


def test_a_bundle_that_has_ended_can_not_be_called_off_in_place_of_the_next():
    here, first, second, bundle = Here(), Outcome(), Outcome(), Jobs(make_job(1))
    here.submit(bundle, first)
    assert first.done.wait(20)
    here.submit(Jobs(make_job(1, epochs=50)), second)
    here.cancel(bundle)
    assert second.done.wait(20)
    assert second.value[0].state.epoch == 50


# ---- a worker ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worker():
    store = TableStore()
    worker, errors = Worker(store), []
    worker.start(errors.append)
    assert wait_until(worker.ready), errors
    yield worker
    worker.close()
    store._remove_all()


def trained(worker, *jobs):
    outcome = Outcome()
    worker.submit(Jobs(*jobs), outcome)
    assert outcome.done.wait(30)
    return outcome.value


def test_a_worker_trains_the_same_bits(worker):
    whole = table(rows=40)
    half = np.arange(20)
    jobs = [make_job(seed, epochs=2) for seed in range(3)]
    jobs = [job.with_tables(Rows(Table(whole.X[:, :2].copy(), whole.y % 2), half), Rows(job.train.table)) for job in jobs]
    for a, b in zip(train(jobs), trained(worker, *jobs), strict=True):
        assert np.array_equal(a.state.parameters, b.state.parameters)
        assert [r[:4] for r in a.history] == [r[:4] for r in b.history]


def test_a_worker_stops_between_two_steps(worker):
    outcome, bundle = Outcome(), Jobs(make_job(1, epochs=10**7))
    worker.submit(bundle, outcome)
    assert not outcome.done.wait(0.3)
    worker.cancel(Jobs())
    assert not outcome.done.wait(0.3), "that was another bundle"
    worker.cancel(bundle)
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, Cancelled)
    assert worker.ready()
    assert trained(worker, make_job(1))[0].state.epoch == 1


def test_a_worker_begins_nothing_that_nobody_wants(worker):
    outcome = Outcome()
    worker.submit(Jobs(make_job(1, epochs=10**7), wanted=False), outcome)
    assert isinstance(outcome.value, Cancelled)


def test_a_worker_survives_an_error(worker):
    assert isinstance(trained(worker, make_job(1, loss="no such loss")), KeyError)
    assert worker.ready()


def test_a_worker_that_is_killed_says_so_and_can_be_started_again(worker):
    outcome = Outcome()
    worker.submit(Jobs(make_job(1, epochs=10**7)), outcome)
    assert not outcome.done.wait(0.2)
    os.kill(worker.pid, 9)
    assert outcome.done.wait(10)
    assert isinstance(outcome.value, WorkerDied)
    assert not worker.ready()
    assert not worker.busy
    worker.start(lambda error: None)
    assert wait_until(worker.ready)
    assert trained(worker, make_job(1))[0].state.epoch == 1
