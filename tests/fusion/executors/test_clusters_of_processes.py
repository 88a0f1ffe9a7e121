"""Real clusters of two worker processes, Dask's and Ray's: the numbers of this process,
whatever dies.
"""

import contextlib
import os
import signal
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

import sknet_hp
import sknet_hp.search
from sknet_hp.fusion.engine import get_engine
from sknet_hp.fusion.executors import cluster as clusters
from sknet_hp.fusion.executors import worker as workers
from sknet_hp.fusion.interface import train_job
from sknet_hp.training.job import Stopping
from tests.helpers.arrays import has_same_arrays
from tests.helpers.fakes import make_job
from tests.helpers.scripts import wait_until

pytestmark = pytest.mark.timeout(120)

EXTRAS = {"BayesSearchCV": "skopt", "GPSearchCV": "skopt", "TPESearchCV": "optuna", "CmaEsSearchCV": "cmaes"}
SEARCHERS = [name for name in sknet_hp.search.__all__ if name.endswith("SearchCV")]
SLOW = {"GPSearchCV"}  # by itself, whatever trains its networks


@pytest.fixture(scope="module", params=["dask", "ray"])
def over(request):
    """The name of a cluster of two worker processes."""
    if request.param == "dask":
        distributed = pytest.importorskip("distributed")
        with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=":0"):
            yield "dask"
        return
    ray = pytest.importorskip("ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            "local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=1 << 27,
        )
    yield "ray"
    ray.shutdown()


@pytest.fixture(scope="module")
def cluster(over):
    """The cluster of a session that is open."""
    with sknet_hp.fused(over=over) as session:
        yield session._over


@pytest.fixture
def strangers(cluster):
    """A cluster whose workers have not been met, for tests that change what is said at
    the first meeting.
    """
    cluster.release()
    yield cluster
    cluster.release()


@pytest.fixture
def here():
    """What a function gives in this process."""

    def call(function, *args, **kwargs):
        with sknet_hp.fused(1):
            return function(*args, **kwargs)

    return call


@pytest.fixture
def used(monkeypatch):
    """The names of workers, once for each bundle that they are given."""
    names = []
    submit = workers.RemoteWorker.submit

    def noted(self, bundle, done):
        names.append(self.name)
        submit(self, bundle, done)

    monkeypatch.setattr(workers.RemoteWorker, "submit", noted)
    return names


def at_work():
    """Workers that hold a bundle."""
    return [
        executor
        for executor in list(get_engine().batcher.in_training.values())
        if isinstance(executor, workers.RemoteWorker)
    ]


def kill(worker):
    if hasattr(worker, "client"):
        pid = worker.client.run(os.getpid, workers=[worker.name])[worker.name]
    else:
        import ray

        pid = ray.get(worker.actor.__ray_call__.remote(lambda actor: os.getpid()))
    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def killing():
    """Kill a worker as soon as two have been training for a while; yields a list that
    its name will be in.
    """
    killed = []

    def wait_and_kill():
        if wait_until(lambda: len(at_work()) == 2):
            time.sleep(0.05)
            victim = at_work()[0]
            killed.append(victim.name)
            kill(victim)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    yield killed
    thread.join()


# ---- the same numbers ----------------------------------------------------------------------------------------------


