"""Evaluations as their journals tell them."""

import json

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from sknet_hp.evaluation import compare, nested_cross_validate, read_journal
from sknet_hp.evaluation.running.journal import Journal, forget_models
from sknet_hp.search import JournalError
from tests.helpers.small_searches import make_network_search

X, y = load_iris(return_X_y=True)
MODELS = [LogisticRegression(C=C, max_iter=1000, random_state=0) for C in (1e-3, 1.0)]


def test_of_a_finished_evaluation_it_has_all_scores(tmp_path):
    search = make_network_search(random_state=0, n_candidates=2)
    result = nested_cross_validate(search, X, y, cv=3, random_state=0, journal=tmp_path / "run")
    record = read_journal(tmp_path / "run")
    assert record.state == "finished"
    assert record.table[result.metrics[0]].tolist() == result.outer_scores.tolist()
    assert record.table["inner_score"].tolist() == result.inner_scores.tolist()
    assert [each.best_score_ for each in record.searches.values()] == result.inner_scores.tolist()
    assert "3 of 3 outer folds done" in record.summary()
    assert f"{result.outer_scores.mean():.4f}" in record.summary()
    assert "finished, 3 of 3" in repr(record)


def test_without_its_models_a_journal_still_has_all_scores(tmp_path):
    compare(*MODELS, X=X, y=y, cv=3, journal=tmp_path / "run", random_state=0)
    outcomes = list((tmp_path / "run" / "outcomes").iterdir())
    before, sizes = read_journal(tmp_path / "run").table, [each.stat().st_size for each in outcomes]
    forget_models(tmp_path / "run")
    record = read_journal(tmp_path / "run")
    assert record.state == "finished"
    assert record.table.equals(before)
    assert all(each.stat().st_size < size for each, size in zip(outcomes, sizes, strict=True))


def test_a_running_evaluation_can_be_looked_at(tmp_path, monkeypatch):
    """From within, after each outcome."""
    seen, original = [], Journal.record

    def record(self, *arguments):
        original(self, *arguments)
        seen.append(read_journal(tmp_path / "run"))
        assert len(seen[-1].table) == len(seen)  # read before the next one is there

    monkeypatch.setattr(Journal, "record", record)
    compare(*MODELS, X=X, y=y, cv=3, journal=tmp_path / "run", random_state=0)
    assert {each.state for each in seen} == {"running"}
    assert "1 of 6 outer folds done" in seen[0].summary()
    assert seen[-1].table["name"].nunique() == 2
    assert seen[-1].searches == {}


def test_a_killed_evaluation_is_told_as_far_as_it_came(tmp_path):
    compare(*MODELS, X=X, y=y, cv=3, journal=tmp_path / "run", random_state=0)
    next((tmp_path / "run" / "outcomes").iterdir()).unlink()
    record = read_journal(tmp_path / "run")
    assert record.state == "unfinished"
    assert len(record.table) == 5
    assert "continues from here" in record.summary()


@pytest.mark.parametrize(("name", "message"), [("search.json", "search.read_journal"), ("evaluation.json", "older")])
def test_other_folders_are_refused(tmp_path, name, message):
    (tmp_path / name).write_text(json.dumps({}))
    with pytest.raises(JournalError, match=message):
        read_journal(tmp_path)
