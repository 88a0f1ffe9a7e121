"""First steps of a pipeline that are random: a network that goes on must find the
inputs that it has learned from.
"""

from numbers import Integral

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection

from sknet_hp.search import HalvingSearchCV, PBTSearchCV
from sknet_hp.search.running.seeds import draw_first_step_seeds
from tests.helpers.curves import draw_table, list_results
from tests.helpers.journaled import Stop, stop_after
from tests.helpers.small_searches import CV, NET

X, y = draw_table()
SEED = "projection__random_state"


def random_pipeline(seed=None):
    return Pipeline(
        [("scaler", StandardScaler()), ("projection", GaussianRandomProjection(3, random_state=seed)), ("net", NET)]
    )


def halving(estimator, **parameters):
    own = {
        "n_candidates": "grid",
        "cv": CV,
        "min_resources": 1,
        "factor": 3,
        "return_train_score": True,
        "random_state": 0,
    }
    return HalvingSearchCV(estimator, {"net__lr": [1e-3, 1e-2, 0.1]}, **own | parameters)


def pbt(estimator):
    space = {"net__lr": (1e-3, 0.1, "log-uniform")}
    return PBTSearchCV(estimator, space, population_size=3, interval=3, cv=CV, random_state=0)


@pytest.mark.parametrize("make", [halving, pbt])
@pytest.mark.parametrize("seed", [None, np.random.RandomState(7)], ids=["none", "a generator"])
def test_they_are_the_same_in_each_rung(make, seed):
    """They were drawn anew each time that a network went on, unless they were shared,
    and in each interval of the last fit of PBT.
    """
    found = make(random_pipeline(seed)).fit(X, y)
    drawn = found.best_estimator_.get_params()[SEED]
    assert isinstance(drawn, Integral)
    want = make(random_pipeline(drawn)).fit(X, y)
    assert list_results(found) == list_results(want)
    assert np.array_equal(found.predict_proba(X), want.predict_proba(X))


def test_a_seed_of_ones_own_stays():
    assert halving(random_pipeline(5)).fit(X, y).best_estimator_.get_params()[SEED] == 5


def test_a_search_that_was_killed_goes_on_with_the_same(tmp_path, monkeypatch):
    search = halving(random_pipeline(), return_train_score=False)
    want = clone(search).fit(X, y)
    search.set_params(journal=tmp_path / "j")
    with monkeypatch.context() as patched:
        stop_after(7, patched)
        with pytest.raises(Stop):
            search.fit(X, y)
    again = clone(search).fit(X, y)
    assert list_results(again) == list_results(want)
    assert np.array_equal(again.predict_proba(X), want.predict_proba(X))


def test_which_steps_get_one():
    inner = make_pipeline(GaussianRandomProjection(), clone(NET).set_params(random_state=None))
    outer = Pipeline(
        [
            ("first", make_pipeline(GaussianRandomProjection(random_state=1), GaussianRandomProjection())),
            ("inner", inner),
        ]
    )
    seeds = draw_first_step_seeds(outer, "inner__netclassifier__max_epochs", 0)
    assert list(seeds) == [
        "first__gaussianrandomprojection-2__random_state",
        "inner__gaussianrandomprojection__random_state",
    ]
    again, others = (draw_first_step_seeds(outer, "inner__netclassifier__max_epochs", seed) for seed in (0, 1))
    assert seeds == again != others
    assert draw_first_step_seeds(NET, "max_epochs", 0) == {}