def test_both_workers_train_the_same_bits(cluster, fit, alone, here, used, bundles):
    def fits():
        return Parallel()(delayed(fit)(seed, max_epochs=3000) for seed in range(40))

    want = here(fits)
    bundles.clear()
    assert has_same_arrays(fits(), want)
    assert sum(bundles) == 40
    assert len(set(used)) == 2
    assert len(bundles) <= 8
    assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(4)), alone[:4])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SEARCHERS]
)
def test_every_search(cluster, net, here, name, bundles):
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    X, y = load_iris(return_X_y=True)
    prefix, ranges = "netclassifier__", {"lr": (1e-3, 1e-1, "log-uniform"), "dropout": (0.0, 0.5)}
    values = {"lr": [1e-3, 3e-3, 1e-2], "dropout": [0.0, 0.1, 0.2]}
    space = {prefix + key: value for key, value in (ranges if name in EXTRAS else values).items()}
    settings = {} if name == "GridSearchCV" else {"random_state": 0}
    settings |= {"n_iter": 4} if name in ("RandomizedSearchCV", "BayesSearchCV") else {}

    def search():
        pipeline = make_pipeline(StandardScaler(), net(max_epochs=9))
        return getattr(sknet_hp.search, name)(pipeline, space, cv=2, **settings).fit(X, y)

    want = here(search)
    bundles.clear()
    got = search()
    assert sum(bundles) > 0
    scores = [key for key in want.cv_results_ if "score" in key and "time" not in key]
    assert all(np.array_equal(got.cv_results_[key], want.cv_results_[key]) for key in scores)
    assert got.best_params_ == want.best_params_
    assert has_same_arrays(got.best_estimator_[-1].parameters_, want.best_estimator_[-1].parameters_)


def test_asha_as_workers_are_free(cluster, net, here):
    """Who is promoted depends on timing; what a candidate is does not."""
    X, y = load_iris(return_X_y=True)

    def search(**settings):
        found = sknet_hp.search.ASHASearchCV(
            net(max_epochs=9), {"lr": (1e-4, 1e-1, "log-uniform")}, n_candidates=9, cv=2, random_state=0, **settings
        )
        results = found.fit(X, y).cv_results_
        return {
            (p["lr"], n): s
            for p, n, s in zip(results["params"], results["n_resources"], results["mean_test_score"], strict=True)
        }

    want, got = here(search), search(asynchronous=True, n_workers=2)
    assert len({lr for lr, _ in got}) == 9
    assert len(set(got) & set(want)) >= 9
    assert all(got[key] == want[key] for key in set(got) & set(want))


def test_a_nested_search(cluster, net, here, data):
    def scores():
        return cross_validate(GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=2), *data, cv=3)["test_score"]

    assert has_same_arrays(scores(), here(scores))


def test_a_fit_outside_of_any_search(cluster, fit, alone, bundles):
    """The refit at the end of a search is such a one."""
    assert has_same_arrays([fit(3)], [alone[3]])
    assert bundles == [1]


def test_what_a_callback_looks_at_is_trained_here(cluster, net, data, bundles, used):
    class Seen(Callback):
        epochs = 0

        def on_epoch_end(self, net, **kwargs):
            Seen.epochs += 1

    Parallel()([delayed(net(0, callbacks=[("seen", Seen())]).fit)(*data)])
    assert Seen.epochs == 2
    assert bundles == [1]
    assert used == []


def test_n_jobs_is_how_many_workers_train(strangers, fit, alone, used):
    with sknet_hp.fused(1, over=strangers):
        assert has_same_arrays(Parallel(n_jobs=2)(delayed(fit)(seed) for seed in range(40)), alone[:40])
    assert len(set(used)) == 1


def test_tables_go_over_once(cluster, net, data, over, monkeypatch):
    X, y = data[0][1:], data[1][1:]  # rows that no other test has sent
    sent = []
    if over == "dask":
        from sknet_hp.fusion.executors.dask import DaskWorker as Owner

        method = "_scatter"
    else:
        import ray as Owner

        method = "put"
    original = getattr(Owner, method)
    monkeypatch.setattr(Owner, method, lambda *args: (sent.append(type(args[-1]).__name__), original(*args))[1])
    for _ in range(2):
        Parallel()(delayed(net(seed, max_epochs=20).fit)(X, y) for seed in range(80))
    assert set(sent) == {"EncodedTable"}
    assert len(sent) <= 4, "for each search once, or once to each worker"


# ---- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_costs_its_bundle(cluster, fit, here, bundles):
    def fits():
        return Parallel()(delayed(fit)(seed, max_epochs=6000) for seed in range(4))

    want = here(fits)
    bundles.clear()
    with killing() as killed, pytest.warns(RuntimeWarning, match="a worker died while it trained"):
        got = fits()
    assert killed
    assert has_same_arrays(got, want)
    assert sum(bundles) == 4 + 2, "what the other worker trained is not trained again"


