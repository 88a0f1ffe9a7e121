"""Searches as their journals tell them."""

import os

import numpy as np
import pytest

from sknet_hp.search import (
    ASHASearchCV,
    HalvingSearchCV,
    HyperbandSearchCV,
    JournalError,
    PBTSearchCV,
    SearchRecord,
    TPESearchCV,
    read_journal,
)
from sknet_hp.search.journal.journal import Journal
from tests.helpers.journaled import CV, NET, SPACE, Stop, X, make_curve_search, make_network_search, stop_after, y

SEARCHES = {
    "halving": HalvingSearchCV(NET, SPACE, n_candidates=9, min_resources=1),
    "rows": HalvingSearchCV(NET, SPACE, n_candidates=4, resource="n_samples"),
    "several scores": HyperbandSearchCV(NET, SPACE, scoring=["accuracy", "neg_log_loss"], refit="one_standard_error"),
    "nobody chooses": HalvingSearchCV(NET, SPACE, n_candidates=4, scoring=["accuracy", "neg_log_loss"], refit=False),
    "train scores": ASHASearchCV(NET, SPACE, n_candidates=4, return_train_score=True, n_jobs=1),
    "copies": PBTSearchCV(NET, {"lr": (1e-3, 0.1)}, population_size=4, interval=3),
    "shapes": TPESearchCV(NET, {"hidden_layer_sizes": [(8,), (4, 4)]}, n_candidates=2, initial_candidates=None),
}


def kill_after(n, path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(n, patch)
        with pytest.raises(Stop):
            make_curve_search(path).fit(X, y)


def assert_tells_of(record, search):
    """Whether it is what the search itself is after `fit`."""
    own, told = search.cv_results_, record.cv_results_
    assert set(own) == set(told)
    for name in set(own) - {"params"}:
        np.testing.assert_array_equal(own[name], told[name], err_msg=name)
    assert told["params"] == own["params"]
    for name in ("best_index_", "best_params_", "best_score_", "schedule_", "lineage_", "stopped_", "n_candidates_"):
        assert getattr(record, name, None) == getattr(search, name, None)
    assert record.curves_.equals(search.curves_)
    assert record.history_frame().equals(search.history_frame())
    assert list(map(str, record.findings_)) == list(map(str, search.findings_))


@pytest.mark.parametrize("name", SEARCHES)
def test_of_a_finished_search_it_has_all_that_the_search_has(name, path):
    search = SEARCHES[name].set_params(cv=CV, random_state=0, journal=path).fit(X, y)
    record = read_journal(path)
    assert isinstance(record, SearchRecord)
    assert (record.state, record.searcher) == ("finished", type(search).__name__)
    assert record.running_ == []
    assert_tells_of(record, search)
    assert set(record.summary().splitlines()) <= set(search.summary().splitlines())
    assert record._repr_html_().splitlines()[-1] in search._repr_html_()


def test_a_running_search_can_be_looked_at(path, monkeypatch):
    """From within, after each record; the search takes no notice."""
    seen, original = [], Journal.record

    def record(self, *args, **more):
        original(self, *args, **more)
        seen.append(read_journal(path))

    monkeypatch.setattr(Journal, "record", record)
    search = make_curve_search(path).fit(X, y)
    assert {each.state for each in seen} == {"running"}
    assert not hasattr(seen[0], "cv_results_")
    assert seen[0].running_ == list(range(27))
    assert "0 candidates scored" in repr(seen[0])
    done = [each.advance.done for each in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].advance.total
    half = seen[len(seen) // 2]
    n_rows = len(half.cv_results_["params"])
    scores = search.cv_results_["mean_test_score"][:n_rows]
    assert half.cv_results_["mean_test_score"].tolist() == scores.tolist()
    assert half.advance.seconds_left > 0
    assert "still running" in half.summary()
    assert read_journal(path).state == "finished"


def test_a_killed_search_is_told_as_far_as_it_came_and_goes_on(path, monkeypatch):
    kill_after(60, path, monkeypatch)
    record = read_journal(path)
    assert record.state == "unfinished"
    assert record.n_candidates_ == 27
    assert "continues it" in " ".join(record.summary().split())
    os.utime(path / "records", (record.began_at + 50, record.began_at + 50))
    assert read_journal(path).search_time_ == pytest.approx(50), "the log ends with the plan, the records later"
    search = make_curve_search(path).fit(X, y)
    record = read_journal(path)
    assert record.state == "finished"
    assert record.cv_results_["mean_test_score"].tolist() == search.cv_results_["mean_test_score"].tolist()


def test_what_was_known_does_not_vanish_while_a_search_is_taken_up(path, monkeypatch):
    kill_after(60, path, monkeypatch)
    before, seen, original = len(read_journal(path).cv_results_["params"]), [], Journal.record

    def record(self, *args, **more):
        original(self, *args, **more)
        seen.append(read_journal(path))

    monkeypatch.setattr(Journal, "record", record)
    make_curve_search(path).fit(X, y)
    assert len(seen[0].cv_results_["params"]) >= before
    assert seen[0].advance.done > 0


def test_failed_fits_are_told(path):
    search = make_network_search(
        path, space={"module": ["mlp", "nonsense"]}, Search=HalvingSearchCV, n_candidates=2, initial_candidates=None
    )
    with pytest.warns(match="fits failed"):
        search.fit(X, y)
    record = read_journal(path)
    assert np.isnan(record.cv_results_["mean_test_score"]).sum() == 1
    assert record.history_frame()["failed"].sum() == 1
    assert "1 failed" in record.summary()


def test_half_a_line_is_left_out(path):
    search = make_curve_search(path).fit(X, y)
    with (path / "log").open("ab") as file:
        file.write(b'0bad {"event": "be')
    assert read_journal(path).best_score_ == search.best_score_


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "is not a journal"),
        ("search.json", "older version"),
        ("evaluation.json", "sknet_hp.evaluation.read_journal"),
    ],
)
def test_other_folders_are_refused(tmp_path, name, message):
    if name is not None:
        (tmp_path / name).write_text("{}")
    with pytest.raises(JournalError, match=message):
        read_journal(tmp_path)
