"""A task runs as its caller would have run it: warning filters, context variables,
scikit-learn's configuration.
"""

import contextvars
import warnings

import numpy as np
import pytest
import sklearn
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_validate

import sknet_hp

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=[1, 2])
def fused(request):
    return lambda **settings: sknet_hp.fused(request.param, **settings)


def state():
    return warnings.filters, list(warnings.filters), warnings.showwarning, warnings._showwarnmsg_impl


def test_filters_are_as_before(data, net, fused):
    before = state()
    with fused():
        GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=3).fit(*data)
    after = state()
    assert after == before
    assert after[0] is before[0]


def test_filters_are_as_before_when_a_search_fails(data, net, fused):
    before = state()

    def task(seed):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            net(seed, max_epochs=200).fit(*data)
            raise KeyError(seed)

    with fused(), pytest.raises(KeyError):
        Parallel()(delayed(task)(seed) for seed in range(20))
    assert state() == before


def test_a_task_begins_with_its_callers_filters(fit, fused):
    """Whatever a task that waits has put in their place."""
    seen = []

    def task(seed):
        seen.append([f[:3:2] for f in warnings.filters[:1]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            fit(seed)

    with warnings.catch_warnings(), fused():
        warnings.simplefilter("error", DeprecationWarning)
        Parallel(require="sharedmem")(delayed(task)(seed) for seed in range(10))
    assert seen == [[("error", DeprecationWarning)]] * 10


def test_a_task_keeps_its_own_filters_over_its_training(fit, fused):
    def task(seed):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            warnings.warn(f"before {seed}", stacklevel=1)
            fit(seed)
            warnings.warn(f"after {seed}", stacklevel=1)
        return [str(w.message) for w in record]

    with fused():
        got = Parallel()(delayed(task)(seed) for seed in range(10))
    assert got == [[f"before {seed}", f"after {seed}"] for seed in range(10)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_warning_reaches_the_caller(data, net, n_jobs):
    search = GridSearchCV(net(optimizer="sgd"), {"lr": [1e-2, 1e30]}, cv=3)
    with sknet_hp.fused(n_jobs), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        search.fit(*data)
    diverged = [w for w in record if issubclass(w.category, ConvergenceWarning)]
    assert len(diverged) == 3
    assert {w.category for w in record} == {ConvergenceWarning}


def test_a_warning_made_an_error_is_the_tasks_error(data, net, fused):
    search = GridSearchCV(net(optimizer="sgd"), {"lr": [1e30]}, cv=3, error_score="raise")
    with fused(), warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning):
            search.fit(*data)


def test_nested_calls_in_a_task_that_records(data, net, fused):
    """The networks of its inner search warn into the outer task's record."""

    def task(lr):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            cross_validate(net(optimizer="sgd", lr=lr), *data, cv=3)
        return len(record)

    with fused():
        assert Parallel()(delayed(task)(lr) for lr in (1e-2, 1e30, 1e-3, 1e30)) == [0, 3, 0, 3]


def test_a_clean_search_says_nothing(data, net, fused):
    with warnings.catch_warnings(), fused():
        warnings.simplefilter("error")
        cross_validate(
            GridSearchCV(net(), {"lr": [1e-3, 1e-2]}, cv=2, error_score="raise"), *data, cv=2, error_score="raise"
        )


VARIABLE = contextvars.ContextVar("variable", default="unset")


def test_context_variables_are_the_callers(fit, fused):
    def inner():
        return VARIABLE.get()

    def task(seed):
        fit(seed)
        before = VARIABLE.get()
        VARIABLE.set(f"task {seed}")
        fit(seed)
        return before, Parallel()(delayed(inner)() for _ in range(2))

    token = VARIABLE.set("caller's")
    try:
        with fused():
            got = Parallel()(delayed(task)(seed) for seed in range(6))
    finally:
        VARIABLE.reset(token)
    assert got == [("caller's", [f"task {seed}"] * 2) for seed in range(6)]


def test_the_configuration_is_the_callers(fit, fused):
    def inner():
        return sklearn.get_config()["working_memory"]

    def task(seed):
        fit(seed)
        with sklearn.config_context(working_memory=seed + 1):
            return inner(), Parallel()(delayed(inner)() for _ in range(2)), inner()

    with fused(), sklearn.config_context(working_memory=77):
        got = Parallel()(delayed(inner)() for _ in range(3))
        nested = Parallel()(delayed(task)(seed) for seed in range(3))
    assert got == [77] * 3
    assert nested == [(seed + 1, [seed + 1] * 2, seed + 1) for seed in range(3)]


def test_each_call_of_one_parallel_has_its_own_context(fit, fused):
    def task(seed):
        fit(seed)
        return sklearn.get_config()["working_memory"], VARIABLE.get()

    with fused(), Parallel() as parallel:
        for value in (5, 6):
            token = VARIABLE.set(value)
            with sklearn.config_context(working_memory=value):
                assert parallel(delayed(task)(seed) for seed in range(3)) == [(value, value)] * 3
            VARIABLE.reset(token)


def test_numpys_error_state_is_the_callers(fit, fused):
    def task(seed):
        fit(seed)
        return np.float32(1) / np.float32(0)

    with fused(), np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        Parallel()(delayed(task)(seed) for seed in range(3))
