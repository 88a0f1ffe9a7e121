"""Runs of `watch`."""

import json
import shutil
from pathlib import Path

import filelock
import pytest
from sklearn.datasets import load_iris

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.search.journal.log import read_log
from tests.helpers.small_searches import NET, make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "run"
    return make_network_search(journal=str(path), random_state=0).fit(X, y)


@pytest.fixture
def killed(search, tmp_path):
    """The journal of a search that died after its first rung."""
    path = tmp_path / "killed"
    (path / "states").mkdir(parents=True)
    for name in ("search.json", "records", "log"):
        content = Path(search.journal, name).read_bytes()
        if name == "log":
            kept = [line for line in content.splitlines(keepends=True) if b'"ended"' not in line]
            content = b"".join(kept)
        (path / name).write_bytes(content)
    assert read_log(path / "log")[-1]["event"] != "ended"
    return path


def test_a_finished_search_is_shown_once(run, search):
    for more in ([], ["--once"]):
        result = run("watch", search.journal, *more)
        assert result.code == 0, result.err
        assert "finished" in result.out
        assert f"{search.best_score_:.4f}" in result.out
    assert f"Best: {search.best_score_:.4f} (accuracy, candidate " in result.out
    assert f"lr={search.best_params_['lr']:.3g}" in result.out


def test_json_is_what_the_search_has(run, search):
    found = json.loads(run("watch", search.journal, "--json").out)
    [told] = found["searches"]
    assert told["best"]["mean_score"] == search.best_score_
    assert told["best"]["params"] == search.best_params_
    assert told["candidates_ranked"][0]["mean_score"] == search.best_score_
    assert (told["state"], told["searcher"], told["score"]) == ("finished", "HalvingSearchCV", "accuracy")
    assert told["done"] == told["total"]


def test_a_killed_search_says_how_to_go_on(run, killed):
    out = run("watch", killed, "--once").out
    assert "not finished" in out
    assert "--resume" in out


def test_the_page_of_a_killed_search_has_the_words_of_the_command_line(run, killed, tmp_path):
    assert run("watch", killed, "--once", "--html", tmp_path / "page.html").code == 0
    assert "the same command with --resume continues it" in (tmp_path / "page.html").read_text()


def test_it_ends_when_nobody_works_any_more(run, killed, monkeypatch):
    """It looks again while the lock is held."""
    lock, looked = filelock.FileLock(killed / "lock"), []

    def sleep(seconds):
        looked.append(seconds)
        if len(looked) == 2:
            lock.release()

    monkeypatch.setattr("sknet_hp.cli.work.watch.time.sleep", sleep)
    with lock:
        result = run("watch", killed, "--every", 7)
    assert looked == [7, 7]
    assert [line.split(",")[0] for line in result.out.splitlines()] == [
        "HalvingSearchCV: running",
        "HalvingSearchCV: unfinished",
    ]


def test_a_page_is_written(run, search, tmp_path):
    pytest.importorskip("altair")
    assert run("watch", search.journal, "--once", "--html", "page.html").code == 0
    assert "<html" in (tmp_path / "page.html").read_text()


def test_all_searches_of_a_run_are_found(run, search, killed, tmp_path):
    """As `tune` has them in its directory: that of the score, and that on all rows."""
    killed.rename(tmp_path / "journal")
    result = run("watch", tmp_path, "--once")
    assert "not finished" in result.out
    assert len(json.loads(run("watch", tmp_path, "--json").out)["searches"]) == 1


def test_folds_that_ran_out_of_time_are_not_waited_for(run, search, tmp_path):
    """`tune --time-budget` has written its results, and its journal lacks a fold."""
    journal = tmp_path / "journal/score"
    nested_cross_validate(NET, X, y, cv=2, random_state=0, journal=str(journal))
    next(iter((journal / "outcomes").iterdir())).unlink()
    shutil.copytree(search.journal, tmp_path / "journal/search")
    assert "1 of 2 outer folds done" in run("watch", tmp_path, "--once").out
    (tmp_path / "summary.json").write_text("{}")
    assert "outer folds" not in run("watch", tmp_path, "--once").out


def test_what_is_no_run_is_refused(refused, tmp_path, search):
    refused("watch", "nowhere", says=("there is no run 'nowhere'",))
    refused("watch", tmp_path, says=("holds no run",))
    refused("watch", search.journal, "--html", "page.pdf", says=("must end in .html",))
