"""What users' tasks may do to the engine: nothing hangs, nothing is lost, nothing is
left behind.
"""

import contextlib
import gc
import threading
import time
import warnings

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV

import sknet_hp
from sknet_hp.fusion import interface
from sknet_hp.fusion.engine import get_engine
from tests.helpers.arrays import has_same_arrays
from tests.helpers.scripts import wait_until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def limit_threads(monkeypatch):
    """No more threads of the engine's than so many at one time; returns the failed
    attempts.
    """
    refused = []

    def limit(most):
        original = threading.Thread.start

        def start(self):
            if (
                self.name.startswith("sknet_hp")
                and sum(t.name.startswith("sknet_hp") for t in threading.enumerate()) >= most
            ):
                refused.append(self.name)
                raise RuntimeError("can't start new thread")
            original(self)

        monkeypatch.setattr(threading.Thread, "start", start)
        return refused

    return limit


# ---- tasks that fail -----------------------------------------------------------------------------------------------


def test_tasks_that_raise_before_and_after_training(fit, alone):
    def attempt(seed):
        try:
            if seed % 10 == 3:
                raise KeyError("before")
            weights = fit(seed)
            if seed % 10 == 7:
                raise KeyError("after")
            return weights
        except KeyError as error:
            return error.args[0]

    with sknet_hp.fused(2):
        got = Parallel()(delayed(attempt)(seed) for seed in range(60))
    for seed, g in enumerate(got):
        assert np.array_equal(g, "before" if seed % 10 == 3 else "after" if seed % 10 == 7 else alone[seed])


@pytest.fixture
def broken_seed(monkeypatch):
    """Training a network with seed 13 raises."""
    train = interface.train_all

    def train_or_raise(jobs, *args):
        if any(job.seed == 13 for job in jobs):
            raise ArithmeticError("unlucky")
        return train(jobs, *args)

    monkeypatch.setattr(interface, "train_all", train_or_raise)


def test_a_network_that_fails_hurts_no_other(fit, alone, broken_seed):
    def attempt(seed):
        try:
            return fit(seed)
        except ArithmeticError:
            return None

    with sknet_hp.fused(1):
        got = Parallel()(delayed(attempt)(seed) for seed in range(20))
    assert got.pop(13) is None
    assert has_same_arrays(got, [*alone[:13], *alone[14:20]])


@pytest.mark.parametrize("error_score", [np.nan, "raise"])
def test_error_score(data, net, broken_seed, error_score):
    search = GridSearchCV(net(), {"random_state": [1, 13, 2]}, cv=2, refit=False, error_score=error_score)
    with sknet_hp.fused(1), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        if error_score == "raise":
            with pytest.raises(ArithmeticError, match="unlucky"):
                search.fit(*data)
            return
        scores = search.fit(*data).cv_results_["mean_test_score"]
    assert np.isnan(scores).tolist() == [False, True, False]
    assert any("2 fits failed out of a total of 6" in str(w.message) for w in record)


def test_an_exception_reaches_the_caller_and_no_task_goes_on(fit):
    ended = []

    def task(seed):
        if seed == 5:
            raise KeyError(seed)
        try:
            fit(seed, max_epochs=10**6)
        finally:
            ended.append(seed)

    with sknet_hp.fused(8), pytest.raises(KeyError, match="5"):
        Parallel(require="sharedmem")(delayed(task)(seed) for seed in range(40))
    assert not [t for t in threading.enumerate() if t.name.startswith("sknet_hp-task")], (
        "the call ends when its threads have"
    )


# ---- many tasks, few threads ---------------------------------------------------------------------------------------


def test_2000_tasks(fit, alone):
    with sknet_hp.fused(1):
        got = Parallel()(delayed(fit)(seed % 64) for seed in range(2000))
    assert has_same_arrays(got, [alone[seed % 64] for seed in range(2000)])


@pytest.mark.parametrize("most", [3, 2, 1, 0])
def test_a_limit_on_threads_fails_no_search(fit, alone, limit_threads, most):
    refused = limit_threads(most)
    with sknet_hp.fused(4):
        got = Parallel()(delayed(fit)(seed % 64) for seed in range(100))
    assert has_same_arrays(got, [alone[seed % 64] for seed in range(100)])
    assert refused


