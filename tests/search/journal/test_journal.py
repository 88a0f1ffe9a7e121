"""Journals: a search that is killed at any moment is taken up where it was, and ends as
if nothing had been.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp.search import BOHBSearchCV, HalvingSearchCV, JournalError, PBTSearchCV, TPESearchCV
from sknet_hp.search.candidates import Candidate
from sknet_hp.search.journal.identity import Identity
from sknet_hp.search.journal.journal import Journal
from tests.helpers.curves import TRAINED, list_results
from tests.helpers.journaled import (
    CV,
    NET,
    Stop,
    X,
    assert_same_search,
    list_trained,
    make_curve_search,
    make_network_search,
    stop_after,
    y,
)

pytestmark = pytest.mark.timeout(120)


# ---- taken up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refit", [True, "ensemble"])
@pytest.mark.parametrize("moment", [1, 17, 34, 35, 41, 44])
def test_taken_up_bit_for_bit(path, moment, refit, monkeypatch, whole):
    with monkeypatch.context() as patch:
        stop_after(moment, patch)
        with pytest.raises(Stop):
            make_network_search(path, refit=refit).fit(X, y)
    again = make_network_search(path, refit=refit).fit(X, y)
    assert_same_search(again, whole[refit])
    if refit == "ensemble":
        assert again.ensemble_ == whole[refit].ensemble_


def test_nothing_is_trained_twice(path, monkeypatch):
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(60, patch)
        with pytest.raises(Stop):
            make_curve_search(path).fit(X, y)
    first, n = list(TRAINED), len(TRAINED)
    assert n == 60
    before = len((path / "records").read_bytes().splitlines())
    search = make_curve_search(path).fit(X, y)
    assert 55 < before < len((path / "records").read_bytes().splitlines()) == 2 * (27 + 9 + 3 + 1)
    # Those that have begun come back to go on.
    assert {index for index, _, end in TRAINED[n:] if end == 1} < {index for index, _, end in first if end == 1}
    same_numbers = make_curve_search().fit(X, y)
    assert list_results(search) == list_results(same_numbers)


def test_progress_counts_what_was_known(path, monkeypatch, capsys):
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(60, patch)  # the first rung's 54 networks, and 6 of the second's 18
        with pytest.raises(Stop):
            make_curve_search(path).fit(X, y)
    make_curve_search(path, verbose=2, checks=False).fit(X, y)
    cost, first, second, guess, _, fourth, last = capsys.readouterr().err.splitlines()
    assert cost == "27 candidates in 2 splits: at most 80 fits, 162 epochs, and the refit on all rows", "of the whole"
    assert first == "rung 1, 54 networks up to 1 epochs, 54 of 162 epochs (54 from the journal)"
    so_far = r"66 of 162 epochs \(66 from the journal\), best score \d+\.\d{4}"
    assert re.fullmatch(rf"rung 2, 18 networks up to 3 epochs, {so_far}", second), "no time left: none is known"
    assert re.fullmatch(r"rung 2, 18 networks up to 3 epochs, \d+ of 162 epochs .*, about [\d.]+ s left", guess)
    assert re.fullmatch(
        r"rung 4, 2 networks up to 27 epochs, 126 of 162 epochs \(66 from the journal\), best score \d+\.\d{4}, about "
        r"[\d.]+ s left",
        fourth,
    )
    assert re.fullmatch(
        r"rung 4, 2 networks up to 27 epochs, 162 of 162 epochs \(66 from the journal\), best score \d+\.\d{4}", last
    )


def test_networks_go_on_from_their_states(path, monkeypatch):
    search = make_network_search(
        path,
        Search=HalvingSearchCV,
        space={"lr": [1e-3, 1e-2, 0.1]},
        n_candidates="grid",
        initial_candidates=None,
        refit=False,
    )
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(6, patch)
        with pytest.raises(Stop):
            search.fit(X, y)
    assert list_trained(clone(search)) == [3, 3], "one candidate in two splits, from three epochs on"


def test_a_finished_search_is_only_read(path, whole):
    make_network_search(path).fit(X, y)
    seen = list_trained(make_network_search(path, refit=False))
    assert seen == []
    again = make_network_search(path).fit(X, y)
    assert_same_search(again, whole[True])
    times = again.cv_results_["mean_fit_time"]
    assert np.array_equal(times, make_network_search(path).fit(X, y).cv_results_["mean_fit_time"]), (
        "times are those of the journal"
    )


def test_other_ways_of_choosing_read_the_same_journal(path, whole):
    """`refit` is no part of what was searched. Networks that were let go of are trained
    again, which is said before it is done.
    """
    make_network_search(path).fit(X, y)
    said_before = []
    search = make_network_search(path, refit="ensemble")
    with pytest.warns(
        UserWarning, match=r"10 networks of 5 candidates are trained again .*, 90 epochs in all: refit='ensemble' asks"
    ) as told:
        list_trained(search, before=lambda: said_before.append(len(told)))
    assert said_before[0] == 1
    assert_same_search(search, whole["ensemble"])
    assert search.ensemble_ == whole["ensemble"].ensemble_
    kept = make_network_search(path.with_name("kept"), refit="ensemble").fit(X, y)
    assert len(list_trained(clone(kept))) == len(kept.ensemble_), "the members, on all rows"


def test_finalists_that_an_ensemble_has_more_of(path):
    """They go on to the end, from their beginning."""
    search = make_network_search(path, Search=HalvingSearchCV, n_candidates=9).fit(X, y)
    search.set_params(refit="ensemble")
    with pytest.warns(UserWarning, match="are trained again from their beginning") as told:
        search.fit(X, y)
    texts = [str(each.message) for each in told]
    assert texts[0].startswith("4 networks of 2 candidates are trained again from their beginning, 36 epochs in all")
    assert texts[1].startswith("2 networks of 1 candidates are trained again from their beginning, 18 epochs in all")
    assert list_results(search) == list_results(
        make_network_search(Search=HalvingSearchCV, n_candidates=9, refit="ensemble").fit(X, y)
    )


def test_in_other_company(path, whole):
    with joblib.parallel_config("sequential"):
        make_network_search(path).fit(X, y)
    assert_same_search(make_network_search(path, n_jobs=2).fit(X, y), whole[True])


def test_ctrl_c_leaves_a_journal_to_take_up(path, monkeypatch, whole):
    original, count = Journal.record, [0]

    def record(self, *args, **more):
        original(self, *args, **more)
        count[0] += 1
        if count[0] == 38:
            raise KeyboardInterrupt

    search = make_network_search(path)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", record)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, y)
    assert len(search.cv_results_["params"]) == 17
    assert_same_search(search.fit(X, y), whole[True])


def test_time_budget_then_more_time(path, whole):
    search = make_network_search(path, time_budget=1e-9).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert_same_search(make_network_search(path).fit(X, y), whole[True])


def test_pipelines_and_failures(path, monkeypatch):
    pipeline = make_pipeline(StandardScaler(), NET)
    space = {"netclassifier__lr": [1e-3, 1e-2, 0.1], "netclassifier__width": [8, -1]}
    search = HalvingSearchCV(pipeline, space, n_candidates="grid", cv=CV, random_state=0, factor=2)
    with pytest.warns(Warning, match="fits failed"):
        expected = clone(search).fit(X, y)
    with monkeypatch.context() as patch:
        stop_after(13, patch)
        with pytest.raises(Stop):
            clone(search).set_params(journal=path).fit(X, y)
    with pytest.warns(Warning, match="fits failed"):
        assert_same_search(clone(search).set_params(journal=path).fit(X, y), expected)


@pytest.mark.parametrize("piped", [False, True])
def test_foreign_estimators_go_on(path, piped, monkeypatch):
    trees = GradientBoostingClassifier(n_estimators=9, random_state=0, subsample=0.7)
    estimator, prefix = (
        (make_pipeline(StandardScaler(), trees), "gradientboostingclassifier__") if piped else (trees, "")
    )
    search = HalvingSearchCV(
        estimator, {f"{prefix}max_depth": [1, 2, 3]}, resource=f"{prefix}n_estimators", n_candidates="grid", cv=CV
    )
    search.set_params(random_state=0, min_resources=1)
    expected = clone(search).fit(X, y)
    with monkeypatch.context() as patch:
        stop_after(6, patch)
        with pytest.raises(Stop):
            clone(search).set_params(journal=path).fit(X, y)
    assert any(b"skops" in state.read_bytes() for state in (path / "states").iterdir())
    starts = []
    original = GradientBoostingClassifier.fit

    def fit(self, *args, **more):
        starts.append(len(getattr(self, "estimators_", ())))
        return original(self, *args, **more)

    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        patch.setattr(GradientBoostingClassifier, "fit", fit)
        again = clone(search).set_params(journal=path).fit(X, y)
    assert starts[:2] == [3, 3]
    assert_same_search(again, expected)


def test_states_that_can_not_be_kept_are_trained_again(path, monkeypatch):
    """A class of one's own is nothing that skops trusts."""
    with monkeypatch.context() as patch:
        stop_after(57, patch)
        with pytest.raises(Stop):
            make_curve_search(path).fit(X, y)
    assert not list((path / "states").iterdir())
    TRAINED.clear()
    search = make_curve_search(path).fit(X, y)
    assert {index for index, _, end in TRAINED if end == 3} <= {index for index, start, _ in TRAINED if start == 0}
    assert list_results(search) == list_results(make_curve_search().fit(X, y))


