"""Calls inside calls and calls beside calls: each gets its own results."""

import gc
import threading
import time

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV

import sknet_hp
from sknet_hp.fusion.engine import get_engine
from tests.helpers.arrays import has_same_arrays
from tests.helpers.scripts import wait_until

pytestmark = pytest.mark.timeout(60)


# ---- calls inside calls, calls beside calls ------------------------------------------------------------------------


def test_nested_three_deep(fit, alone):
    def leaf(k):
        return fit(k)

    def middle(k):
        return Parallel()(delayed(leaf)(2 * k + i) for i in range(2)), fit(60)

    def top(k):
        return Parallel()(delayed(middle)(3 * k + i) for i in range(3)), fit(61)

    with sknet_hp.fused(1):
        got = Parallel()(delayed(top)(k) for k in range(3))
    for k, (middles, own) in enumerate(got):
        assert np.array_equal(own, alone[61])
        for i, (leaves, refit) in enumerate(middles):
            assert np.array_equal(refit, alone[60])
            assert has_same_arrays(leaves, alone[2 * (3 * k + i) : 2 * (3 * k + i) + 2])


def test_two_searches_from_two_threads(fit, alone):
    results = {}

    def search(offset):
        with sknet_hp.fused(1):
            results[offset] = Parallel()(delayed(fit)(offset + k) for k in range(20))

    threads = [threading.Thread(target=search, args=(offset,)) for offset in (0, 20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for offset in (0, 20, 40):
        assert has_same_arrays(results[offset], alone[offset : offset + 20])


def test_one_of_two_searches_fails(fit, alone):
    results = []

    def search():
        with sknet_hp.fused(1):
            results.append(Parallel()(delayed(fit)(k, max_epochs=2) for k in range(40)))

    def fail(seed):
        fit(seed)
        raise KeyError(seed)

    thread = threading.Thread(target=search)
    thread.start()
    with sknet_hp.fused(1), pytest.raises(KeyError):
        Parallel()(delayed(fail)(seed) for seed in range(10))
    thread.join(30)
    assert has_same_arrays(results[0], alone[:40])


def test_a_search_in_a_users_threading_backend(data, net):
    search = GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3)
    want = search.fit(*data).cv_results_["mean_test_score"]

    def task():
        with sknet_hp.fused(1):
            return search.fit(*data).cv_results_["mean_test_score"]

    got = Parallel(n_jobs=2, backend="threading")(delayed(task)() for _ in range(4))
    assert all(np.array_equal(want, g) for g in got)


@pytest.mark.parametrize("kind", ["generator", "generator_unordered"])
def test_interleaved_generators(fit, alone, kind):
    with sknet_hp.fused(1):
        first = Parallel(return_as=kind)(delayed(lambda s: (s, fit(s)))(s) for s in range(9))
        second = Parallel(return_as=kind)(delayed(lambda s: (s, fit(s)))(s) for s in range(9))
        got = [pair for pairs in zip(first, second, strict=True) for pair in pairs]
    assert sorted(seed for seed, _ in got) == sorted([*range(9), *range(9)])
    assert all(np.array_equal(weights, alone[seed]) for seed, weights in got)
    if kind == "generator":
        assert [seed for seed, _ in got] == [s for s in range(9) for _ in range(2)]


def test_a_generator_consumed_in_another_thread(fit, alone):
    got = []
    with sknet_hp.fused(1):
        generator = Parallel(return_as="generator")(delayed(fit)(s) for s in range(9))
        thread = threading.Thread(target=lambda: got.extend(generator))
        thread.start()
        thread.join(30)
    assert has_same_arrays(got, alone[:9])
    assert not get_engine().tasks.state.dispatching


@pytest.mark.filterwarnings(
    "ignore:.*tasks which were still being processed", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_generator_dropped_half_consumed(fit):
    dropped, trained = threading.Event(), []

    def task(seed):
        if seed > 1:
            dropped.wait(30)
        fit(seed)
        trained.append(seed)

    with sknet_hp.fused(1):
        generator = Parallel(return_as="generator", require="sharedmem")(delayed(task)(seed) for seed in range(40))
        next(generator)
        del generator
        gc.collect()
        dropped.set()
        assert wait_until(lambda: not get_engine().tasks.state.live)
    assert set(trained) <= {0, 1}


def test_a_call_that_fails_before_it_begins_leaves_no_session(fit, alone):
    with sknet_hp.fused(1):
        with pytest.raises(TypeError):
            Parallel()(5)
        gc.collect()
        assert not get_engine().parallels
        assert has_same_arrays(Parallel()(delayed(fit)(s) for s in range(3)), alone[:3])


def test_one_parallel_called_twice(fit, alone):
    with sknet_hp.fused(1), Parallel() as parallel:
        assert has_same_arrays(parallel(delayed(fit)(s) for s in range(4)), alone[:4])
        with pytest.raises(KeyError):
            parallel(delayed({}.__getitem__)(s) for s in range(4))
        assert has_same_arrays(parallel(delayed(fit)(s) for s in range(4, 8)), alone[4:8])


def test_tasks_of_a_call_that_fails_while_it_dispatches_are_not_of_the_next_call(fit, alone):
    ran = []

    def fails(number):
        ran.append(number)
        raise KeyError(number)

    with sknet_hp.fused(1), Parallel(require="sharedmem") as parallel:
        dispatch = parallel.dispatch_one_batch

        def dispatch_and_wait_for_the_failure(iterator):
            dispatched = dispatch(iterator)
            assert wait_until(lambda: parallel._aborting)
            return dispatched

        parallel.dispatch_one_batch = dispatch_and_wait_for_the_failure
        with pytest.raises(KeyError):
            parallel(delayed(fails)(number) for number in range(4))
        del parallel.dispatch_one_batch
        assert has_same_arrays(parallel(delayed(fit)(s) for s in range(4)), alone[:4])
    assert ran == [0]


def test_a_late_failure_does_not_reach_the_next_call(fit, alone):
    """A task of a call that has failed ends just when the next call of the same
    `Parallel` begins, before joblib can tell the two apart.
    """
    release, threads = threading.Event(), []

    def late():
        threads.append(threading.current_thread())
        release.wait(30)
        raise ZeroDivisionError("late")

    def fails():
        while not threads:
            time.sleep(0.001)
        raise KeyError("early")

    with sknet_hp.fused(2), Parallel(require="sharedmem") as parallel:
        begin = parallel._reset_run_tracking

        def begin_beside_the_late_one():
            begin()
            release.set()
            for thread in threads:
                thread.join(30)

        with pytest.raises(KeyError):
            parallel(delayed(task)() for task in (late, fails))
        parallel._reset_run_tracking = begin_beside_the_late_one
        assert has_same_arrays(parallel(delayed(fit)(s) for s in range(4)), alone[:4])
