"""What is Dask's own: clients, workers that come and go, scripts that are killed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from joblib import Parallel, delayed

import sknet_hp
from sknet_hp.fusion.engine import get_engine
from tests.helpers.arrays import has_same_arrays
from tests.helpers.scripts import run_code, run_script, start_script, wait_until

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.timeout(120)

MAIN = """
if __name__ == "__main__":
    import logging
    from distributed import Client
    from sknet_hp.fusion.engine import get_engine
    client = Client({address!r})
"""


@pytest.fixture(scope="module")
def client():
    """Of a cluster of two processes; not the default one."""
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=":0", set_as_default=False) as client:
        yield client


def connected(client, code):
    """A script whose client is of the same cluster."""
    return MAIN.format(address=client.scheduler.address) + code


# ---- clients -------------------------------------------------------------------------------------------------------


def test_a_client_may_be_given(client, fit, alone, bundles):
    with sknet_hp.fused(over=client):
        assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(8)), alone[:8])
    assert sum(bundles) == 8


def test_no_client():
    with pytest.raises(
        ValueError, match=r"over='dask', but there is no Dask client; make one first, client = distributed.Client\(\)"
    ):
        sknet_hp.fused(over="dask")


def test_a_client_that_can_not_be_waited_for(client):
    async def ask():
        async with distributed.Client(client.scheduler.address, asynchronous=True, set_as_default=False) as other:
            sknet_hp.fused(over=other)

    import asyncio

    with pytest.raises(ValueError, match="asynchronous"):
        asyncio.run(ask())


def test_within_a_task_of_dask(client):
    def task():
        with sknet_hp.fused(over="dask"):
            pass

    with pytest.raises(ValueError, match="use over='inline' there"):
        client.submit(task).result()


@pytest.mark.parametrize(("over", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_package_that_is_not_installed(over, package):
    code = f"import sys; sys.modules[{package!r}] = None; import sknet_hp; sknet_hp.fused(over={over!r})"
    error = run_code(code, check=False).stderr.splitlines()[-1]
    assert error == f"ImportError: over={over!r} needs {package}: pip install 'sknet_hp[{over}]'"


def test_one_connection_serves_all_sessions(client):
    with sknet_hp.fused(over=client) as one, sknet_hp.fused(over=client) as other:
        assert one._over is other._over


# ---- workers that come and go --------------------------------------------------------------------------------------


def test_workers_that_come_later(fit, alone):
    cluster = distributed.LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=":0")
    with cluster, distributed.Client(cluster) as client, sknet_hp.fused(over=client), ThreadPoolExecutor(1) as thread:
        later = thread.submit(lambda: (time.sleep(0.5), cluster.scale(1)))
        assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(8)), alone[:8])
        later.result()


def test_workers_in_this_process(fit, alone):
    with (
        distributed.Client(processes=False, n_workers=1, dashboard_address=":0") as client,
        sknet_hp.fused(over=client),
    ):
        assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(8)), alone[:8])


def test_a_cluster_that_is_gone_ends_the_search(fit):
    gone = pytest.raises(
        RuntimeError, match=r"the Dask cluster is gone: .*its client is closed. Start one and search again"
    )
    with (
        distributed.Client(n_workers=1, threads_per_worker=1, dashboard_address=":0") as client,
        sknet_hp.fused(over=client),
    ):

        def close():
            assert wait_until(lambda: get_engine().batcher.in_training)
            client.close()

        thread = threading.Thread(target=close)
        thread.start()
        with gone, pytest.warns(RuntimeWarning, match="died"):
            Parallel()(delayed(fit)(seed, max_epochs=10**6) for seed in range(2))
        thread.join()


# ---- in a process of its own ---------------------------------------------------------------------------------------


def test_classes_of_main(client, tmp_path):
    out, error = run_script(
        tmp_path,
        connected(
            client,
            """
    import torch
    from sklearn.model_selection import GridSearchCV

    class Mine(NetClassifier):
        pass

    class Loss(torch.nn.CrossEntropyLoss):
        def forward(self, outputs, y):
            return 2 * super().forward(outputs, y)

    stopping = {"early_stopping": True, "stopping_metric": "accuracy"}
    mine = Mine(width=8, n_layers=1, max_epochs=2, loss=Loss(), random_state=0, **stopping)
    search = GridSearchCV(mine, {"lr": [1e-3, 1e-2]}, cv=3)
    want = search.fit(X, y).cv_results_["mean_test_score"]
    with sknet_hp.fused(over="dask") as session:
        got = search.fit(X, y).cv_results_["mean_test_score"]
    print((want == got).all(), session.progress().trained)
    """,
        ),
    )
    assert out.split() == ["True", "7"], error
    assert error == ""


def test_ctrl_c(client, tmp_path):
    """It ends a search; the next one works."""
    process = start_script(
        tmp_path,
        connected(
            client,
            """
    with sknet_hp.fused(over="dask"):
        want = Parallel()(delayed(fit)(s) for s in range(4))
        def say():
            while not get_engine().batcher.in_training:
                time.sleep(0.01)
            time.sleep(0.3)
            print("training", flush=True)
        threading.Thread(target=say, daemon=True).start()
        try:
            Parallel()(delayed(fit)(s, max_epochs=10**6) for s in range(40))
        except KeyboardInterrupt:
            print("ended", flush=True)
        print([t.name for t in threading.enumerate() if t.name.startswith("sknet_hp-task")], flush=True)
        got = Parallel()(delayed(fit)(s) for s in range(4))
        print(all((a == b).all() for a, b in zip(want, got)), flush=True)
    time.sleep(0.1)
    print([t.name for t in threading.enumerate() if t.name.startswith("sknet_hp")], flush=True)
    """,
        ),
    )
    assert process.stdout.readline() == "training\n", process.stderr.read()
    process.send_signal(2)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 0, error
    ended, left, works, threads = out.splitlines()
    assert (ended, left, works, threads) == ("ended", "[]", "True", "[]")
    assert error == ""


def test_workers_are_free_when_who_asked_is_killed(client, fit, alone, tmp_path):
    process = start_script(
        tmp_path,
        connected(
            client,
            """
    def say():
        while len(get_engine().batcher.in_training) < 2:
            time.sleep(0.01)
        print("training", flush=True)
    threading.Thread(target=say).start()
    with sknet_hp.fused(over="dask"):
        Parallel()(delayed(fit)(s, max_epochs=10**7) for s in range(4))
    """,
        ),
    )
    assert process.stdout.readline() == "training\n", process.stderr.read()
    time.sleep(0.3)
    process.kill()
    process.communicate()
    with sknet_hp.fused(over=client):
        assert has_same_arrays(Parallel()(delayed(fit)(seed) for seed in range(4)), alone[:4])
