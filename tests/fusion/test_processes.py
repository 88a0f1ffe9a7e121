"""A search in a process of its own: Ctrl-C; the end of the script, of the parent, of
the memory; in children of any kind.
"""

import os
import signal

import pytest

from tests.helpers.scripts import run_script, start_script, wait_until

pytestmark = pytest.mark.timeout(90)


def has_processes(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c(tmp_path):
    """It ends a search; the next one works, and nothing is left behind."""
    process = start_script(
        tmp_path,
        """
        from sknet_hp.fusion.engine import get_engine
        with sknet_hp.fused(2):
            want = Parallel()(delayed(fit)(s) for s in range(4))
            def say():
                while not get_engine().count_networks().training:
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
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, error = process.communicate(timeout=30)
    assert process.returncode == 0, error
    ended, left, works, threads = out.splitlines()
    assert (ended, left, works, threads) == ("ended", "[]", "True", "[]")
    assert error == ""


def test_ctrl_c_in_a_lone_fit(tmp_path):
    """Of one network, and then of several members."""
    process = start_script(
        tmp_path,
        """
        def say():
            while not any(t.name == "sknet_hp-training" for t in threading.enumerate()):
                time.sleep(0.01)
            time.sleep(0.3)
            print("training", flush=True)
        for members in (1, 3):
            threading.Thread(target=say, daemon=True).start()
            try:
                net(max_epochs=10**6, n_members=members).fit(X, y)
            except KeyboardInterrupt:
                print("ended", [t.name for t in threading.enumerate() if t.name.startswith("sknet_hp")], flush=True)
        """,
    )
    for _ in range(2):
        assert process.stdout.readline() == "training\n", process.stderr.read()
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "ended []\n", process.stderr.read()
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (0, "", "")


SEARCH = """
from sklearn.model_selection import GridSearchCV
def search():
    with sknet_hp.fused(2):
        return GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(X, y).cv_results_["mean_test_score"].tolist()
"""


def test_a_short_script_prints_nothing_of_its_own(tmp_path):
    assert run_script(tmp_path, SEARCH + "search(); search()") == ("", "")


def test_an_exit_in_the_middle_is_quick_and_clean(tmp_path):
    """A script that ends while networks train, as one does that fails in another
    thread.
    """
    process = start_script(
        tmp_path,
        """
        from sknet_hp.fusion.engine import get_engine
        sknet_hp.fused(2)
        generator = Parallel(return_as="generator")(delayed(fit)(s, max_epochs=10**6) for s in range(40))
        while not get_engine().count_networks().training:
            time.sleep(0.01)
        """,
    )
    _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "Traceback" not in error


def test_a_parent_that_is_killed_leaves_nothing(tmp_path):
    process = start_script(
        tmp_path,
        """
        from sknet_hp.fusion.engine import get_engine
        def say():
            while not get_engine().count_networks().training:
                time.sleep(0.01)
            print("training", flush=True)
        threading.Thread(target=say, daemon=True).start()
        with sknet_hp.fused(2):
            Parallel()(delayed(fit)(s, max_epochs=10**6) for s in range(4))
        """,
    )
    assert process.stdout.readline() == "training\n"
    process.kill()
    process.communicate()
    assert wait_until(lambda: not has_processes(process.pid))


def test_classes_of_main(tmp_path):
    out, error = run_script(
        tmp_path,
        """
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline

        class Doubled(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return 2 * X

        class Mine(NetClassifier):
            pass

        grid = {"mine__lr": [1e-3, 1e-2]}
        mine = Mine(width=8, n_layers=1, max_epochs=2, random_state=0)
        search = GridSearchCV(make_pipeline(Doubled(), mine), grid, cv=3)
        want = search.fit(X, y).cv_results_["mean_test_score"]
        with sknet_hp.fused(2):
            got = search.fit(X, y).cv_results_["mean_test_score"]
        print((want == got).all())
        """,
    )
    assert out.split() == ["True"], error


def test_a_fork_has_an_engine_of_its_own(tmp_path):
    out, error = run_script(
        tmp_path,
        """
        from sknet_hp.fusion.engine import get_engine
        with sknet_hp.fused(1):
            want = Parallel()(delayed(fit)(s) for s in range(4))
            old = get_engine()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0:
                with sknet_hp.fused(2):
                    got = Parallel()(delayed(fit)(s) for s in range(4))
                ok = get_engine() is not old and all((a == b).all() for a, b in zip(want, got))
                sys.exit(0 if ok else 1)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            got = Parallel()(delayed(fit)(s) for s in range(4))
            print(all((a == b).all() for a, b in zip(want, got)))
        """,
    )
    assert out.split() == ["0", "True"], error


CHILDREN = {
    "spawn": "context = multiprocessing.get_context('spawn'); p = context.Process(target=child); p.start(); "
    "p.join(60); print(p.exitcode)",
    "futures": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn')) as pool:\n"
        "        print(pool.submit(child).result(60))"
    ),
    "daemonic pool": "pool = multiprocessing.get_context('spawn').Pool(1); print(pool.apply_async(child).get(60)); "
    "pool.close(); pool.join()",
}


@pytest.mark.parametrize(
    "kind", ["daemonic pool", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("spawn", "futures"))]
)
def test_children_that_have_searched_end(tmp_path, kind):
    """Processes that were spawned, whose children would be nobody's, and daemonic ones,
    which may have none.
    """
    out, error = run_script(
        tmp_path,
        SEARCH + f"\nimport multiprocessing\ndef child():\n    search()\n    return 0\nif __name__ == '__main__':\n   "
        f" {CHILDREN[kind]}\n",
    )
    assert (out.split(), error) == (["0"], "")


def test_little_memory_is_an_error(tmp_path):
    """Under a tight limit on addresses a fit that does not fit is refused, not tried
    for ever.
    """
    out, error = run_script(
        tmp_path,
        SEARCH
        + """
import resource
search()
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (150 << 20), -1))
try:
    with sknet_hp.fused(2):
        Parallel()(delayed(fit)(s, width=4096, n_layers=4, max_epochs=1) for s in range(4))
except (MemoryError, RuntimeError) as error:
    print(type(error).__name__)
""",
    )
    assert out.split()[-1] in ("MemoryError", "RuntimeError"), (out, error)


@pytest.mark.slow
def test_a_search_in_a_users_loky_backend(tmp_path):
    out, error = run_script(
        tmp_path,
        """
        from sklearn.model_selection import GridSearchCV as Original
        from sknet_hp.search import GridSearchCV

        def task():
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(X, y).cv_results_["mean_test_score"]

        want = Original(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(X, y).cv_results_["mean_test_score"]
        for got in Parallel(n_jobs=2, backend="loky")(delayed(task)() for _ in range(3)):
            print((got == want).all())
        """,
    )
    assert out.split() == ["True"] * 3, error
