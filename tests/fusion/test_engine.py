"""Which jobs go together, when, and where: with executors that train nothing."""

import threading
import time

import pytest
from joblib import Parallel, delayed

import sknet_hp
from sknet_hp.fusion import batching, devices
from sknet_hp.fusion.executors.base import WorkerDied
from sknet_hp.fusion.interface import train_job
from sknet_hp.training.cancellation import Cancelled
from tests.helpers.fakes import DEVICE, FakeExecutor, make_job
from tests.helpers.scripts import wait_until

pytestmark = [pytest.mark.timeout(40), pytest.mark.usefixtures("patience")]
HEIGHT = devices.compute_stack_height(make_job())


def train(seed, **changes):
    """What a task does; returns the seed that the result carries."""
    return train_job(make_job(seed, **changes)).state.epoch


@pytest.fixture
def here(new_engine):
    """One fake device of this process."""
    new_engine.pool.inline[DEVICE] = FakeExecutor()
    return new_engine.pool.inline[DEVICE]


@pytest.fixture
def waits_a_second(patience, monkeypatch):
    """The engine waits long enough for tasks that are on their way, and no longer."""
    monkeypatch.setattr(batching, "_LEAST_WAIT", 1.0)


@pytest.fixture
def two_places(new_engine, monkeypatch):
    """Two fake devices of this process."""
    places = [FakeExecutor(), FakeExecutor()]
    monkeypatch.setattr(new_engine.pool, "_find_inline", lambda job: places)
    return places


def run_here(tasks, **settings):
    with sknet_hp.fused(1, **settings):
        return Parallel(require="sharedmem")(tasks)


def test_height_of_the_smallest_networks():
    assert HEIGHT == 32


@pytest.mark.parametrize(("jobs", "sizes"), [(1, [1]), (10, [10]), (32, [32]), (33, [17, 16]), (70, [24, 23, 23])])
def test_bundles_are_full_and_of_a_size(here, jobs, sizes):
    assert run_here(delayed(train)(seed) for seed in range(jobs)) == list(range(jobs))
    assert here.sizes == sizes


@pytest.mark.parametrize(("jobs", "size"), [(2, 1), (20, 10), (64, 32), (100, 25)])
def test_bundles_are_cut_evenly_over_places(two_places, jobs, size):
    for place in two_places:
        place.seconds = 0.4
    epochs = round(0.4 / devices.estimate_seconds(make_job(), size))
    assert run_here(delayed(train)(seed, epochs=epochs) for seed in range(jobs)) == list(range(jobs))
    assert abs(sum(two_places[0].sizes) - sum(two_places[1].sizes)) <= jobs / 2
    assert max(two_places[0].sizes + two_places[1].sizes) <= size + size // 4 + 2
    assert two_places[0].sizes[0] == size


def test_jobs_are_ordered_by_submission_not_by_arrival(here):
    run_here(delayed(train)(seed) for seed in range(70))
    assert [seed for bundle in here.bundles for seed in bundle] == list(range(70))


def test_jobs_of_another_structure_train_apart(here):
    run_here(delayed(train)(seed, width=3 + seed % 2) for seed in range(20))
    assert here.sizes == [10, 10]
    assert {tuple(seed % 2 for seed in bundle) for bundle in here.bundles} == {(0,) * 10, (1,) * 10}


def test_an_observed_network_trains_alone(here):
    run_here(delayed(train)(seed, observer=object()) for seed in range(3))
    assert here.sizes == [1, 1, 1]


def test_a_quiet_while_is_enough(here, waits_a_second):
    """One task comes to the engine only after the others are trained."""

    def last():
        assert here.arrived.wait(10)
        return train(9)

    tasks = [*(delayed(train)(seed) for seed in range(5)), delayed(last)()]
    assert run_here(tasks) == [0, 1, 2, 3, 4, 9]
    assert here.sizes == [5, 1]


def test_a_blocked_task_does_not_keep_the_others(here, waits_a_second):
    """It comes first, and holds the only permit."""

    def last():
        assert here.arrived.wait(10)
        return train(9)

    tasks = [delayed(last)(), *(delayed(train)(seed) for seed in range(5))]
    assert run_here(tasks) == [9, 0, 1, 2, 3, 4]
    assert sum(here.sizes) == 6


def test_a_full_bundle_does_not_wait(here):
    """A task that takes its time does not keep a full bundle back."""

    def slow():
        assert here.arrived.wait(10)
        return -1

    run_here([*(delayed(train)(seed) for seed in range(3 * HEIGHT)), delayed(slow)()])
    assert here.sizes[0] > HEIGHT / 2


def test_tasks_that_train_twice_come_together_twice(here):
    def twice(seed):
        return train(seed), train(seed + 100)

    assert run_here(delayed(twice)(seed) for seed in range(12)) == [(seed, seed + 100) for seed in range(12)]
    assert here.sizes == [12, 12]


def test_nested_calls_meet_and_so_do_their_parents(here):
    """Five outer tasks with four inner ones each, and a job of their own after: the
    shape of a nested cross-validation.
    """

    def outer(fold):
        inner = Parallel()(delayed(train)(10 * fold + k) for k in range(4))
        return [*inner, train(10 * fold + 9)]

    got = run_here(delayed(outer)(fold) for fold in range(5))
    assert got == [[10 * fold + k for k in (0, 1, 2, 3, 9)] for fold in range(5)]
    assert here.sizes == [20, 5]
    assert sorted(here.bundles[1]) == [9, 19, 29, 39, 49]


