"""The joblib backend: how it is chosen, what it says to whom, and which tasks it gives
threads.
"""

import os
import threading
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp.fusion.backend import MAX_TASKS, FusedBackend
from sknet_hp.fusion.detection import has_network
from sknet_hp.fusion.engine import get_engine
from sknet_hp.fusion.interface import count_cores_of_caller, train_job
from sknet_hp.fusion.tasks.sizes import estimate_bytes_of_batch
from sknet_hp.system import memory, processors
from tests.helpers.fakes import make_job
from tests.helpers.scripts import run_script, wait_until

pytestmark = pytest.mark.timeout(60)


def test_worker_processes_are_gone():
    with pytest.raises(ValueError, match="threads of this process"):
        sknet_hp.fused(over="loky")


@pytest.mark.parametrize("over", ["nonsense", 3])
def test_over_is_checked(over):
    with pytest.raises(ValueError, match=r"over=.*must be 'inline', 'dask', 'ray', a Dask client or None"):
        sknet_hp.fused(over=over)
    with pytest.raises(ValueError, match="over="):
        joblib.parallel_config(backend="fused", over=over)
    assert joblib.parallel._backend.__dict__.get("config", None) in (None, joblib.parallel.default_parallel_config)


@pytest.mark.parametrize("n_jobs", [0, True, False, 1.5, 2.0, "2"])
def test_n_jobs_that_is_no_number_of_cores(n_jobs):
    """`fused("2")` was taken, and failed somewhere else."""
    with pytest.raises(ValueError, match=f"n_jobs={n_jobs!r}; it must be a whole number of cores"):
        sknet_hp.fused(n_jobs)


def test_n_jobs_of_zero_is_an_error(fit):
    with joblib.parallel_config(backend="fused"), pytest.raises(ValueError, match="n_jobs=0"):
        Parallel(n_jobs=0)(delayed(fit)(seed) for seed in range(3))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"memory": "1GB"}, r"memory='1GB'; it must be a whole number of bytes, for example 2 \* 10\*\*9"),
        ({"memory": 1e9}, "memory=1000000000.0; it must be a whole number of bytes"),
        ({"memory": 0}, "memory=0; it must be a whole number of bytes"),
        ({"max_threads": 2.0}, "max_threads=2.0; it must be a whole number from 1 on"),
        ({"max_threads": 0}, "max_threads=0; it must be a whole number from 1 on"),
    ],
)
def test_limits_that_are_no_whole_numbers(setting, message):
    """They were taken, and failed somewhere else."""
    with pytest.raises(ValueError, match=message):
        sknet_hp.fused(**setting)


def test_settings_may_be_integers_of_numpy(fit):
    with sknet_hp.fused(np.int64(1), memory=np.int64(10**9), max_threads=np.int64(3), over="inline"):
        Parallel()(delayed(fit)(seed) for seed in range(2))


@pytest.mark.parametrize("return_as", ["list", "generator", "generator_unordered"])
def test_what_makes_the_tasks_fails(return_as):
    """Where that comes before the first of them, joblib gave the results of no task,
    and nobody was told.
    """

    def tasks():
        yield delayed(abs)(1)
        raise OSError("there is no second one")

    with sknet_hp.fused(), pytest.raises(OSError, match="there is no second one"):
        list(Parallel(return_as=return_as, pre_dispatch="all")(tasks()))