# ---- what proposals depend on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("Search", "same_candidates"),
    [(HalvingSearchCV, True), (PBTSearchCV, False), (BOHBSearchCV, False), (TPESearchCV, False)],
)
def test_another_score_to_go_by(path, Search, same_candidates):
    """Where scores make the candidates, those of another score are others: a journal
    can not be read with it.
    """
    size = {
        HalvingSearchCV: {"n_candidates": 4},
        PBTSearchCV: {"population_size": 4},
        TPESearchCV: {"n_candidates": 4},
    }.get(Search, {})
    own = {"cv": CV, "random_state": 0, "journal": path, "scoring": ["accuracy", "neg_log_loss"]} | size
    Search(NET, {"lr": stats.loguniform(1e-3, 0.3)}, refit="accuracy", **own).fit(X, y)
    again = Search(NET, {"lr": stats.loguniform(1e-3, 0.3)}, refit="neg_log_loss", **own)
    if same_candidates:
        again.fit(X, y)
    else:
        with pytest.raises(JournalError, match="another setting of the search"):
            again.fit(X, y)


def test_copies_of_others(path):
    """The scores of a copy are a function of whose copy it is."""
    one, other = Candidate(0, {"lr": 0.1}), Candidate(1, {"lr": 0.2})
    child = Candidate(2, {"lr": 0.3}, history=[(one, 2)], estimators=[None])
    outcome = {"test_scores": 0.5, "fit_time": 1.0, "score_time": 1.0, "n_test_samples": 3, "fit_error": None}
    journal = Journal(path, Identity({"a": "1"}))
    journal.record(child, 0, 4, outcome, goes_on=False)
    journal.close()
    child.history.append((child, 4))
    journal = Journal(path, Identity({"a": "1"}))
    try:
        assert journal.find(child, 0, 4) == outcome
        with pytest.raises(JournalError, match=r"candidate 2 with other parameters than .*, as a copy of another"):
            journal.find(Candidate(2, {"lr": 0.3}, history=[(other, 2)]), 0, 4)
    finally:
        journal.close()


