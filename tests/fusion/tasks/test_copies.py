"""What tasks of a user's `Parallel` share: each has its own copy, as in joblib's
processes, or they take turns.
"""

import sys
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from joblib import Parallel, delayed
from sklearn.base import clone
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
from tests.helpers.arrays import has_same_arrays
from tests.helpers.scripts import run_script
from tests.helpers.shared_tasks import (
    BIG,
    FOLDS,
    NET,
    PIPELINE,
    X,
    fit_and_predict,
    fit_in_turn,
    fit_the_global,
    fit_the_global_within,
    y,
)

pytestmark = pytest.mark.timeout(60)


# ---- estimators ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
@pytest.mark.parametrize("estimator", [NET, PIPELINE], ids=["network", "pipeline"])
def test_tasks_that_share_an_estimator(estimator, n_jobs):
    with sknet_hp.fused(n_jobs):
        got = Parallel(n_jobs=n_jobs)(delayed(fit_and_predict)(estimator, fold) for fold in FOLDS)
    assert has_same_arrays(got, fit_in_turn(estimator))
    assert not hasattr(estimator, "classes_"), "what the caller has is not touched"


SHARES_CELLS = not pd.__version__.startswith("2.")
"""Of pandas 2, shallow copies see what is written to the other."""


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
    assert has_same_arrays(got, alone)


def test_keyword_arguments(alone):
    with sknet_hp.fused(2):
        got = Parallel()(delayed(fit_and_predict)(estimator=NET, fold=fold, learn=slice(None)) for fold in FOLDS)
    assert has_same_arrays(got, alone)


def test_methods(alone):
    with sknet_hp.fused(2):
        fitted = Parallel()(delayed(NET.fit)(X[20 * fold :], y[20 * fold :]) for fold in FOLDS)
    assert len({id(net) for net in fitted}) == len(FOLDS)
    assert has_same_arrays([net.predict_proba(X) for net in fitted], alone)


def test_variables_of_functions(alone):
    net = clone(NET)

    def task(fold):
        return fit_and_predict(net, fold)

    with sknet_hp.fused(2):
        assert has_same_arrays(Parallel()(delayed(task)(fold) for fold in FOLDS), alone)
        assert has_same_arrays(Parallel()(delayed(lambda fold: task(fold))(fold) for fold in FOLDS), alone)


@pytest.mark.parametrize("function", [fit_the_global, fit_the_global_within])
def test_global_variables(function):
    with sknet_hp.fused(2):
        got = Parallel()(delayed(function)(fold) for fold in FOLDS)
    assert has_same_arrays(got, fit_in_turn(PIPELINE))


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
    assert has_same_arrays([predicted for part in got for predicted in part], alone)


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
        assert has_same_arrays(Parallel()(delayed(task)(random) for _ in range(4)), [want] * 4)
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
            (SHARES_CELLS, number) for number in range(1, 5)
        ]
        assert Parallel()([delayed(lambda column: np.shares_memory(column.to_numpy(), BIG))(column)]) == [SHARES_CELLS]
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
        assert all(has_same_arrays(each.result(), alone) for each in [pool.submit(call) for _ in range(2)])


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
