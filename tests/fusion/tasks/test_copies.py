"""What tasks of a user's `Parallel` share: each has its own copy, as in joblib's
processes, or they take turns.
"""

import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.parallel import Parallel as SklearnParallel
from sklearn.utils.parallel import delayed as sklearn_delayed

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.fusion.tasks.copies import clones_by_itself, copy_calls
from tests.helpers.scripts import run_script

pytestmark = pytest.mark.timeout(60)

FOLDS = range(6)
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
y = (X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=300) > 0).astype(int)
BIG = np.arange(200_000.0)

NET = NetClassifier(width=8, n_layers=1, max_epochs=30, early_stopping=False, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), NET)


def fit_and_predict(estimator, fold, *, learn=slice(None)):
    """Fit on other rows in each fold, and predict all."""
    estimator.fit(X[20 * fold :][learn], y[20 * fold :][learn])
    return estimator.predict_proba(X)


def fit_the_global(fold):
    return fit_and_predict(PIPELINE, fold)


def fit_the_global_within(fold):
    return fit_the_global(fold)


def in_turn(estimator):
    return [fit_and_predict(clone(estimator), fold) for fold in FOLDS]


@pytest.fixture(scope="module")
def alone():
    """What each fold predicts with a network of its own."""
    return in_turn(NET)


def same(a, b):
    return len(a) == len(b) and all(map(np.array_equal, a, b))


# ---- estimators ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
@pytest.mark.parametrize("estimator", [NET, PIPELINE], ids=["network", "pipeline"])
def test_tasks_that_share_an_estimator(estimator, n_jobs):
    with sknet_hp.fused(n_jobs):
        got = Parallel(n_jobs=n_jobs)(delayed(fit_and_predict)(estimator, fold) for fold in FOLDS)
    assert same(got, in_turn(estimator))
    assert not hasattr(estimator, "classes_"), "what the caller has is not touched"


def test_numbers_are_those_of_processes(tmp_path):
    out, error = run_script(
        tmp_path,
        """
        import joblib
        shared = net(max_epochs=20)
        def fit_and_predict(estimator, fold):
            return estimator.fit(X[5 * fold :], y[5 * fold :]).predict_proba(X)
        def fit_the_global(fold):
            return fit_and_predict(shared, fold)
        def all_folds():
            given = [delayed(fit_and_predict)(shared, k) for k in range(4)]
            return Parallel(n_jobs=2)([*given, *(delayed(fit_the_global)(k) for k in range(4))])
        if __name__ == "__main__":
            with joblib.parallel_config(backend="loky"):
                processes = all_folds()
            with sknet_hp.fused(2):
                threads = all_folds()
            print(np.array_equal(processes, threads))
        """,
    )
    assert out == "True\n", error


def test_scikit_learns_own_parallel(alone):
    with sknet_hp.fused(2):
        got = SklearnParallel()(sklearn_delayed(fit_and_predict)(NET, fold) for fold in FOLDS)
    assert same(got, alone)


def test_keyword_arguments(alone):
    with sknet_hp.fused(2):
        got = Parallel()(delayed(fit_and_predict)(estimator=NET, fold=fold, learn=slice(None)) for fold in FOLDS)
    assert same(got, alone)


def test_methods(alone):
    with sknet_hp.fused(2):
        fitted = Parallel()(delayed(NET.fit)(X[20 * fold :], y[20 * fold :]) for fold in FOLDS)
    assert len({id(net) for net in fitted}) == len(FOLDS)
    assert same([net.predict_proba(X) for net in fitted], alone)


def test_variables_of_functions(alone):
    net = clone(NET)

    def task(fold):
        return fit_and_predict(net, fold)

    with sknet_hp.fused(2):
        assert same(Parallel()(delayed(task)(fold) for fold in FOLDS), alone)
        assert same(Parallel()(delayed(lambda fold: task(fold))(fold) for fold in FOLDS), alone)


@pytest.mark.parametrize("function", [fit_the_global, fit_the_global_within])
def test_global_variables(function):
    with sknet_hp.fused(2):
        got = Parallel()(delayed(function)(fold) for fold in FOLDS)
    assert same(got, in_turn(PIPELINE))