def test_no_network_is_shared_out_over_more_cores_than_there_are():
    """In a container with two of sixty-four cores torch has sixty-four threads: parts
    that wait for each other would take for ever.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(64)
    try:
        assert count_cores_of_caller() == processors.count_cores()
        with sknet_hp.fused(n_jobs=64):
            assert Parallel()([delayed(count_cores_of_caller)()]) == [processors.count_cores()]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("n_jobs", "cores"), [(None, processors.count_cores()), (-1, processors.count_cores()), (1, 1), (3, 3), (-1000, 1)]
)
def test_how_many_cores_work(new_engine, fit, n_jobs, cores):
    """The session decides, whatever a call in it asks for."""
    for asked in (None, 1, 2):
        with sknet_hp.fused(n_jobs):
            Parallel(n_jobs=asked)(delayed(fit)(seed) for seed in range(2))
        assert new_engine.pool.n_jobs == cores


def test_a_call_decides_where_there_is_no_session(new_engine, fit):
    with joblib.parallel_config(backend="fused"):
        Parallel(n_jobs=3)(delayed(fit)(seed) for seed in range(2))
    assert new_engine.pool.n_jobs == 3


def test_the_name_is_known_after_import(tmp_path):
    out, error = run_script(
        tmp_path,
        """
        import joblib
        def name(seed):
            fit(seed)
            return threading.current_thread().name.startswith("sknet_hp-task")
        with joblib.parallel_config(backend="fused", n_jobs=1):
            print(all(Parallel()(delayed(name)(s) for s in range(4))))
        """,
    )
    assert out == "True\n", error


def wraps(net):
    return {
        "itself": net,
        "pipeline": make_pipeline(StandardScaler(), net),
        "search": GridSearchCV(make_pipeline(StandardScaler(), net), {}),
        "stacking of pipelines": StackingClassifier([("a", make_pipeline(StandardScaler(), net))]),
        "final estimator": StackingClassifier([("a", LogisticRegression())], final_estimator=net),
        "columns": make_pipeline(
            ColumnTransformer([("a", make_pipeline(StandardScaler(), VotingClassifier([("n", net)])), [0])])
        ),
        "grid": GridSearchCV(
            make_pipeline(LogisticRegression()), [{"logisticregression": [LogisticRegression(), net]}]
        ),
    }


@pytest.mark.parametrize("name", wraps(None))
def test_networks_are_found(net, name):
    assert has_network(wraps(net())[name])
    assert not has_network(wraps(LogisticRegression())[name])


def test_classes_are_no_networks():
    assert not has_network(sknet_hp.NetClassifier)


def test_width_is_told_to_those_with_networks_alone(net):
    class Asks(LogisticRegression):
        def __init__(self, inside=None):
            self.inside = inside

        def fit(self, X, y):
            return joblib.effective_n_jobs(-1)

    with sknet_hp.fused(2):
        assert joblib.effective_n_jobs(-1) == 1
        assert Asks().fit(None, None) == 1
        assert Asks(make_pipeline(net())).fit(None, None) == MAX_TASKS


def test_tasks_without_a_network_run_in_the_callers_thread_in_order(data):
    threads, order = set(), []

    class Watched(RandomForestClassifier):
        def fit(self, X, y):
            threads.add(threading.current_thread())
            order.append(self.max_depth)
            return super().fit(X, y)

    with sknet_hp.fused(2):
        GridSearchCV(Watched(3, random_state=0), {"max_depth": [1, 2, 3]}, cv=2, refit=False).fit(*data)
    assert threads == {threading.current_thread()}
    assert order == [1, 1, 2, 2, 3, 3]


def test_a_mixed_grid(data, net):
    """Networks and others as candidates of one search."""
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net()), {"netclassifier": [net(), LogisticRegression(), net(1)]}, cv=3
    )
    want = search.fit(*data).cv_results_["mean_test_score"]
    with sknet_hp.fused(1):
        assert np.array_equal(search.fit(*data).cv_results_["mean_test_score"], want)


def test_results_come_in_order_with_batches(fit, alone):
    with sknet_hp.fused(1):
        got = Parallel(batch_size=3, pre_dispatch=4)(delayed(fit)(seed) for seed in range(10))
    assert all(map(np.array_equal, got, alone))


def test_nothing_to_do():
    with sknet_hp.fused(1):
        assert Parallel()([]) == []
        assert list(Parallel(return_as="generator")([])) == []


def test_a_thread_of_a_tasks_own_trains_alone(fit, alone):
    def task(seed):
        got = []
        thread = threading.Thread(target=lambda: got.append(fit(seed)))
        thread.start()
        thread.join()
        return got[0]

    with sknet_hp.fused(1):
        assert all(map(np.array_equal, Parallel()(delayed(task)(seed) for seed in range(3)), alone))


def test_outside_a_session_a_network_trains_here(new_engine):
    assert train_job(make_job(0, device="cpu")).state.epoch == 1
    assert new_engine.dispatcher is None


def test_the_dispatcher_ends_with_the_session(new_engine, data, net):
    with sknet_hp.fused(1):
        cross_validate(net(), *data, cv=2)
    new_engine.lock.acquire()
    new_engine.lock.notify()
    new_engine.lock.release()
    assert wait_until(lambda: new_engine.dispatcher is None)
    assert get_engine() is new_engine


def test_timeouts_of_joblib_are_kept(fit):
    with sknet_hp.fused(1), pytest.raises(joblib.parallel.TimeoutError):
        Parallel(timeout=0.2)(delayed(fit)(seed, max_epochs=10**6) for seed in range(5))


def test_a_backend_can_be_described():
    backend = FusedBackend(nesting_level=0, memory=5, max_threads=7)
    nested, _ = backend.get_nested_backend()
    assert (nested.over, nested.memory, nested.max_threads, nested.nesting_level) == (None, 5, 7, 1)


def test_tables_within_a_split_count_as_memory():
    """Searches hand them over as a tuple."""
    X = np.zeros((100, 5))
    plain, within = (
        SimpleNamespace(items=[(None, arguments, {})]) for arguments in ((X, X[:, 0]), ((X, X[:, 0], None), "name"))
    )
    assert estimate_bytes_of_batch(plain) == estimate_bytes_of_batch(within) == X.nbytes + X[:, 0].nbytes


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_cores_follow_the_affinity_of_the_moment():
    before = os.sched_getaffinity(0)
    everything = processors.count_cores()
    try:
        os.sched_setaffinity(0, {min(before)})
        assert processors.count_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert processors.count_cores() == everything


@pytest.mark.parametrize("reading", ["_read_free_in_cgroup", "_read_free_under_rlimit"])
def test_tasks_hold_a_quarter_of_what_a_container_or_a_limit_leaves(new_engine, monkeypatch, reading):
    """Only what is free on the whole machine counted, and containers ran out of memory."""
    monkeypatch.setattr(memory, reading, lambda: 8000)
    with sknet_hp.fused(1):
        assert Parallel()([delayed(abs)(-3)]) == [3]
    assert new_engine.tasks.state.max_bytes == 2000
