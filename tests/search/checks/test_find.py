"""What searches say of themselves, and when."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from sknet_hp.findings import Findings
from sknet_hp.search import GridSearchCV, HalvingSearchCV, PBTSearchCV, RandomizedSearchCV
from sknet_hp.search.checks import SEARCH_CHECKS
from tests.helpers.curves import Curve, draw_table
from tests.helpers.journaled import Stop, make_curve_search, stop_after
from tests.search.test_initial_candidates import SEARCHERS

X, y = draw_table()


@pytest.mark.parametrize(("Search", "settings"), SEARCHERS.values(), ids=SEARCHERS)
def test_every_search_has_findings(Search, settings):
    search = Search(Curve(max_epochs=9), {"option": list(range(40))}, cv=3, random_state=0, refit=False, **settings)
    found = search.fit(X, y).findings_
    assert isinstance(found, Findings)
    assert "no_gain" in found.codes, "all have the same curve"
    assert str(found) == str(search.fit(X, y).findings_)
    assert search.set_params(checks=False).fit(X, y).findings_ == []
    assert search.set_params(checks=["near_ties"]).fit(X, y).findings_.codes in ([], ["near_ties"])
    for finding in found:
        json.dumps(dict(finding.evidence))
        if finding.remedy:
            finding.apply(search)


def test_a_check_that_nobody_knows_is_refused_at_once():
    with pytest.raises(ValueError, match=r"checks=.*'edges', which no check is called"):
        make_curve_search(checks=["edges"]).fit(X, y)


def test_a_search_that_was_taken_up_finds_the_same(tmp_path, monkeypatch):
    whole = make_curve_search().fit(X, y).findings_
    with monkeypatch.context() as patch:
        stop_after(60, patch)
        with pytest.raises(Stop):
            make_curve_search(tmp_path / "j").fit(X, y)
    again = make_curve_search(tmp_path / "j").fit(X, y).findings_
    assert str(again) == str(whole)
    assert [dict(finding.evidence) for finding in again] == [dict(finding.evidence) for finding in whole]
    assert whole.codes


class Interrupting(Curve):
    def fit(self, X, y):
        if self.max_epochs > 3:
            raise KeyboardInterrupt
        return super().fit(X, y)


def test_half_a_search_says_what_it_knows():
    search = HalvingSearchCV(Interrupting(max_epochs=27), {"option": list(range(9))}, cv=2, min_resources=3, n_jobs=1)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert search.stopped_ == "interrupted"
    assert "no_gain" in search.findings_.codes


def test_the_data_are_looked_at_too():
    twice = np.concatenate([X, X])
    search = HalvingSearchCV(Curve(), {"index": [1, 2, 3]}, cv=2, random_state=0).fit(twice, np.tile(y, 2))
    assert "duplicate_rows" in search.findings_.codes


def test_searches_of_scikit_learns(capsys):
    grid = GridSearchCV(Curve(), {"option": (1, 2, 3)}, cv=3, verbose=1).fit(X, y)
    assert grid.findings_.codes == ["near_ties"]
    assert "info: near_ties" in capsys.readouterr().out
    grid = GridSearchCV(Curve(), {"option": [None, 2, 3]}, cv=3).fit(X, y)
    assert "no_gain" in grid.findings_.codes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = RandomizedSearchCV(Curve(fails=(1, 2)), {"index": [0, 1, 2, 5]}, n_iter=4, cv=3, random_state=0)
        search.fit(X, y)
    assert search.findings_.of("many_failures")[0].evidence["n_failed"] == 2


def test_findings_are_shown_as_a_table():
    found = PBTSearchCV(Curve(max_epochs=9), {"option": [1, 2, 3]}, population_size=3, cv=3, random_state=0).fit(X, y)
    assert "<table>" in found.findings_._repr_html_()


def test_every_check_says_what_it_is():
    assert all(check.title and check.find.__doc__ for check in SEARCH_CHECKS.values())


def test_curves_and_findings_survive_pickle():
    import pickle

    search = make_curve_search().fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    assert str(again.findings_) == str(search.findings_)
    pd.testing.assert_frame_equal(again.curves_, search.curves_)
