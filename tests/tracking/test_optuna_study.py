"""Searches as studies of Optuna."""

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV as StockSearch

from sknet_hp.search import GridSearchCV, PBTSearchCV
from sknet_hp.tracking import to_optuna
from tests.helpers.small_searches import CV, NET, make_network_search

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def halving():
    return make_network_search(random_state=0).fit(X, y)


def test_each_candidate_is_a_trial(halving):
    study = to_optuna(halving)
    results = halving.cv_results_
    assert [trial.user_attrs["candidate"] for trial in study.trials] == sorted(set(results["candidate"]))
    for trial in study.trials:
        rows = np.flatnonzero(results["candidate"] == trial.number)
        assert trial.value == results["mean_test_score"][rows[-1]]
        assert trial.intermediate_values == dict(
            zip(results["n_resources"][rows], results["mean_test_score"][rows], strict=True)
        )
        assert trial.params == {"lr": results["param_lr"][rows[0]]}
        complete = results["n_resources"][rows[-1]] == halving.max_resources_
        assert trial.state == (TrialState.COMPLETE if complete else TrialState.PRUNED)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert study.best_value == halving.best_score_
    assert study.study_name == "HalvingSearchCV"


def test_it_can_be_stored_once_under_a_name(halving, tmp_path):
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'studies.db'}")
    made = to_optuna(halving, "first", storage)
    read = optuna.load_study(study_name="first", storage=storage)
    assert [trial.params for trial in read.trials] == [trial.params for trial in made.trials]
    assert read.best_trial.user_attrs["best"] is True
    with pytest.raises(ValueError, match="already has a study 'first'"):
        to_optuna(halving, "first", storage)
    to_optuna(halving, "second", storage)
    storage.engine.dispose()  # Python 3.13 warns of open databases


def test_stock_searches_have_scores_by_epoch():
    search = GridSearchCV(NET.__class__(**NET.get_params() | {"early_stopping": True}), {"lr": [0.01, 0.1]}, cv=CV)
    study = to_optuna(search.fit(X, y))
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2
    by_epoch = search.curves_.groupby(["candidate", "epoch"])["valid_score"].mean()
    assert study.trials[1].intermediate_values == by_epoch[1].to_dict()


def test_estimators_without_curves_have_no_scores_by_epoch():
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "stratified"]}, cv=CV).fit(X, y)
    assert [trial.intermediate_values for trial in to_optuna(search).trials] == [{}, {}]


def test_what_fails_has_no_value():
    search = make_network_search(
        space={"module": ["mlp", "nonsense"]}, random_state=0, n_candidates=2, min_resources=9, checks=False
    )
    with pytest.warns(match="fits failed"):
        study = to_optuna(search.fit(X, y))
    assert {trial.params["module"]: trial.state for trial in study.trials} == {
        "mlp": TrialState.COMPLETE,
        "nonsense": TrialState.FAIL,
    }


def test_settings_outside_the_space_are_within_the_distribution():
    search = make_network_search(
        space={"lr": (0.01, 0.1, "log-uniform")}, n_candidates=3, initial_candidates=[{"lr": 0.5}], random_state=0
    ).fit(X, y)
    study = to_optuna(search)
    assert study.trials[0].params == {"lr": 0.5}
    assert study.trials[0].distributions["lr"] == optuna.distributions.FloatDistribution(0.01, 0.5, log=True)


def test_searches_of_scikit_learn_are_studies_too():
    search = StockSearch(DummyClassifier(), {"strategy": ["prior", "stratified"]}, cv=CV).fit(X, y)
    study = to_optuna(search)
    assert [trial.value for trial in study.trials] == search.cv_results_["mean_test_score"].tolist()
    assert study.trials[0].params == {"strategy": "prior"}


def test_what_is_no_search_is_refused():
    with pytest.raises(TypeError, match="a fitted search is needed, or the record of one by read_journal, got dict"):
        to_optuna({})


def test_copies_know_their_parents():
    search = PBTSearchCV(NET, {"lr": (1e-3, 0.1)}, population_size=4, interval=3, cv=CV, random_state=0).fit(X, y)
    parents = dict(zip(search.cv_results_["candidate"], search.cv_results_["parent"], strict=True))
    assert [trial.user_attrs["parent"] for trial in to_optuna(search).trials] == list(parents.values())
    assert max(parents.values()) >= 0
