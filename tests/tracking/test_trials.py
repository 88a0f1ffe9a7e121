"""Candidates as trackers see them."""

import numpy as np
import pytest

from sknet_hp.tracking.trials import list_trials
from tests.helpers.trackers import make_finished_search


@pytest.fixture(scope="module")
def search():
    return make_finished_search()


def test_each_candidate_is_told_once(search):
    trials = list_trials(search)
    assert [trial.number for trial in trials] == sorted(set(search.cv_results_["candidate"]))
    assert {trial.state for trial in trials} == {"complete", "dropped", "failed"}
    assert sum(trial.attributes["best"] for trial in trials) == 1
    best = next(trial for trial in trials if trial.attributes["best"])
    assert best.score == best.by_rung[8] == search.best_score_
    assert best.attributes["split_scores"] == [
        search.cv_results_[f"split{k}_test_score"][search.best_index_] for k in range(2)
    ]


def test_who_fails_has_no_score(search):
    [failed, *_] = [trial for trial in list_trials(search) if trial.state == "failed"]
    assert np.isnan(failed.score)
    assert failed.by_rung == failed.curves == {}


def test_curves_are_means_over_splits(search):
    [trial, *_] = [trial for trial in list_trials(search) if trial.state == "complete"]
    curves = search.curves_[search.curves_["candidate"] == trial.number]
    assert trial.curves["train_loss"] == curves.groupby("epoch")["train_loss"].mean().to_dict()
    assert len(trial.curves["train_loss"]) == 8
    assert "valid_loss" not in trial.curves