# ---- killed --------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
from tests.helpers.curves import draw_table, list_results
from tests.search.journal.test_journal import make_network_search
X, y = draw_table()
if __name__ == "__main__":
    search = make_network_search(sys.argv[1], refit="ensemble").fit(X, y)
    np.save(sys.argv[2], search.predict_proba(X))
    print(repr((list_results(search), search.best_params_, search.ensemble_)))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_thirty_moments(path, tmp_path, whole):
    program, made = tmp_path / "program.py", tmp_path / "made.npy"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(path), str(made)]
    ours = str(Path(sknet_hp.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": ours}
    chance, killed, grown = random.Random(0), 0, set()
    while killed < 30:
        records = path / "records"
        before = records.stat().st_size if records.exists() else 0
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Half of them as soon as something more is written, so that each gets a little further; the others at
        # any moment.
        waited, limit = time.monotonic(), chance.uniform(0.0, 5.0)
        while process.poll() is None and time.monotonic() - waited < (30 if killed % 2 else limit):
            if killed % 2 and records.exists() and records.stat().st_size > before:
                time.sleep(chance.uniform(0, 0.005))
                break
            time.sleep(0.001)
        finished = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        assert not finished or process.returncode == 0, errors
        killed += 1
        grown.add(records.stat().st_size if records.exists() else 0)
        if finished:  # done: what is left of the thirty begins anew, elsewhere
            path = path.with_name(f"run{killed}")
            command[2] = str(path)
    assert len(grown) > 5, "killed at different places"
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    expected = whole["ensemble"]
    assert process.stdout.strip().splitlines()[-1] == repr(
        (list_results(expected), expected.best_params_, expected.ensemble_)
    )
    assert np.array_equal(np.load(made), expected.predict_proba(X))