class Forecaster:
    """As in forecasting libraries: no estimator itself, it fits the one that it holds
    in each fold.
    """

    def __init__(self, regressor, lags):
        self.regressor, self.lags = regressor, lags

    def fit(self, series):
        windows = np.lib.stride_tricks.sliding_window_view(series, self.lags + 1)
        self.last = series[-self.lags :]
        self.regressor.fit(windows[:, :-1], windows[:, -1])

    def predict(self, steps):
        window = list(self.last)
        for _ in range(steps):
            window.append(float(self.regressor.predict(np.array([window[-self.lags :]]))[0]))
        return window[-steps:]


def test_backtesting():
    series = np.sin(np.arange(200) / 3)
    forecaster = Forecaster(
        make_pipeline(StandardScaler(), NetRegressor(width=8, n_layers=1, max_epochs=10, random_state=0)), lags=5
    )

    def fold(forecaster, end):
        forecaster.fit(series[:end])
        return forecaster.predict(5)

    want = [fold(forecaster, end) for end in range(100, 190, 15)]
    with sknet_hp.fused(2):
        assert Parallel()(delayed(fold)(forecaster, end) for end in range(100, 190, 15)) == want


def test_tasks_of_tasks(alone):
    def outer(net, first):
        return Parallel()(delayed(fit_and_predict)(net, fold) for fold in (first, first + 1))

    with sknet_hp.fused(2):
        got = Parallel()(delayed(outer)(NET, first) for first in (0, 2, 4))
    assert same([predicted for part in got for predicted in part], alone)


def test_what_a_task_shares_with_itself_stays_shared():
    def task(a, holder, *, again):
        return a is holder["a"] is holder["list"][0] is again

    net = clone(NET)
    with sknet_hp.fused(1):
        assert Parallel()(delayed(task)(net, {"a": net, "list": [net]}, again=net) for _ in range(2)) == [True, True]


def test_a_copy_is_made_when_a_task_is_given():
    """What the caller does to an estimator afterwards is for later tasks."""
    net = clone(NET).set_params(max_epochs=1)
    with sknet_hp.fused(1):
        fitted = Parallel(return_as="generator")(delayed(net.fit)(X, y) for _ in range(4))
        net.set_params(max_epochs=9)
        assert [each.n_iter_ for each in fitted] == [1] * 4


# ---- other things --------------------------------------------------------------------------------------------------


def test_a_generator_of_random_numbers():
    random, want = np.random.RandomState(0), np.random.RandomState(0).random(3)

    def task(random):
        fit_and_predict(clone(NET), 0)
        return random.random(3)

    with sknet_hp.fused(2):
        assert same(Parallel()(delayed(task)(random) for _ in range(4)), [want] * 4)
    assert np.array_equal(random.random(3), want)


def test_small_arrays_are_copied_and_large_ones_are_not():
    small, seen = np.zeros(10), []

    def task(small, large, held):
        small += 1
        seen.append(1)
        return small[0], large is held["large"], large.ctypes.data, len(seen)

    with sknet_hp.fused(2):
        got = Parallel()(delayed(task)(small, BIG, {"large": BIG}) for _ in range(4))
    assert got == [(1, True, BIG.ctypes.data, 1)] * 4
    assert small[0] == 0
    assert seen == []


def test_joblibs_limit_holds():
    def task(large):
        large[0] += 1
        return large[0]

    large = np.zeros(200_000)
    with sknet_hp.fused(2):
        assert Parallel(max_nbytes=None)(delayed(task)(large) for _ in range(4)) == [1] * 4
        assert Parallel(max_nbytes="2M")(delayed(task)(large) for _ in range(4)) == [1] * 4
        assert sorted(Parallel(max_nbytes="1M")(delayed(task)(large) for _ in range(4))) == [1, 2, 3, 4]


def test_large_frames_of_pandas_share_their_cells_until_one_is_written_to():
    def task(frame, number):
        shared = np.shares_memory(frame["a"].to_numpy(), BIG)
        frame["b"] = number
        frame.loc[0, "a"] = number
        return shared, frame.loc[0, "a"]

    frame, column = pd.DataFrame({"a": BIG}, copy=False), pd.Series(BIG, copy=False)
    with sknet_hp.fused(2):
        assert Parallel()(delayed(task)(frame, number) for number in range(1, 5)) == [
            (True, number) for number in range(1, 5)
        ]
        assert Parallel()([delayed(lambda column: np.shares_memory(column.to_numpy(), BIG))(column)]) == [True]
    assert list(frame) == ["a"]
    assert BIG[0] == 0


