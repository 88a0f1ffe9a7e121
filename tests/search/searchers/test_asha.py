"""ASHA: who is promoted, by the paper's rule; waves that nothing but scores decides;
workers that are never left waiting.
"""

import threading
from concurrent.futures import wait
from fractions import Fraction
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning

from sknet_hp import NetClassifier
from sknet_hp.search import ASHASearchCV
from sknet_hp.search.candidates import Candidate
from sknet_hp.search.searchers.asha import Scheduler
from tests.helpers.playing import FITS, Played, ScoredRun, assert_same_results, count_epochs

X, y = np.zeros((12, 2)), np.array([0, 1] * 6)
CV = [(np.arange(6), np.arange(6, 12))]
QUALITIES = {"quality": [k / 100 for k in range(100)]}


def make(max_epochs=27, space=None, **changes):
    return ASHASearchCV(
        Played(max_epochs=max_epochs),
        space or QUALITIES,
        **{"cv": CV, "random_state": 0, "initial_candidates": None} | changes,
    )


# ---- the rule ------------------------------------------------------------------------------------------------------


def scheduler_with(scores, resources=(1, 3, 9)):
    """A scheduler whose bottom rung has scored so many; and the candidates."""
    candidates = [Candidate(k, {}) for k in range(len(scores) + 1)]
    scheduler = Scheduler(iter(candidates), list(resources), Fraction(3))
    for score in scores:
        scheduler.report(scheduler_new(scheduler), score)
    return scheduler, candidates


def scheduler_new(scheduler):
    """Begin a candidate whatever can be promoted."""
    below = Scheduler(scheduler.new, scheduler.resources[:1], scheduler.eta)
    return below.get_job()


def test_a_third_of_a_rung_is_promoted_the_best_first():
    scheduler, _ = scheduler_with([0.1, 0.5, 0.3, 0.9, 0.2, 0.4, 0.0, 0.0])
    jobs = [scheduler.get_job() for _ in range(3)]
    assert [(job.candidate.number, job.n_resources, job.iteration) for job in jobs] == [(3, 3, 1), (1, 3, 1), (8, 1, 0)]


def test_the_promoted_are_counted_in_their_rung():
    """Six in the rung let two go on; the second of them is the best but one of all six,
    not of the four that are left.
    """
    scheduler, candidates = scheduler_with([0.9, 0.1, 0.2])
    assert scheduler.get_job().candidate is candidates[0]
    assert scheduler.list_promotable(0) == []
    scheduler.report(scheduler_new(scheduler), 0.3)
    assert scheduler.list_promotable(0) == [], (
        "one of three left would be a third of what remains, but four let only one go on"
    )


def test_rungs_are_looked_through_from_the_top():
    scheduler, _ = scheduler_with([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0])
    for score in (0.9, 0.8, 0.95):
        scheduler.report(scheduler.get_job(), score)
    job = scheduler.get_job()
    assert (job.candidate.number, job.n_resources, job.iteration) == (2, 9, 2), "before the fourth of the bottom rung"
    assert scheduler.get_job().candidate.number == 3


def test_the_failed_are_never_promoted():
    scheduler, _ = scheduler_with([np.nan, np.nan, 0.1, np.nan, np.nan, np.nan])
    assert [scheduler.get_job().candidate.number for _ in range(2)] == [2, 6], "two may go on, but only one has a score"


def test_equals_go_on_in_the_order_of_their_proposal():
    scheduler, candidates = scheduler_with([0.5] * 6)
    assert scheduler.list_promotable(0) == candidates[:2]


# ---- waves ---------------------------------------------------------------------------------------------------------


def test_one_wave_of_all_is_successive_halving():
    search = make(n_workers=27).fit(X, y)
    assert list(np.bincount(search.cv_results_["iter"])) == [27, 9, 3, 1]
    assert search.n_candidates_ == 27


def test_best_gets_to_the_top_and_goes_on_from_where_it_stopped():
    FITS.clear()
    search = make(refit=False).fit(X, y)
    reached = {}
    for candidate, n in zip(search.cv_results_["candidate"], search.cv_results_["n_resources"], strict=True):
        reached[candidate] = max(n, reached.get(candidate, 0))
    assert count_epochs() == sum(reached.values())
    best = max(range(len(search.cv_results_["params"])), key=lambda row: search.cv_results_["param_quality"][row])
    assert search.best_params_ == {"quality": search.cv_results_["param_quality"][best], "max_epochs": 27}


