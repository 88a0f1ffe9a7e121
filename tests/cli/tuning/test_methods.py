from dataclasses import replace
from typing import get_args

import pytest
from sklearn.model_selection import KFold

from sknet_hp import NetClassifier, search
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.options import SearchMethod
from sknet_hp.cli.tuning import methods
from sknet_hp.cli.tuning.candidates import make_random_space
from sknet_hp.cli.tuning.methods import OWN_NUMBER, SEARCHERS, WITHOUT_ENSEMBLE, Plan, make_searcher, write_unused_time


def make_plan(candidates):
    return Plan(make_random_space(NetClassifier()), candidates, KFold(2), "accuracy", seed=3, time_budget=7.0)


@pytest.mark.parametrize(
    ("method", "candidates", "is_given", "rest"),
    [
        ("halving", None, False, " More candidates (--candidates, now 20) or --search guided would use the time."),
        ("halving", 5, False, " More candidates (--candidates, now 5) would use the time."),
        ("hyperband", None, False, " --search guided would use the time."),
        ("grid", None, True, ""),
        ("guided", None, False, ""),
    ],
)
def test_time_that_is_left_is_spoken_of(method, candidates, is_given, rest):
    told = write_unused_time(method, 12.5, 120.0, candidates=candidates, is_given=is_given)
    assert told == f"The search ended by itself after 12 s of 2 min.{rest}"
    for budget in (None, 20.0):
        assert write_unused_time(method, 12.5, budget, candidates=candidates, is_given=is_given) == ""


def test_every_searcher_has_a_name():
    known = {name for name in search.__all__ if name.endswith("SearchCV")}
    assert set(SEARCHERS.values()) == known - {"BayesSearchCV"} | {"GuidedSearchCV"}  # gp is scikit-optimize's, too
    assert list(SEARCHERS) == list(get_args(SearchMethod))


@pytest.mark.parametrize("method", SEARCHERS)
def test_searchers_are_given_what_the_command_was(method):
    made = make_searcher(method, NetClassifier(), make_plan(None if method in OWN_NUMBER else 5))
    assert type(made).__name__ == SEARCHERS[method]
    params = made.get_params(deep=False)
    assert isinstance(params["cv"], KFold)
    assert params["scoring"] == "accuracy"
    assert params.get("random_state", 3) == 3
    assert params.get("time_budget", 7.0) == 7.0
    numbers = [params[name] for name in ("n_iter", "n_candidates", "population_size") if name in params]
    assert numbers == ([] if method in ("grid", *OWN_NUMBER) else [5])


def test_what_is_half_trained_keeps_its_shape():
    space = make_searcher("pbt", NetClassifier(), make_plan(4)).param_distributions
    assert sorted(space) == ["dropout", "lr", "weight_decay"]


@pytest.mark.parametrize("method", OWN_NUMBER)
def test_numbers_that_mean_nothing_are_refused(method):
    with pytest.raises(BadInput, match="--candidates 5 has no effect with --search"):
        make_searcher(method, NetClassifier(), make_plan(5))


def test_packages_that_are_missing(monkeypatch):
    class Bare:
        def __getattr__(self, name):
            raise ImportError("TPESearchCV needs Optuna: pip install 'sknet_hp[bayes]'")

    monkeypatch.setattr(methods, "searchers", Bare())
    with pytest.raises(BadInput, match=r"--search tpe can't be used: .*pip install 'sknet_hp\[bayes\]'"):
        make_searcher("tpe", NetClassifier(), make_plan(5))


@pytest.mark.parametrize(
    ("method", "ensemble", "refit"),
    [("guided", None, "ensemble"), ("guided", False, True), ("halving", True, "ensemble"), ("halving", None, True)],
)
def test_one_or_several(method, ensemble, refit):
    plan = replace(make_plan(None), ensemble=ensemble)
    assert make_searcher(method, NetClassifier(), plan).refit == refit


@pytest.mark.parametrize("method", WITHOUT_ENSEMBLE)
def test_some_fit_one_setting(method):
    with pytest.raises(BadInput, match=f"--ensemble can't be used with --search {method}"):
        make_searcher(method, NetClassifier(), replace(make_plan(4), ensemble=True))
    assert make_searcher(method, NetClassifier(), replace(make_plan(4), ensemble=False)).refit is True


def test_a_space_of_ones_own_is_kept_whole():
    given = {"width": [8, 16], "lr": [1e-3]}
    plan = replace(make_plan(None), space=given, is_given=True)
    assert make_searcher("grid", NetClassifier(), plan).param_grid == given
    assert make_searcher("pbt", NetClassifier(), plan).param_distributions == given
    with pytest.raises(BadInput, match="--space has no effect with --search guided"):
        make_searcher("guided", NetClassifier(), plan)