@pytest.mark.parametrize("height", [3, 200_000])
def test_frames_of_polars_share_their_cells_until_one_is_written_to(height):
    frame = pl.DataFrame({"a": np.zeros(height)})

    def task(frame, number):
        frame[0, "a"] = number
        return frame[0, "a"]

    with sknet_hp.fused(2):
        assert Parallel()(delayed(task)(frame, number) for number in range(1, 5)) == [1, 2, 3, 4]
    assert frame[0, "a"] == 0


def test_large_sparse_matrices_share_their_arrays():
    matrix = scipy.sparse.csr_array(np.ones((1000, 200)))
    (((_, (copied,), _),)) = copy_calls([(len, (matrix,), {})], 1 << 20)
    assert copied is not matrix
    assert copied.data is matrix.data
    assert copied.indptr is not matrix.indptr


def test_shared_memory_is_shared_if_asked_for():
    seen, net = [], clone(NET)

    def task(number, own):
        fit_and_predict(clone(NET), number)
        seen.append(number)
        return own is net

    with sknet_hp.fused(2):
        assert all(Parallel(require="sharedmem")(delayed(task)(number, net) for number in range(4)))
    assert sorted(seen) == [0, 1, 2, 3]


def test_classes_modules_and_functions_are_themselves():
    class Local:
        pass

    def task(value, *identities):
        return [id(each) for each in (*identities, type(value), Local)]

    things = [Local, np, fit_and_predict, NetClassifier, np.dtype("f4"), None, len]
    with sknet_hp.fused(1):
        (got,) = Parallel()([delayed(task)(Local(), *things)])
    assert got == [id(each) for each in (*things, Local, Local)]


def test_functions_that_refer_to_themselves():
    count = 0

    def even(n):
        nonlocal count
        count += 1
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1), count

    def task(n):
        even(n)
        return count

    with sknet_hp.fused(1):
        assert Parallel()(delayed(task)(n) for n in (2, 2, 4)) == [2, 2, 3]
    assert count == 0


def test_attributes_and_defaults_of_functions():
    def task(number, net=clone(NET), *, more=(1,)):  # noqa: B008
        """Say something."""
        return number, net.max_epochs, more, task.tag, task.__doc__, task.__name__

    task.tag = ["tag"]
    with sknet_hp.fused(1):
        assert Parallel()([delayed(task)(3)]) == [(3, 30, (1,), ["tag"], "Say something.", "task")]


def test_a_variable_without_a_value():
    def task():
        try:
            return missing
        except NameError:
            return "none yet"

    with sknet_hp.fused(1):
        assert Parallel()([delayed(task)()]) == ["none yet"]
    missing = 1


# ---- what can not be copied ----------------------------------------------------------------------------------------


class Locked(BaseEstimator, RegressorMixin):
    """Holds what pickle refuses, and notes who fits it."""

    def __init__(self, net=None):
        self.net = net
        self.lock = threading.Lock()
        self.fits = []

    def fit_and_predict(self, fold):
        self.fits.append(fold)
        return fit_and_predict(self.net, fold)


def generator():
    yield from range(100)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_can_not_be_copied_is_used_in_turn(alone, n_jobs):
    locked = Locked(clone(NET))
    with (
        sknet_hp.fused(n_jobs),
        pytest.warns(RuntimeWarning, match="one after another, because .*lock.*require='sharedmem'") as record,
    ):
        got = Parallel()(delayed(locked.fit_and_predict)(fold) for fold in FOLDS)
    assert same(got, alone)
    assert locked.fits == list(FOLDS)
    assert len(record) == 1


def test_open_files_and_generators(tmp_path):
    numbers = generator()

    def task(net, file):
        predicted = fit_and_predict(net, 0)
        file.write(f"{next(numbers)}\n")
        return predicted

    net = clone(NET)
    with (
        (tmp_path / "log").open("w") as file,
        sknet_hp.fused(2),
        pytest.warns(RuntimeWarning, match="one after another"),
    ):
        got = Parallel()(delayed(task)(net, file) for _ in range(3))
    assert same(got, [fit_and_predict(clone(NET), 0)] * 3)
    assert (tmp_path / "log").read_text() == "0\n1\n2\n"


