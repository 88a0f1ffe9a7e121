"""Runs of `report`."""

from pathlib import Path

import filelock
import pytest
from sklearn.datasets import load_iris

from sknet_hp.evaluation import nested_cross_validate
from tests.helpers.html_pages import Page
from tests.helpers.small_searches import make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "run"
    return make_network_search(journal=str(path), random_state=0).fit(X, y)


def test_a_journal_becomes_a_page(run, search):
    result = run("report", search.journal, "--out", "pages/iris.html")
    assert result.code == 0, result.err
    assert "pages/iris.html" in result.out
    page = Page(Path("pages/iris.html"))
    assert f"{search.best_score_:.4f}" in page.text
    assert page.specs


def test_the_page_of_a_run_lies_in_its_directory(run, search):
    """A result directory has its journal in it."""
    journal = Path("iris-tuned/journal/search")
    journal.parent.mkdir(parents=True)
    journal.symlink_to(search.journal)
    result = run("report", "iris-tuned")
    assert result.code == 0, result.err
    assert result.out == "Report:   iris-tuned/report.html\n"
    assert Path("iris-tuned/report.html").exists()
    assert run("report", "iris-tuned").out == result.out


def test_the_page_that_tune_has_written_stays(run, search):
    journal = Path("iris-tuned/journal/search")
    journal.parent.mkdir(parents=True)
    journal.symlink_to(search.journal)
    for name in ("report.html", "summary.json"):
        Path("iris-tuned", name).write_text("{}")
    result = run("report", "iris-tuned")
    assert result.out.endswith("its report is there.\nReport:   iris-tuned/report.html\n")
    assert Path("iris-tuned/report.html").read_text() == "{}"
    assert "also has the score on unseen rows" in run("report", "iris-tuned", "--out", "journal.html").out
    assert Path("journal.html").exists()


def test_a_run_that_lasts_says_so(run, search):
    journal = Path("running")
    journal.mkdir()
    for name in ("search.json", "records", "log"):
        lines = Path(search.journal, name).read_bytes().splitlines(keepends=True)
        (journal / name).write_bytes(b"".join(line for line in lines if b'"ended"' not in line))
    with filelock.FileLock(journal / "lock"):
        result = run("report", journal)
    assert "still running" in result.out
    assert "still running" in Page(Path("running/report.html")).text
    run("report", journal)
    assert "was stopped before its end" in Page(Path("running/report.html")).text


def test_what_has_no_journal_is_refused(run, refused, search):
    refused("report", "nowhere", says=("no run 'nowhere'",))
    Path("empty").mkdir()
    refused("report", "empty", says=("is not a journal",))
    Path("notes.html").write_text("mine")
    refused("report", search.journal, "--out", "notes.html", says=("--overwrite", "not a report"))
    assert run("report", search.journal, "--out", "notes.html", "--overwrite").code == 0


def test_an_evaluation_that_lasts_shows_its_folds(run, tmp_path):
    journal = tmp_path / "scores/journal/score"
    result = nested_cross_validate(make_network_search(), X, y, cv=2, random_state=0, journal=str(journal))
    assert run("report", "scores", "--out", "page.html").code == 0
    page = Page(Path("page.html"))
    assert f"{result.mean:.4f}" in page.text
    next(path for path in (journal / "outcomes").iterdir() if "1" in path.name).unlink()
    result = run("report", "scores", "--out", "page.html")
    assert "was stopped before its end" in result.out
    assert "1 outer fold of 2 done" in Page(Path("page.html")).text