@pytest.mark.parametrize("most", [3, 2, 1])
def test_a_limit_on_threads_when_all_of_them_are_parents(fit, alone, limit_threads, most):
    refused = limit_threads(most)

    def outer(fold):
        return Parallel()(delayed(fit)(3 * fold + k) for k in range(3))

    with sknet_hp.fused(4):
        got = Parallel()(delayed(outer)(fold) for fold in range(12))
    assert has_same_arrays([weights for part in got for weights in part], alone[:36])
    assert refused


def test_two_threads_and_little_memory_are_enough(data, net):
    search = GridSearchCV(net(), {"lr": [1e-3, 1e-2, 1e-1]}, cv=4)
    want = search.fit(*data).cv_results_["mean_test_score"]
    for settings in ({"max_threads": 2}, {"memory": 5000}, {"memory": 1}, {"max_threads": 1}):
        with sknet_hp.fused(1, **settings):
            assert np.array_equal(search.fit(*data).cv_results_["mean_test_score"], want)


# ---- tasks that block ----------------------------------------------------------------------------------------------


def test_tasks_that_hold_a_lock_while_they_fit(fit, alone):
    lock = threading.Lock()

    def task(seed):
        with lock:
            return fit(seed)

    with sknet_hp.fused(2):
        assert has_same_arrays(Parallel()(delayed(task)(seed) for seed in range(6)), alone[:6])


def test_tasks_that_wait_for_each_other(fit, alone):
    barrier = threading.Barrier(4)

    def task(seed):
        barrier.wait(30)
        return fit(seed)

    with sknet_hp.fused(2):
        assert has_same_arrays(Parallel()(delayed(task)(seed) for seed in range(4)), alone[:4])


def test_a_task_that_takes_its_time_keeps_nobody(fit, alone):
    done = []

    def task(seed):
        if seed == 0:
            assert wait_until(lambda: len(done) == 39)
        weights = fit(seed)
        done.append(seed)
        return weights

    with sknet_hp.fused(2):
        got = Parallel(require="sharedmem")(delayed(task)(seed) for seed in range(40))
    assert has_same_arrays(got, alone[:40])


def test_few_bodies_run_at_a_time(fit):
    """As many as there are cores, and the slow ones only."""
    running, most, lock = 0, [0], threading.Lock()

    def task(seed):
        nonlocal running
        with lock:
            running += 1
            most[0] = max(most[0], running)
        time.sleep(0.2)
        with lock:
            running -= 1
        return fit(seed)

    with sknet_hp.fused(2):
        Parallel(require="sharedmem")(delayed(task)(seed) for seed in range(8))
    assert most[0] == 2


# ---- memory --------------------------------------------------------------------------------------------------------


def test_nothing_is_held_after_a_search(data, net):
    import weakref

    class Watched(np.ndarray):
        pass

    X = data[0].view(Watched)
    alive = weakref.ref(X)
    gc.collect()
    before = set(get_engine().store.known)  # tables of other tests that somebody else holds
    with sknet_hp.fused(1):
        Parallel()(delayed(lambda X, s: net(s).fit(X, data[1]).n_iter_)(X, s) for s in range(10))
    del X
    gc.collect()
    assert wait_until(lambda: alive() is None)
    assert set(get_engine().store.known) <= before


def test_finished_tasks_hold_no_data(fit):
    """What a task was given goes when it ends, not when the call does."""
    import weakref

    class Watched(np.ndarray):
        pass

    alive, counts = weakref.WeakSet(), []

    def make():
        array = np.zeros(1000).view(Watched)
        alive.add(_Key(array))
        return array

    class _Key:
        def __init__(self, array):
            self.array = weakref.ref(array)
            array.key = self

    def task(array, seed):
        fit(seed)
        counts.append(len(alive))
        return seed

    with sknet_hp.fused(1, max_threads=10):
        Parallel(require="sharedmem")(delayed(task)(make(), seed % 64) for seed in range(200))
    assert all(count <= 200 - ended + 12 for ended, count in enumerate(counts))


def test_exceptions_in_iterables_are_raised(fit):
    def tasks():
        yield from (delayed(fit)(seed) for seed in range(5))
        raise KeyError("iterable")

    with sknet_hp.fused(1), pytest.raises(KeyError, match="iterable"):
        Parallel()(tasks())


def test_a_session_ends_though_its_tasks_call_exit(fit):
    def leave():
        raise SystemExit(3)

    with sknet_hp.fused(1), pytest.raises(SystemExit):
        Parallel()([delayed(fit)(0), delayed(leave)(), delayed(fit)(1)])
    with contextlib.suppress(RuntimeError):
        gc.collect()
