"""A search ends when its best candidate is good enough, or nothing gets better."""

import numpy as np
import pytest

from sknet_hp.search import HalvingSearchCV, PBTSearchCV
from sknet_hp.search.candidates import Candidate, Row
from sknet_hp.search.ending import Ending
from tests.helpers.curves import CURVES, Curve, draw_table, list_results
from tests.helpers.journaled import make_curve_search
from tests.search.test_initial_candidates import SEARCHERS

X, y = draw_table()


def make_rows(*scores, n_resources=9, iteration=0):
    return [
        Row(
            Candidate(number, {}),
            iteration,
            n_resources,
            [{"test_scores": score, "fit_error": None if score is not None else "failed"}],
        )
        for number, score in enumerate(scores)
    ]


def judge(batches, **settings):
    """The reason after each batch."""
    ending = Ending(
        **{"target_score": None, "patience": None, "metric": "score", "of_rungs": False, "most": 9} | settings
    )
    reasons = []
    for batch in batches:
        ending.judge(batch)
        reasons.append(ending.reason)
    return reasons


def test_a_target_is_reached_by_the_best():
    early, late = make_rows(0.95, n_resources=1), make_rows(0.8, np.nan, n_resources=9)
    assert judge([early, late], target_score=0.9) == ["target_score", "target_score"]
    assert judge([late, early], target_score=0.9) == [None, None], "the best is one of those with most resources"
    assert judge([late, make_rows(0.9)], target_score=0.9) == [None, "target_score"]
    assert judge([make_rows(None)], target_score=0.0) == [None]


def test_patience_counts_candidates_with_all_resources():
    batches = [make_rows(0.5, 0.4), make_rows(0.9, 0.8, n_resources=3), make_rows(0.5), make_rows(None)]
    assert judge(batches, patience=3) == [None, None, None, "patience"]
    assert judge([*batches[:3], make_rows(0.6), make_rows(0.6)], patience=3) == [None] * 5
    assert judge([make_rows(np.nan), make_rows(np.nan)], patience=2) == [None, "patience"]


def test_patience_counts_rungs():
    rungs = [make_rows(0.5, n_resources=1), make_rows(0.6, n_resources=3), make_rows(0.6, 0.1), make_rows(0.7)]
    assert judge(rungs, patience=1, of_rungs=True) == [None, None, "patience", "patience"]
    assert judge(rungs, patience=2, of_rungs=True) == [None] * 4


def test_a_rung_that_time_has_ended_before_its_first_score_says_nothing():
    assert judge([make_rows(0.5), []], patience=1, of_rungs=True) == [None, None]


@pytest.mark.parametrize(("Search", "settings"), SEARCHERS.values(), ids=SEARCHERS)
def test_every_searcher_ends(Search, settings):
    """With a score that any candidate has, after what is trained first."""
    rungs = {} if Search is PBTSearchCV else {"min_resources": 1}
    whole, short = (
        Search(
            Curve(max_epochs=9),
            {"option": list(range(40))},
            cv=2,
            random_state=0,
            refit=False,
            **rungs | settings | more,
        )
        for more in ({}, {"target_score": 0.0})
    )
    whole.fit(X, y)
    short.fit(X, y)
    assert short.best_score_ >= 0
    n = len(short.cv_results_["params"])
    if n < len(whole.cv_results_["params"]):
        assert short.stopped_ == "target_score"
        assert set(np.asarray(short.cv_results_["iter"])) == {0}
    else:  # a single batch
        assert short.stopped_ is None
    assert whole.stopped_ is None
    assert repr(short.cv_results_["params"]) == repr(whole.cv_results_["params"][:n]), "the same as far as it went"


def test_a_score_at_few_resources_is_the_best_score():
    search = make_curve_search(target_score=float(CURVES[:27, 2].max())).fit(X, y)
    assert search.stopped_ == "target_score"
    assert search.cv_results_["n_resources"].max() == 3
    assert search.best_score_ == CURVES[:27, 2].max()
    assert search.best_params_["max_epochs"] == 3


class Flat(Curve):
    """Gets no better after three epochs."""

    def score(self, X, y):
        return float(self.index + min(self.n_iter_, 3))


def test_rungs_without_gain_end_halving():
    search = HalvingSearchCV(
        Flat(max_epochs=27), {"index": list(range(27))}, n_candidates="grid", cv=2, min_resources=1
    )
    search.set_params(patience=1).fit(X, y)
    assert search.stopped_ == "patience"
    assert search.cv_results_["n_resources"].max() == 9
    assert search.best_params_ == {"index": 26, "max_epochs": 9}


def test_more_patience_takes_a_journal_up(tmp_path):
    whole = make_curve_search().fit(X, y)
    short = make_curve_search(tmp_path / "j", target_score=0.0).fit(X, y)
    assert short.stopped_ == "target_score"
    again = make_curve_search(tmp_path / "j", target_score=None).fit(X, y)
    assert list_results(again) == list_results(whole)


@pytest.mark.parametrize("wrong", [{"patience": 0}, {"patience": 1.5}, {"target_score": "high"}])
def test_what_can_not_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_curve_search(**wrong).fit(X, y)