@pytest.mark.parametrize("n_workers", [1, 4, None])
def test_waves_do_not_depend_on_the_backend(n_workers):
    search = make(n_workers=n_workers).fit(X, y)
    with joblib.parallel_config("threading", n_jobs=3):
        assert_same_results(make(n_workers=n_workers).fit(X, y), search)


def test_fewer_candidates_begin_higher_so_that_one_gets_to_the_top():
    search = make(n_candidates=9).fit(X, y)
    assert (search.min_resources_, search.n_candidates_) == (3, 9)
    assert search.best_params_["max_epochs"] == 27
    search = make(n_candidates=9, min_resources=1).fit(X, y)
    assert (search.min_resources_, search.cv_results_["n_resources"].min()) == (1, 1)


def test_initial_candidates_are_first():
    search = make(initial_candidates=[{"quality": 7.0}, "current"], n_candidates=9).fit(X, y)
    assert [params["quality"] for params in search.cv_results_["params"][:2]] == [7.0, 0.5]
    assert search.n_candidates_ == 9
    assert search.best_params_["quality"] == 7.0


def test_first_ones_that_fail_do_not_end_the_search():
    space = {"quality": [0.1, 0.2, 0.3]}
    with pytest.warns(FitFailedWarning, match="1 fits failed"):
        search = make(9, space, initial_candidates=[{"quality": None}], n_candidates=4, n_workers=1).fit(X, y)
    assert search.best_params_["quality"] == 0.3
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        make(9, {"quality": [None], "other": [1, 2, 3, 4]}, n_workers=1).fit(X, y)


def test_second_run_from_a_journal_trains_nothing(tmp_path):
    search = make(refit=False).fit(X, y)
    assert_same_results(make(refit=False, journal=tmp_path / "j").fit(X, y), search)
    FITS.clear()
    assert_same_results(make(refit=False, journal=tmp_path / "j").fit(X, y), search)
    assert not FITS


def test_a_search_that_was_cut_ends_as_one_that_was_not(tmp_path):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(60, 3)).astype(np.float32)
    net = NetClassifier(width=4, n_layers=1, max_epochs=9, random_state=0)

    def cut_after(n_rows, journal):
        search = ASHASearchCV(
            net, {"lr": (1e-3, 1e-1, "log-uniform")}, n_workers=2, cv=2, random_state=0, journal=journal, refit=False
        )
        policy = search._search

        def cut(run, space):
            train = run.train

            def some(steps, **how):
                if len(run.rows) > n_rows:
                    raise KeyboardInterrupt
                train(steps, **how)

            run.train = some
            policy(run, space)

        search._search = cut
        return search

    whole = cut_after(99, None).fit(table, table[:, 0] > 0)
    for n_rows in (1, 4, 8):
        with pytest.raises(KeyboardInterrupt):
            cut_after(n_rows, tmp_path / "j").fit(table, table[:, 0] > 0)
    assert_same_results(cut_after(99, tmp_path / "j").fit(table, table[:, 0] > 0), whole)


def test_states_of_those_that_can_not_go_on_are_let_go():
    made = make(n_workers=27)
    run = ScoredRun(lambda params, n: params["quality"], most=27)
    forgotten = []
    run.forget = lambda candidates: forgotten.extend(c.number for c in candidates)
    made._search(run, made_space())
    assert len(forgotten) == len(set(forgotten)) == 18 + 1, (
        "the worse two thirds of the bottom rung, and who has reached the end"
    )
    assert max(c.score for c in run.candidates if c.number in forgotten and c.n_resources < 27) < min(
        c.score for c in run.candidates if c.number not in forgotten
    )


def made_space():
    from sknet_hp.search.spaces.space import Space

    return Space(QUALITIES)


# ---- asynchronous --------------------------------------------------------------------------------------------------


class Straggler(Played):
    """The first one waits until others have gone past it."""

    others = threading.Semaphore(0)

    def fit(self, X, y):
        if self.quality == 7.0 and not hasattr(self, "n_iter_"):
            for _ in range(5):
                assert self.others.acquire(timeout=20)
        else:
            self.others.release()
        return super().fit(X, y)