def test_a_search_survives_a_kill(cluster, net, here):
    X, y = load_iris(return_X_y=True)

    def search():
        found = sknet_hp.search.HyperbandSearchCV(
            net(max_epochs=54000), {"lr": (1e-4, 1e-1, "log-uniform")}, min_resources=18000, cv=2, random_state=0
        )
        return found.fit(X, y)

    want = here(search)
    with killing() as killed, pytest.warns(RuntimeWarning, match="a worker died while it trained"):
        got = search()
    assert killed
    assert np.array_equal(got.cv_results_["mean_test_score"], want.cv_results_["mean_test_score"])
    assert has_same_arrays(got.best_estimator_.parameters_, want.best_estimator_.parameters_)


class Bomb(Stopping):
    """Ends every process that unpickles it."""

    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)


@pytest.mark.slow
def test_a_network_that_kills_its_workers_fails_alone(cluster):
    def task(seed):
        try:
            return train_job(make_job(seed, device="cpu", stopping=Bomb() if seed == 3 else Stopping())).state.epoch
        except RuntimeError as error:
            return str(error)

    with pytest.warns(RuntimeWarning, match="died"):
        got = Parallel()(delayed(task)(seed) for seed in range(4))
    assert "workers died in turn" in got.pop(3)
    assert got == [1, 1, 1]


def test_calling_off_stops_the_workers(cluster, fit, alone):
    def fail():
        assert wait_until(at_work)
        time.sleep(0.3)
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        Parallel()([*(delayed(fit)(seed, max_epochs=10**6) for seed in range(4)), delayed(fail)()])
    assert wait_until(lambda: not get_engine().batcher.in_training)
    assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(4)), alone[:4]), "workers are free again"


def test_an_error_is_the_networks_own(cluster):
    class Local(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    def fail():
        raise Local(1, 2)

    class Odd(Stopping):
        def __reduce__(self):
            return fail, ()

    class Unpicklable(Stopping):
        def __reduce__(self):
            raise TypeError("not this one")

    kinds = {1: {"stopping": Odd()}, 2: {"stopping": Unpicklable()}, 3: {"loss": "no such loss"}}

    def attempt(seed):
        try:
            return train_job(make_job(seed, device="cpu", **kinds.get(seed, {}))).state.epoch
        except Exception as error:
            return str(error)

    got = Parallel(require="sharedmem")(delayed(attempt)(seed) for seed in range(5))
    assert got[0] == got[4] == 1
    assert "1 and 2" in got[1]
    assert got[2:4] == ["not this one", "'no such loss'"]


def test_workers_of_another_version_are_refused_by_name(strangers, fit, monkeypatch):
    here = workers.describe_this_process()
    monkeypatch.setattr(
        workers, "describe_this_process", lambda: replace(here, versions=here.versions | {"torch": "1.0"})
    )
    with pytest.raises(
        RuntimeError,
        match=r"no worker of the .* cluster can be used; .*: its versions must be .*torch .* there, 1.0 here",
    ):
        Parallel()(delayed(fit)(seed) for seed in range(4))


def test_workers_with_another_arithmetic_are_warned_of_once(strangers, fit, alone, monkeypatch):
    here = workers.describe_this_process()
    monkeypatch.setattr(clusters, "describe_this_process", lambda: replace(here, arithmetic="an abacus"))
    assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(4)), alone[:4])
    with pytest.warns(
        RuntimeWarning, match="this process with an abacus: numbers of networks that torch trains"
    ) as record:
        Parallel()(delayed(fit)(seed, loss=torch.nn.functional.cross_entropy) for seed in range(8))
    assert len(record) == 1


def test_a_gpu_that_no_worker_has(cluster, fit):
    with pytest.raises(RuntimeError, match=r"device='cuda', but no worker of the .* cluster has a GPU"):
        Parallel()(delayed(fit)(seed, device="cuda") for seed in range(2))
    with pytest.raises(RuntimeError, match="has a GPU"):
        fit(0, device="cuda")
