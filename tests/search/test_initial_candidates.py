"""What holds for every searcher: initial candidates are all tried, each once; ensembles
have several members.
"""

import numpy as np
import pytest

import sknet_hp.search
from sknet_hp.search import (
    ASHASearchCV,
    BOHBSearchCV,
    CmaEsSearchCV,
    GPSearchCV,
    HalvingSearchCV,
    HyperbandSearchCV,
    PBTSearchCV,
    TPESearchCV,
)
from sknet_hp.search.arithmetic.brackets import Rung, plan_hyperband, widen_first_bracket
from sknet_hp.search.arithmetic.cost import sum_resources
from sknet_hp.search.base.searcher import BaseSearcher
from tests.helpers.curves import Curve, draw_table

X, y = draw_table()
SEARCHERS = {
    "Halving": (HalvingSearchCV, {"n_candidates": 5}),
    "Halving, grid": (HalvingSearchCV, {"n_candidates": "grid"}),
    "Hyperband": (HyperbandSearchCV, {}),
    "ASHA": (ASHASearchCV, {"n_candidates": 5}),
    "ASHA, asynchronous": (ASHASearchCV, {"asynchronous": True, "n_workers": 1}),
    "PBT": (PBTSearchCV, {"population_size": 5}),
    "BOHB": (BOHBSearchCV, {}),
    "BOHB, one bracket": (BOHBSearchCV, {"n_brackets": 1}),
    "TPE": (TPESearchCV, {"n_candidates": 5}),
    "TPE, brackets": (TPESearchCV, {"multi_fidelity": True}),
    "CMA-ES": (CmaEsSearchCV, {"n_candidates": 5}),
    "GP": (GPSearchCV, {"n_candidates": 5, "n_points": 12}),
}


def test_every_searcher_is_here():
    found = [getattr(sknet_hp.search, name) for name in sknet_hp.search.__all__]
    known = {Search for Search, _ in SEARCHERS.values()}
    assert known == {each for each in found if isinstance(each, type) and issubclass(each, BaseSearcher)}


def searched(Search, settings, values, initial, **more):
    name = "option" if Search is PBTSearchCV else "index"  # a curve's index can change, too, but its scores would
    given = [candidate if candidate == "current" else {name: candidate} for candidate in initial]
    rungs = {} if Search is PBTSearchCV else {"min_resources": 1}
    search = Search(
        Curve(max_epochs=9, option=0),
        {name: values},
        initial_candidates=given,
        cv=2,
        random_state=0,
        refit=False,
        **rungs | settings | more,
    )
    search.fit(X, y)
    results = search.cv_results_
    begun = [params[name] for params, first in zip(results["params"], _first(results), strict=True) if first]
    return search, begun


def _first(results):
    """Of each candidate that is no copy, its first row."""
    seen, parents = set(), results.get("parent", [-1] * len(results["params"]))
    return [
        not (number in seen or seen.add(number)) and parent < 0
        for number, parent in zip(results["candidate"], parents, strict=True)
    ]


@pytest.mark.parametrize(("Search", "settings"), SEARCHERS.values(), ids=SEARCHERS)
def test_none_is_trained_twice(Search, settings):
    """Neither where it is given twice nor where the space holds it, too."""
    search, begun = searched(Search, settings, list(range(6)), [3, "current", 3, 0])
    assert begun[:2] == [3, 0]
    assert len(set(begun)) == len(begun) >= 5
    assert search.n_candidates_ == len(set(search.cv_results_["candidate"]))


@pytest.mark.parametrize(("Search", "settings"), SEARCHERS.values(), ids=SEARCHERS)
def test_all_are_tried(Search, settings):
    """Those beyond the number of candidates, or the room of all brackets, were dropped."""
    _, begun = searched(Search, settings, list(range(40)), range(30), max_resources=4)
    assert set(begun) >= set(range(30))
    assert len(begun) == (40 if settings.get("n_candidates") == "grid" else 30)


def test_room_in_brackets():
    brackets = plan_hyperband(9, 1, 3)
    assert widen_first_bracket(brackets, 17) == brackets
    [first, *others] = widen_first_bracket(brackets, 20)
    assert first == [Rung(12, 1), Rung(3, 3), Rung(1, 9)]
    assert others == brackets[1:]
    assert sum_resources(first) == sum_resources(brackets[0]) + 3


@pytest.mark.parametrize(("Search", "settings"), SEARCHERS.values(), ids=SEARCHERS)
def test_candidates_that_were_only_proposed_do_not_count(Search, settings):
    search, _ = searched(Search, settings, list(range(6)), [3], time_budget=1e-9)
    assert search.stopped_ == "time_budget"
    assert search.n_candidates_ == len(set(np.asarray(search.cv_results_["candidate"])))


# ---- ensembles -----------------------------------------------------------------------------------------------------

# The best of a population is a schedule, so there are no candidates to choose from.
AVERAGING = {name: own for name, own in SEARCHERS.items() if own[0] is not PBTSearchCV}


class Erring(Curve):
    """Its probabilities err in other rows with each index, so an average errs less."""

    def predict_proba(self, X):
        positive = 0.5 + 0.2 * np.sign(X[:, 0]) + 0.25 * np.sin(50 * (7 + self.index) * X[:, 1])
        return np.stack([1 - positive, positive], axis=1)


@pytest.mark.parametrize(("Search", "settings"), AVERAGING.values(), ids=AVERAGING)
def test_an_ensemble_has_several_members(Search, settings):
    search = Search(
        Erring(), {"index": list(range(40))}, cv=2, random_state=0, refit="ensemble", scoring="neg_log_loss", **settings
    )
    search.fit(X, y)
    assert (search.cv_results_["n_resources"] == 9).sum() >= 3
    assert len(search.ensemble_) > 1