@pytest.mark.parametrize("backend", [None, "threading", "sequential"])
def test_a_straggler_keeps_nobody_waiting(backend, monkeypatch):
    monkeypatch.setattr(Straggler, "others", threading.Semaphore(0))
    search = ASHASearchCV(
        Straggler(max_epochs=9),
        QUALITIES,
        initial_candidates=[{"quality": 7.0}],
        n_workers=2,
        asynchronous=True,
        cv=CV,
        random_state=0,
        refit=False,
    )
    if backend is None:
        search.fit(X, y)
    else:
        with joblib.parallel_config(backend, n_jobs=2):
            search.fit(X, y)
    order = list(search.cv_results_["candidate"])
    assert order.index(0) >= 4, "the fifth began after four were done"
    assert search.best_params_["quality"] == 7.0
    assert search.n_candidates_ == 9


def test_ctrl_c_ends_what_workers_train(monkeypatch):
    """It waited until all of them had finished their steps."""

    def interrupted(futures, **how):
        wait(futures, timeout=0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr("sknet_hp.search.running.workers.wait", interrupted)
    net = NetClassifier(width=4, n_layers=1, max_epochs=10**7, early_stopping=False, random_state=0)
    table = np.random.default_rng(0).normal(size=(60, 3))
    search = ASHASearchCV(
        net,
        {"lr": (1e-3, 1e-1, "log-uniform")},
        min_resources=10**6,
        n_workers=2,
        asynchronous=True,
        cv=2,
        random_state=0,
    )
    with pytest.raises(KeyboardInterrupt):
        search.fit(table, table[:, 0] > 0)
    assert not [thread.name for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]


def test_asynchronous_networks_train_as_those_of_waves():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(60, 3)).astype(np.float32)
    net, space = NetClassifier(width=4, n_layers=1, max_epochs=9, random_state=0), {"lr": (1e-3, 1e-1, "log-uniform")}
    waves, workers = (
        ASHASearchCV(net, space, n_candidates=6, asynchronous=way, cv=2, random_state=0, refit=False).fit(
            table, table[:, 0] > 0
        )
        for way in (False, True)
    )
    scores = [
        {
            (c, n): score
            for c, n, score in zip(
                *(s.cv_results_[name] for name in ("candidate", "n_resources", "mean_test_score")), strict=True
            )
        }
        for s in (waves, workers)
    ]
    both = scores[0].keys() & scores[1].keys()
    assert len(both) >= 6
    assert all(scores[0][step] == scores[1][step] for step in both)


def test_asynchronous_search_takes_up_all_that_a_journal_knows(tmp_path):
    """Other workers, other order: nothing is lost, and nothing scored twice."""
    FITS.clear()
    cut = make(asynchronous=True, n_workers=2, refit=False, journal=tmp_path / "j")
    original = cut._search

    def stopped(run, space):
        train = run.train

        def some(steps, **how):
            if len(run.rows) > 20:
                raise KeyboardInterrupt
            train(steps, **how)

        run.train = some
        original(run, space)

    cut._search = stopped
    with pytest.raises(KeyboardInterrupt):
        cut.fit(X, y)
    again = make(asynchronous=True, n_workers=2, refit=False, journal=tmp_path / "j").fit(X, y)
    known = set(zip(cut.cv_results_["candidate"], cut.cv_results_["n_resources"], strict=True))
    all_of_them = list(zip(again.cv_results_["candidate"], again.cv_results_["n_resources"], strict=True))
    assert known < set(all_of_them)
    assert len(all_of_them) == len(set(all_of_them))
    # This estimator's state can not be kept, so networks that go on come back by the way they came.
    assert len({(quality, after) for quality, _, after in FITS}) == len(all_of_them)


def test_who_was_promoted_early_keeps_its_networks_when_taken_up():
    """Best of the first three, but only fourth of all nine."""
    search = ASHASearchCV(None, QUALITIES, asynchronous=True, n_workers=1, random_state=0, initial_candidates=None)
    run = ScoredRun(
        lambda params, n: [0.5, 0.1, 0.2, 0.9, 0.8, 0.7, 0.0, 0.0, 0.0][
            [c.params for c in run.candidates].index(params)
        ],
        most=9,
    )
    run.journal = SimpleNamespace(records={(number, 0, 1): {} for number in range(9)} | {(0, 0, 3): {}})
    let_go = []
    run.forget = lambda candidates: let_go.extend((c.number, len(run.rows)) for c in candidates)
    search._search(run, made_space())
    assert {number for number, rows in let_go if rows == 9} == {1, 2, 6, 7, 8}
    assert (run.rows[9].candidate.number, run.rows[9].n_resources) == (0, 3)
