from types import SimpleNamespace

import joblib
import pytest

from sknet_hp.search.candidates import Candidate, Row
from sknet_hp.search.deadline import Deadline
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import CV, SPACE, make_network_search

X, y = draw_table()


def make_row(candidate, seconds, n_resources):
    candidate.history.append((candidate, n_resources))
    return Row(candidate, 0, n_resources, [{"fit_time": each, "fit_error": None} for each in seconds])


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("sknet_hp.search.deadline.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_without_a_deadline_there_is_always_time():
    assert not Deadline(None, 1, 1.0, adds_up=True).is_near([])


@pytest.mark.parametrize(
    ("adds_up", "n_final_fits", "seconds"),
    [(True, 1, 1.5 * (2 + 4)), (True, 3, 4.5 * (2 + 4)), (False, 1, 1.5 * 4), (True, 0, 0.0)],
)
def test_time_for_the_final_fit_is_kept(clock, adds_up, n_final_fits, seconds):
    best, other = Candidate(0, {}, score=0.9), Candidate(1, {}, score=0.8)
    rows = [make_row(best, [1, 3], 1), make_row(other, [50, 50], 1), make_row(best, [3, 5], 3)]
    deadline = Deadline(100.0, n_final_fits, 1.5, adds_up=adds_up)
    clock.now = 100 - seconds
    assert not deadline.is_near(rows)
    clock.now += 0.01
    assert deadline.is_near(rows)


def test_the_times_of_a_copy_count_those_of_its_original(clock):
    original = Candidate(0, {}, score=0.5)
    rows = [make_row(original, [2], 1)]
    copy = Candidate(1, {}, score=0.9, history=list(original.history))
    rows.append(make_row(copy, [3], 3))
    deadline = Deadline(100.0, 1, 1.0, adds_up=True)
    clock.now = 94.99
    assert not deadline.is_near(rows)
    clock.now = 95.01
    assert deadline.is_near(rows)


def test_a_rung_ends_when_the_time_is_up(monkeypatch):
    """Those that were the best in the rung before train first, and count."""
    settings = {"min_resources": 1, "factor": 2, "refit": False, "n_jobs": 1}
    whole = make_network_search(**settings).fit(X, y)
    second = [c for c, rung in zip(whole.cv_results_["candidate"], whole.cv_results_["iter"], strict=True) if rung == 1]
    assert len(second) == 3
    asked = []

    def is_near(self, rows):
        """Let the time be up with the second split of the second candidate in the second rung."""
        asked.extend([None] * (len(rows) == len(SPACE["lr"])))
        return len(asked) == 2 + 2 * CV.get_n_splits()  # asked when the first rung ends, and before the second

    monkeypatch.setattr(Deadline, "is_near", is_near)
    search = make_network_search(time_budget=1.0, **settings)
    with joblib.parallel_config("sequential"):
        search.fit(X, y)
    assert search.stopped_ == "time_budget"
    of_second = search.cv_results_["iter"] == 1
    assert search.cv_results_["candidate"][of_second].tolist() == second[:2]
    assert of_second[search.best_index_]
