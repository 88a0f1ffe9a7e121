"""The stock searches: the originals' numbers and manners, fused unless the caller has
chosen otherwise.
"""

import os
from contextlib import nullcontext

import joblib
import numpy as np
import pytest
import skopt
from sklearn import model_selection
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, fused, search

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.filterwarnings("ignore:The objective has been evaluated at"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)

NET = make_pipeline(StandardScaler(), NetClassifier(width=8, n_layers=1, max_epochs=2, random_state=0))
SPACE = {"netclassifier__lr": [1e-3, 3e-3, 1e-2, 3e-2]}
SEARCHES = {
    "grid": (search.GridSearchCV, model_selection.GridSearchCV, {"param_grid": SPACE}),
    "random": (
        search.RandomizedSearchCV,
        model_selection.RandomizedSearchCV,
        {"param_distributions": SPACE, "n_iter": 4, "random_state": 0},
    ),
    "bayes": (
        search.BayesSearchCV,
        skopt.BayesSearchCV,
        {
            "search_spaces": {"netclassifier__lr": (1e-3, 1e-1, "log-uniform")},
            "n_iter": 4,
            "n_points": 4,
            "random_state": 0,
        },
    ),
}


@pytest.fixture(params=SEARCHES)
def pair(request):
    """Ours, and the original."""
    ours, original, parameters = SEARCHES[request.param]
    return ours(NET, cv=3, **parameters), original(NET, cv=3, **parameters)


def scores(fitted):
    return np.array([fitted.cv_results_[f"split{k}_test_score"] for k in range(3)])


def test_fused_by_default_with_the_originals_numbers(pair, bundles):
    ours, original = pair
    original.fit(X, y)
    assert not bundles
    ours.fit(X, y)
    assert sum(bundles) == 12, "four candidates of three folds"
    assert np.array_equal(scores(ours), scores(original))
    assert ours.best_params_ == original.best_params_
    assert np.array_equal(ours.predict_proba(X), original.predict_proba(X))
    assert ours.score(X, y) == original.score(X, y)


@pytest.mark.parametrize(
    "over",
    [
        lambda estimator, **parameters: search.GridSearchCV(estimator, {"C": [0.1, 1.0]}, **parameters),
        lambda estimator, **parameters: search.RandomizedSearchCV(estimator, {"C": [0.1, 1.0]}, n_iter=2, **parameters),
        lambda estimator, **parameters: search.HalvingSearchCV(
            estimator, {"C": [0.1, 1.0]}, resource="n_samples", **parameters
        ),
    ],
    ids=["grid", "random", "halving"],
)
def test_without_a_network_so_many_processes_fit_as_in_scikit_learn(over):
    """Fused, they would be fitted one after another."""
    here = os.getpid()
    where = lambda estimator, X, y: os.getpid()  # noqa: E731 - a lambda goes to the workers by its code
    alone = over(LogisticRegression(), cv=2, scoring=where).fit(X, y)
    assert set(alone.cv_results_["split0_test_score"]) == {here}
    processes = over(LogisticRegression(), cv=2, scoring=where, n_jobs=2).fit(X, y)
    assert here not in {*processes.cv_results_["split0_test_score"], *processes.cv_results_["split1_test_score"]}
    plain, parallel = (over(LogisticRegression(), cv=2, n_jobs=n_jobs).fit(X, y) for n_jobs in (None, 2))
    assert np.array_equal(plain.cv_results_["mean_test_score"], parallel.cv_results_["mean_test_score"])


@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_a_chosen_backend_is_used(pair, bundles, backend):
    ours, original = pair
    with joblib.parallel_config(backend=backend):
        ours.fit(X, y)
    assert not bundles
    assert np.array_equal(scores(ours), scores(original.fit(X, y)))


def test_a_chosen_session_is_used(pair):
    with fused(1, max_threads=3) as session:
        pair[0].fit(X, y)
        assert session.progress().trained == 12


def test_in_a_users_thread_it_still_fuses(pair, bundles):
    """joblib's own workers set a backend; that is nobody's choice."""
    joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(clone(pair[0]).fit)(X, y) for _ in range(1))
    assert sum(bundles) == 12


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_n_jobs_changes_no_number(pair, bundles, n_jobs):
    ours, original = pair
    ours.set_params(n_jobs=n_jobs).fit(X, y)
    assert sum(bundles) == 12
    assert np.array_equal(scores(ours), scores(original.fit(X, y)))


@pytest.mark.parametrize("n_jobs", [0, False, True, 1.5, 2.0, "2"])
@pytest.mark.parametrize("backend", [None, "sequential", "fused"])
def test_n_jobs_that_is_no_number_of_cores(pair, n_jobs, backend):
    with (
        joblib.parallel_config(backend) if backend else nullcontext(),
        pytest.raises(ValueError, match=f"n_jobs={n_jobs!r}; it must be a whole"),
    ):
        pair[0].set_params(n_jobs=n_jobs).fit(X, y)


def test_manners_of_the_original(pair):
    ours, original = pair
    assert ours.get_params().keys() == original.get_params().keys()
    assert repr(ours) == repr(original)
    copy = clone(ours).set_params(cv=2)
    assert type(copy) is type(ours)
    assert ours.cv == 3
    assert isinstance(ours, type(original))


def test_nested_searches_meet(bundles):
    model_selection.cross_validate(SEARCHES["grid"][0](NET, SPACE, cv=3), X, y, cv=2)
    alone = list(bundles)
    bundles.clear()
    with fused(1):
        model_selection.cross_validate(SEARCHES["grid"][0](NET, SPACE, cv=3), X, y, cv=2)
    assert sum(alone) == 24
    assert sum(bundles) == 26


def test_fit_takes_the_originals_arguments():
    groups = np.arange(60) % 5
    ours = search.GridSearchCV(NET, SPACE, cv=model_selection.GroupKFold(3))
    original = model_selection.GridSearchCV(NET, SPACE, cv=model_selection.GroupKFold(3))
    weight = np.where(y > 0, 2.0, 1.0)
    ours.fit(X, y, groups=groups, netclassifier__sample_weight=weight)
    original.fit(X, y, groups=groups, netclassifier__sample_weight=weight)
    assert np.array_equal(scores(ours), scores(original))


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'AnnealedSearchCV'"):
        search.AnnealedSearchCV  # noqa: B018
