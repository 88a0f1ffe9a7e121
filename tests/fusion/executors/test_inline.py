"""The executor in this process: it trains in a thread and stops between two steps."""

import threading
import traceback
from functools import partial

import numpy as np
import pytest

from sknet_hp.fusion.executors.inline import InlineExecutor
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.stacked.cohort import train_cohort
from tests.helpers.fakes import make_job

pytestmark = pytest.mark.timeout(60)


small = partial(make_job, device="cpu")


class Jobs:
    """A bundle."""

    def __init__(self, *jobs, wanted=True):
        self.jobs, self.wanted = list(jobs), wanted

    def is_cancelled(self):
        return not self.wanted


class Outcome:
    def __init__(self):
        self.value, self.done = None, threading.Event()

    def __call__(self, value):
        self.value = value
        self.done.set()


def test_here_trains_in_another_thread():
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1), small(2)), outcome)
    assert outcome.done.wait(20)
    assert not here.busy
    want = train_cohort([small(1), small(2)])
    assert [
        np.array_equal(a.state.parameters, b.state.parameters) for a, b in zip(want, outcome.value, strict=True)
    ] == [True, True]


def test_here_trains_in_this_thread_if_there_is_no_other(monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1)), outcome)
    assert outcome.value[0].state.epoch == 1


def test_here_hands_over_what_goes_wrong():
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, KeyError)
    assert not here.busy


@pytest.mark.parametrize("how", ["cancel", "bundle"])
def test_here_stops_between_two_steps(how):
    here, outcome, bundle = InlineExecutor("cpu"), Outcome(), Jobs(small(1, epochs=10**7))
    here.submit(bundle, outcome)
    assert not outcome.done.wait(0.2)
    if how == "cancel":
        here.cancel(bundle)
    else:
        bundle.wanted = False
    assert outcome.done.wait(20)
    assert isinstance(outcome.value, Cancelled)
    again = Outcome()
    here.submit(Jobs(small(1)), again)
    assert again.done.wait(20)
    assert again.value[0].state.epoch == 1


def test_what_failed_holds_no_memory():
    """The traceback's frames would keep a cohort's tensors while its halves are tried."""
    here, outcome = InlineExecutor("cpu"), Outcome()
    here.submit(Jobs(small(1, loss="no such loss")), outcome)
    assert outcome.done.wait(20)
    frames = [frame for frame, _ in traceback.walk_tb(outcome.value.__traceback__)][1:]
    assert frames
    assert not any(frame.f_locals for frame in frames)


def test_a_bundle_that_has_ended_can_not_be_called_off_in_place_of_the_next():
    here, first, second, bundle = InlineExecutor("cpu"), Outcome(), Outcome(), Jobs(small(1))
    here.submit(bundle, first)
    assert first.done.wait(20)
    here.submit(Jobs(small(1, epochs=50)), second)
    here.cancel(bundle)
    assert second.done.wait(20)
    assert second.value[0].state.epoch == 50
