"""Worker processes: they are replaced when they die, end when their parent does, and leave nothing behind."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fakes import make_job
from joblib import Parallel, delayed
from scripts import is_alive, run, start, wait_until

import sknet_hp
from sknet_hp.fusion.engine import engine
from sknet_hp.fusion.entry import train_job
from sknet_hp.training.job import Stopping

pytestmark = pytest.mark.timeout(90)


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


def training_workers():
    return [executor for executor in list(engine().in_training.values()) if executor.ready() and getattr(executor, "pool", None)]


def folders_of(pid):
    return [path for folder in ("/dev/shm", "/tmp") for path in Path(folder).glob(f"sknet_hp-{pid}-*")]


def test_same_bits_in_workers(fit, alone, bundles):
    with sknet_hp.fused(2, over="loky"):
        assert same(Parallel()(delayed(fit)(seed) for seed in range(40)), alone[:40])
    assert sum(bundles) == 40
    assert len(bundles) <= 8
    assert all(worker.ready() and is_alive(worker.pid) for worker in engine().places.workers[:2] if worker.pid)


def test_a_worker_killed_in_the_middle_is_replaced(fit):
    long = {"max_epochs": 1000}
    with sknet_hp.fused(2, over="inline"):
        want = Parallel()(delayed(fit)(seed, **long) for seed in range(4))
    killed = []

    def kill():
        if wait_until(training_workers):
            time.sleep(0.05)
            killed.append(training_workers()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with sknet_hp.fused(2, over="loky"), pytest.warns(RuntimeWarning, match="a worker process died while it trained"):
        got = Parallel()(delayed(fit)(seed, **long) for seed in range(4))
    thread.join()
    assert killed
    assert same(got, want)


def test_a_worker_killed_between_searches_is_replaced_without_a_word(fit, alone):
    with sknet_hp.fused(2, over="loky"):
        Parallel()(delayed(fit)(seed) for seed in range(2))
        victim = next(worker for worker in engine().places.workers if worker.ready())
        os.kill(victim.pid, signal.SIGKILL)
        assert wait_until(lambda: not victim.ready())
        assert same(Parallel()(delayed(fit)(seed) for seed in range(8)), alone[:8])


class Bomb(Stopping):
    """Ends every process that unpickles it."""

    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)


@pytest.mark.slow
def test_a_network_that_kills_its_workers_fails_alone():
    def task(seed):
        try:
            return train_job(make_job(seed, stopping=Bomb() if seed == 3 else Stopping())).state.epoch
        except RuntimeError as error:
            return str(error)

    with sknet_hp.fused(2, over="loky"), pytest.warns(RuntimeWarning, match="died"):
        got = Parallel()(delayed(task)(seed) for seed in range(4))
    assert "worker processes died in turn" in got.pop(3)
    assert got == [1, 1, 1]


def test_calling_off_stops_the_workers(fit, alone):
    def fail():
        assert wait_until(training_workers)
        raise KeyError("stop")

    with sknet_hp.fused(2, over="loky"):
        with pytest.raises(KeyError, match="stop"):
            Parallel()([*(delayed(fit)(seed, max_epochs=10**6) for seed in range(4)), delayed(fail)()])
        assert wait_until(lambda: not engine().in_training), "stopped between two steps"
        assert same(Parallel()(delayed(fit)(seed) for seed in range(4)), alone[:4])


def test_what_cannot_be_pickled_fails_alone(alone, fit):
    class Unpicklable(Stopping):
        def __reduce__(self):
            raise TypeError("not this one")

    def task(seed):
        if seed == 2:
            return train_job(make_job(seed, stopping=Unpicklable()))
        return fit(seed)

    def attempt(seed):
        try:
            return task(seed)
        except TypeError as error:
            return str(error)

    with sknet_hp.fused(2, over="loky"):
        got = Parallel()(delayed(attempt)(seed) for seed in range(4))
    assert got.pop(2) == "not this one"
    assert same(got, [alone[0], alone[1], alone[3]])


# ---- in a process of its own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["inline", "loky"])
def test_ctrl_c(tmp_path, over):
    """It ends a search; the next one works, and nothing is left behind."""
    process = start(
        tmp_path,
        f"""
        from sknet_hp.fusion.engine import engine
        with sknet_hp.fused(2, over={over!r}):
            want = Parallel()(delayed(fit)(s) for s in range(4))
            def say():
                while not engine().in_training:
                    time.sleep(0.01)
                time.sleep(0.3)
                print("training", flush=True)
            threading.Thread(target=say, daemon=True).start()
            try:
                Parallel()(delayed(fit)(s, max_epochs=10**6) for s in range(40))
            except KeyboardInterrupt:
                print("ended", flush=True)
            left = [t.name for t in threading.enumerate() if t.name.startswith("sknet_hp-task")]
            print(left, flush=True)
            got = Parallel()(delayed(fit)(s) for s in range(4))
            print(all((a == b).all() for a, b in zip(want, got)), flush=True)
        time.sleep(0.1)
        print([t.name for t in threading.enumerate() if t.name.startswith("sknet_hp")], flush=True)
        """,
    )
    assert process.stdout.readline() == "training\n", process.stderr.read()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
    out, error = process.communicate(timeout=30)
    assert process.returncode == 0, error
    ended, left, works, threads = out.splitlines()
    assert (ended, left, works, threads) == ("ended", "[]", "True", "[]")
    assert error == ""
    assert not folders_of(process.pid)


def test_ctrl_c_while_workers_start(tmp_path):
    process = start(
        tmp_path,
        """
        from sknet_hp.fusion.engine import engine
        with sknet_hp.fused(2, over="loky"):
            def say():
                while not engine().places.starting:
                    time.sleep(0.01)
                time.sleep(0.2)
                print("starting", flush=True)
            threading.Thread(target=say, daemon=True).start()
            try:
                Parallel()(delayed(fit)(s) for s in range(4))
            except KeyboardInterrupt:
                Parallel()(delayed(fit)(s) for s in range(4))
            print(engine().places.no_workers, flush=True)
        """,
    )
    assert process.stdout.readline() == "starting\n", process.stderr.read()
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=40)
    assert (process.returncode, out, error) == (0, "None\n", "")


def test_classes_of_main_and_a_parent_that_is_killed(tmp_path):
    process = start(
        tmp_path,
        """
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sknet_hp.fusion.engine import engine

        class Doubled(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return 2 * X

        class Mine(NetClassifier):
            pass

        grid = {"mine__lr": [1e-3, 1e-2]}
        search = GridSearchCV(make_pipeline(Doubled(), Mine(width=8, n_layers=1, max_epochs=2, random_state=0)), grid, cv=3)
        want = search.fit(X, y).cv_results_["mean_test_score"]
        with sknet_hp.fused(2, over="loky"):
            got = search.fit(X, y).cv_results_["mean_test_score"]
        while engine().places.starting:
            time.sleep(0.01)
        print((want == got).all(), *[w.pid for w in engine().places.workers], flush=True)
        time.sleep(60)
        """,
    )
    ok, *pids = process.stdout.readline().split()
    assert ok == "True"
    pids = [int(pid) for pid in pids]
    assert len(pids) == 2
    assert all(map(is_alive, pids))
    assert folders_of(process.pid)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not any(map(is_alive, pids)))
    assert wait_until(lambda: not folders_of(process.pid))


def test_a_clean_exit_leaves_nothing(tmp_path):
    out, error = run(
        tmp_path,
        """
        from sknet_hp.fusion.engine import engine
        with sknet_hp.fused(2, over="loky"):
            Parallel()(delayed(fit)(s) for s in range(4))
        while engine().places.starting:
            time.sleep(0.01)
        print(os.getpid(), *[w.pid for w in engine().places.workers])
        """,
    )
    parent, *workers = map(int, out.split())
    assert len(workers) == 2
    assert error == ""
    assert wait_until(lambda: not any(map(is_alive, workers)))
    assert not folders_of(parent)


def test_an_exit_in_the_middle_is_quick_and_clean(tmp_path):
    """A script that ends while networks train, as one does that fails in another thread."""
    process = start(
        tmp_path,
        """
        from sknet_hp.fusion.engine import engine
        sknet_hp.fused(2, over="inline")
        generator = Parallel(return_as="generator")(delayed(fit)(s, max_epochs=10**6) for s in range(40))
        while not engine().in_training:
            time.sleep(0.01)
        """,
    )
    _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error


def test_a_fork_has_an_engine_of_its_own(tmp_path):
    out, error = run(
        tmp_path,
        """
        from sknet_hp.fusion.engine import engine
        with sknet_hp.fused(1, over="loky"):
            want = Parallel()(delayed(fit)(s) for s in range(4))
            old = engine()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0:
                with sknet_hp.fused(1, over="inline"):
                    got = Parallel()(delayed(fit)(s) for s in range(4))
                ok = engine() is not old and all((a == b).all() for a, b in zip(want, got))
                sys.exit(0 if ok else 1)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            print(all(map(os.path.exists, old.store.folders.values())))
            got = Parallel()(delayed(fit)(s) for s in range(4))
            print(all((a == b).all() for a, b in zip(want, got)))
        """,
    )
    assert out.split() == ["0", "True", "True"], error


@pytest.mark.slow
def test_a_search_in_a_users_loky_backend(tmp_path):
    out, error = run(
        tmp_path,
        """
        from sklearn.model_selection import GridSearchCV as Original
        from sknet_hp.search import GridSearchCV

        def task():
            from sknet_hp.fusion.executors.here import Here
            sizes = []
            submit = Here.submit
            Here.submit = lambda self, bundle, done: (sizes.append(len(bundle.jobs)), submit(self, bundle, done))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(X, y).cv_results_["mean_test_score"], sizes

        want = Original(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(X, y).cv_results_["mean_test_score"]
        for got, sizes in Parallel(n_jobs=2, backend="loky")(delayed(task)() for _ in range(3)):
            print((got == want).all(), sizes[0] > 1)
        """,
    )
    assert out.split() == ["True"] * 6, error