@pytest.mark.filterwarnings("ignore:tasks of this call run one after another")
def test_turns_end_with_errors_and_cancelled_calls(alone):
    locked = Locked(clone(NET))

    def task(locked, fold):
        if fold == 1:
            raise KeyError(fold)
        return locked.fit_and_predict(fold)

    with sknet_hp.fused(2), Parallel() as parallel:
        with pytest.raises(KeyError):
            parallel(delayed(task)(locked, fold) for fold in range(1000))
        assert len(locked.fits) < 900
        assert same(parallel(delayed(locked.fit_and_predict)(fold) for fold in FOLDS), alone)


def test_turns_beside_tasks_that_need_none(alone):
    locked = Locked(clone(NET))
    mixed = [
        call for fold in FOLDS for call in (delayed(locked.fit_and_predict)(fold), delayed(fit_and_predict)(NET, fold))
    ]
    with sknet_hp.fused(2), pytest.warns(RuntimeWarning, match="one after another"):
        got = Parallel()(mixed)
    assert same(got[::2], alone)
    assert same(got[1::2], alone)


def test_turns_within_turns(alone):
    """A task keeps its turn while it waits for tasks of its own, which have turns of
    theirs.
    """
    locked = Locked(clone(NET))

    def outer(locked, first):
        return Parallel()(delayed(locked.fit_and_predict)(fold) for fold in (first, first + 1))

    with sknet_hp.fused(2), pytest.warns(RuntimeWarning, match="one after another"):
        got = Parallel()(delayed(outer)(locked, first) for first in (0, 2, 4))
    assert same([predicted for part in got for predicted in part], alone)
    assert locked.fits == list(FOLDS)


def test_a_warning_made_an_error_is_the_calls_error():
    locked = Locked(clone(NET))
    with sknet_hp.fused(1), pytest.raises(RuntimeWarning, match="one after another"):
        Parallel()(delayed(locked.fit_and_predict)(fold) for fold in range(3))


def test_locks_of_functions_are_shared(alone):
    lock, barrier, net = threading.Lock(), threading.Barrier(3), clone(NET)

    def task(fold, given):
        barrier.wait(30)
        with lock:
            assert given is lock
            return fit_and_predict(net, fold)

    with sknet_hp.fused(2):
        assert same(Parallel()(delayed(task)(fold, lock) for fold in range(3)), alone[:3])


# ---- who needs no copies -------------------------------------------------------------------------------------------


def test_who_clones_by_itself():
    assert clones_by_itself(cross_val_score)
    assert clones_by_itself(sklearn_delayed(cross_val_score)()[0])
    assert not any(
        map(
            clones_by_itself,
            [NET.fit, LogisticRegression().fit, fit_and_predict, len, NetClassifier, delayed(lambda: 0)()[0]],
        )
    )


def test_permutation_importance_is_not_copied_for(monkeypatch):
    """It only predicts, with one fitted network in all its tasks."""
    net = clone(NET).fit(X, y)
    want = permutation_importance(net, X, y, n_repeats=2, random_state=0).importances
    monkeypatch.setattr("sknet_hp.fusion.backend.copy_calls", None)
    with sknet_hp.fused(2):
        assert np.array_equal(permutation_importance(net, X, y, n_repeats=2, random_state=0).importances, want)


def test_two_callers_at_once(alone):
    def call():
        with sknet_hp.fused(2):
            return Parallel()(delayed(fit_and_predict)(NET, fold) for fold in FOLDS)

    with ThreadPoolExecutor(2) as pool:
        assert all(same(each.result(), alone) for each in [pool.submit(call) for _ in range(2)])


def test_objects_of_modules_that_can_not_be_imported():
    module = types.ModuleType("made_here")
    exec(
        "class Holder:\n    def __init__(self, value): self.value = value\ndef value_of(holder): return holder.value",
        module.__dict__,
    )
    holder = module.Holder([1])
    ((function, (copied,), _),) = copy_calls([(module.value_of, (holder,), {})], 1 << 20)
    assert type(copied) is module.Holder
    assert copied is not holder
    assert function(copied) == [1]
    assert "made_here" not in sys.modules