def test_what_fills_a_stack_goes_first(here):
    """The refits of a nested search are few: while inner networks are waiting, they
    wait for each other.
    """
    here.seconds = 0.2
    epochs = round(0.2 / devices.estimate_seconds(make_job(), 18))

    def outer(fold):
        Parallel()(delayed(train)(100 * fold + k, epochs=epochs) for k in range(18))
        return train(100 * fold + 99, width=4)

    assert run_here(delayed(outer)(fold) for fold in range(4)) == [99, 199, 299, 399]
    assert sum(here.sizes) == 76
    assert sum(bundle[0] % 100 == 99 for bundle in here.bundles) <= 2
    assert len(here.bundles) <= 8


def test_max_threads_limits_what_waits(here):
    assert run_here((delayed(train)(seed) for seed in range(9)), max_threads=2) == list(range(9))
    assert max(here.sizes) <= 2


@pytest.mark.parametrize("frame", [None, "pandas", "polars"])
def test_bytes_limit_what_waits(here, frame):
    import numpy as np

    data = np.zeros(1000) if frame is None else pytest.importorskip(frame).DataFrame({"a": np.zeros(1000)})
    assert run_here((delayed(lambda seed, _: train(seed))(seed, data) for seed in range(9)), memory=3 * 8000) == list(
        range(9)
    )
    assert max(here.sizes) <= 3
    assert max(here.sizes) > 1


def test_less_memory_than_one_task_needs_is_enough(here):
    import numpy as np

    assert run_here((delayed(lambda seed, _: train(seed))(seed, np.zeros(100)) for seed in range(4)), memory=8) == list(
        range(4)
    )
    assert here.sizes == [1, 1, 1, 1]


# ---- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_failing_stack_is_halved_down_to_the_guilty(here):
    def answer(jobs):
        return ValueError("thirteen", 13) if any(job.seed == 13 for job in jobs) else default(jobs)

    default, here.answer = here.answer, answer

    def attempt(seed):
        try:
            return train(seed)
        except ValueError as error:
            return error

    got = run_here(delayed(attempt)(seed) for seed in range(32))
    assert got[:13] + got[14:] == [*range(13), *range(14, 32)]
    assert got[13].args == ("thirteen", 13)
    assert here.sizes[0] == 32
    assert len(here.sizes) == 1 + 2 * 5


def test_every_job_gets_an_exception_of_its_own(here):
    class Odd(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    shared = Odd(1, 2)
    here.answer = lambda jobs: shared

    def attempt(seed):
        try:
            return train(seed)
        except Exception as error:
            return error

    got = run_here(delayed(attempt)(seed) for seed in range(6))
    assert len({id(error) for error in got}) == 6
    assert all(error is not shared and "1 and 2" in str(error) for error in got)


def test_running_out_of_memory_is_said_and_overcome(here):
    default = here.answer
    here.answer = lambda jobs: RuntimeError("CUDA out of memory") if len(jobs) > 8 else default(jobs)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        assert run_here(delayed(train)(seed) for seed in range(32)) == list(range(32))
    assert here.sizes.count(8) == 4


def test_a_dead_worker_costs_its_bundle_only(two_places):
    deaths = iter([WorkerDied()])
    for worker in two_places:
        worker.answer = lambda jobs, default=worker.answer: next(deaths, None) or default(jobs)
    with pytest.warns(RuntimeWarning, match="a worker died while it trained 10 networks"):
        assert run_here(delayed(train)(seed) for seed in range(20)) == list(range(20))


def test_a_network_that_kills_workers_fails_alone(two_places):
    for worker in two_places:
        worker.answer = lambda jobs, default=worker.answer: (
            WorkerDied() if any(job.seed == 5 for job in jobs) else default(jobs)
        )

    def attempt(seed):
        try:
            return train(seed)
        except RuntimeError as error:
            return str(error)

    with pytest.warns(RuntimeWarning, match="died"):
        got = run_here(delayed(attempt)(seed) for seed in range(16))
    assert "workers died in turn" in got.pop(5)
    assert got == [*range(5), *range(6, 16)]


def test_a_bug_in_the_engine_hangs_nobody(here, new_engine, monkeypatch):
    monkeypatch.setattr(devices, "compute_stack_height", lambda job: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_here(delayed(train)(seed) for seed in range(5))


def test_calling_off_a_call_reaches_bundles_in_training(here, waits_a_second):
    here.hold = True

    def interrupt():
        assert here.arrived.wait(10)
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        run_here([*(delayed(train)(seed) for seed in range(4)), delayed(interrupt)()])
    assert here.cancelled.is_set()
    here.release()


def test_a_job_that_comes_after_the_end_is_not_trained(here):
    late, outcome = threading.Event(), []

    def come_late():
        late.wait(10)
        try:
            train(1)
        except BaseException as error:
            outcome.append(type(error))
            raise

    def fail():
        time.sleep(0.1)
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        run_here([delayed(come_late)(), delayed(fail)()])
    late.set()
    assert wait_until(lambda: outcome)
    assert outcome == [Cancelled]
    assert here.bundles == []


def test_progress(here):
    here.hold = True
    with sknet_hp.fused(1) as session:
        results = Parallel(return_as="generator")(delayed(train)(seed) for seed in range(40))
        assert here.arrived.wait(10)
        time.sleep(0.2)
        now = session.progress()
        assert (now.trained, now.training) == (0, here.sizes[0])
        assert now.training + now.waiting == 40
        here.release()
        assert list(results) == list(range(40))
        assert session.progress().trained == 40
