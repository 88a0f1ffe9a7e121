import pytest

from sknet_hp.tuning.guided.budget import Budget


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_seconds_left():
    clock = Clock()
    budget = Budget(30, clock(), clock)
    clock.now += 10
    budget.reserve = 5
    assert budget.left == 20
    assert budget.left_to_search == 15
    assert budget.is_limited


def test_no_limit():
    budget = Budget(None, 0.0, Clock())
    assert budget.left_to_search == float("inf")
    assert not budget.is_limited


def test_what_was_measured_last_counts_most():
    budget = Budget(30, 0.0, Clock())
    assert budget.seconds_per_epoch is None
    budget.note(2.0, 10)
    assert budget.seconds_per_epoch == pytest.approx(0.2)
    budget.note(4.0, 10)
    assert budget.seconds_per_epoch == pytest.approx(0.4)
    budget.note(1.0, 10)
    assert budget.seconds_per_epoch == pytest.approx(0.2), "the median"


def test_seconds_in_which_kernels_are_compiled_are_not_foreseen_again():
    budget = Budget(30, 0.0, Clock())
    budget.note(3.0, 10)
    budget.note(0.2, 20)
    budget.note(3.0, 10)
    budget.note(0.2, 20)
    assert budget.seconds_per_epoch == pytest.approx(0.01)


def test_a_rung_in_which_all_had_stopped_says_little():
    budget = Budget(30, 0.0, Clock())
    budget.note(2.0, 100)
    budget.note(0.02, 0)
    assert budget.seconds_per_epoch == pytest.approx(0.02)
