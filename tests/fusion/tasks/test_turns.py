"""What can not be copied is used by one task at a time."""

import threading

import pytest
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, RegressorMixin, clone

import sknet_hp
from tests.helpers.arrays import has_same_arrays
from tests.helpers.shared_tasks import (
    FOLDS,
    NET,
    fit_and_predict,
)

pytestmark = pytest.mark.timeout(60)


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
    assert has_same_arrays(got, alone)
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
    assert has_same_arrays(got, [fit_and_predict(clone(NET), 0)] * 3)
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
        assert has_same_arrays(parallel(delayed(locked.fit_and_predict)(fold) for fold in FOLDS), alone)


def test_turns_beside_tasks_that_need_none(alone):
    locked = Locked(clone(NET))
    mixed = [
        call for fold in FOLDS for call in (delayed(locked.fit_and_predict)(fold), delayed(fit_and_predict)(NET, fold))
    ]
    with sknet_hp.fused(2), pytest.warns(RuntimeWarning, match="one after another"):
        got = Parallel()(mixed)
    assert has_same_arrays(got[::2], alone)
    assert has_same_arrays(got[1::2], alone)


def test_turns_within_turns(alone):
    """A task keeps its turn while it waits for tasks of its own, which have turns of
    theirs.
    """
    locked = Locked(clone(NET))

    def outer(locked, first):
        return Parallel()(delayed(locked.fit_and_predict)(fold) for fold in (first, first + 1))

    with sknet_hp.fused(2), pytest.warns(RuntimeWarning, match="one after another"):
        got = Parallel()(delayed(outer)(locked, first) for first in (0, 2, 4))
    assert has_same_arrays([predicted for part in got for predicted in part], alone)
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
        assert has_same_arrays(Parallel()(delayed(task)(fold, lock) for fold in range(3)), alone[:3])
