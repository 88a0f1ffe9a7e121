"""Estimators and pipelines of others, in any of joblib's backends."""

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, RandomTreesEmbedding
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sknet_hp import NetRegressor
from sknet_hp.search import HalvingSearchCV, PBTSearchCV
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import CV, NET, make_curve_search

pytestmark = pytest.mark.timeout(120)

X, y = draw_table()


def grid(estimator, space, **parameters):
    return HalvingSearchCV(estimator, space, **{"n_candidates": "grid", "cv": CV, "random_state": 0} | parameters)


def scores(search):
    return np.asarray(search.cv_results_["mean_test_score"])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_large_arrays_can_be_trained_on_in_other_processes():
    """joblib hands arrays of more than a megabyte on for reading only."""
    wide = MLPClassifier((520, 520), max_iter=9, random_state=0)
    search = grid(wide, {"alpha": [1e-5, 1e-2, 1.0]}, resource="max_iter", min_resources=3)
    plain = scores(search.fit(X, y))
    assert set(search.cv_results_["n_resources"]) == {3, 9}
    with joblib.parallel_config("loky", n_jobs=2):
        assert np.array_equal(scores(search.fit(X, y)), plain)


def test_a_backend_without_generators():
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}, resource="n_samples")
    plain = scores(search.fit(X, y))
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        assert np.array_equal(scores(search.fit(X, y)), plain)


def as_coo(X):
    return sp.coo_matrix(X)


@pytest.mark.parametrize("make", [as_coo, sp.bsr_matrix])
def test_first_steps_that_give_a_table_without_rows(make):
    """Those formats can not be indexed."""
    piped = make_pipeline(FunctionTransformer(make, accept_sparse=True), NET)
    dense = make_pipeline(FunctionTransformer(sp.csr_matrix, accept_sparse=True), NET)
    one, other = (grid(each, {"netclassifier__lr": [1e-3, 1e-2]}).fit(X, y) for each in (piped, dense))
    assert np.array_equal(scores(one), scores(other))


def test_a_population_within_what_fits_copies():
    """Each interval would start again."""
    net = TransformedTargetRegressor(NetRegressor(max_epochs=4, random_state=0))
    with pytest.raises(ValueError, match="TransformedTargetRegressor fits a fresh copy of what it holds each time"):
        PBTSearchCV(net, {"regressor__lr": [1e-3, 1e-2]}, population_size=2).fit(X, X[:, 0])


def epochs(estimator, X, y):
    own = estimator[-1]
    return float(own.n_iter_ if isinstance(own, HistGradientBoostingClassifier) else own.t_ // len(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("first", [0, 1])
def test_choices_of_a_step_that_count_differently(first):
    """`max_iter` is how many iterations more to one, and how many in all to the other."""
    choices = [
        MLPClassifier((8,), random_state=0),
        HistGradientBoostingClassifier(early_stopping=False, random_state=0),
    ]
    piped = Pipeline([("scale", StandardScaler()), ("clf", choices[first])])
    search = grid(
        piped,
        {"clf": choices},
        resource="clf__max_iter",
        max_resources=6,
        min_resources=2,
        factor=1.5,
        refit=False,
        scoring=epochs,
    )
    search.fit(X, y)
    assert len(set(search.cv_results_["n_resources"])) > 1
    assert np.array_equal(scores(search), np.asarray(search.cv_results_["n_resources"]))


def test_a_resource_of_an_earlier_step():
    """That step can not be fitted once for all."""
    piped = Pipeline([("embed", RandomTreesEmbedding(n_estimators=9, random_state=0)), ("clf", LogisticRegression())])
    search = grid(piped, {"clf__C": [0.1, 1.0, 10.0]}, resource="embed__n_estimators", min_resources=3).fit(X, y)
    assert set(search.cv_results_["n_resources"]) == {3, 9}
    assert len(search.best_estimator_.named_steps["embed"].estimators_) == 9


class CurveFit(RegressorMixin, BaseEstimator):
    """Has fitted `parameters_`, and is no network."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y):
        self.parameters_ = np.linalg.lstsq(X, y - self.shift, rcond=None)[0]
        return self

    def predict(self, X):
        return X @ self.parameters_ + self.shift


def test_parameters_of_what_is_no_network():
    search = grid(CurveFit(), {"shift": [0.0, 1.0]}, resource="n_samples", cv=2).fit(X, X[:, 0])
    assert search.best_params_ == {"shift": 0.0}
    assert "mean_n_parameters" not in search.cv_results_


def test_a_failed_fit_never_wins_whatever_it_scores():
    """Losses are negative, so an error score of 0 is better than any."""
    search = make_curve_search(9, error_score=1e9)
    search.estimator.set_params(fails=(4, 8))
    with pytest.warns(match="fits failed"):
        search.fit(X, y)
    assert search.best_params_["index"] not in (4, 8)
    results = search.cv_results_
    reached = {
        params["index"]
        for params, n in zip(results["params"], results["n_resources"], strict=True)
        if n == results["n_resources"].max()
    }
    assert reached.isdisjoint((4, 8))


class Demanding(BaseEstimator):
    """An estimator that will not be asked for nothing."""

    def __init__(self, level=1):
        self.level = level

    def set_params(self, **params):
        self.level = params["level"]
        return self

    def fit(self, X, y):
        return self

    def score(self, X, y):
        return self.level


def test_no_parameters_are_not_set():
    X, y = np.zeros((30, 2)), np.arange(30)
    search = HalvingSearchCV(
        Demanding(), {"level": [1, 2]}, n_candidates="grid", resource="n_samples", cv=2, random_state=0
    ).fit(X, y)
    assert search.best_params_ == {"level": 2}
