"""A pytest plugin: scikit-learn's tests of its searches meet `HalvingSearchCV` under
their names, with one rung that has all rows: a plain search.
"""

import numpy as np
import sklearn.model_selection

from sknet_hp.search import HalvingSearchCV
from tests.conformance.search_adapter import mark


def take_all(search, given):
    """Store the arguments of a constructor, which are its local names."""
    vars(search).update({name: value for name, value in given.items() if name not in ("self", "__class__")})


def lists(space):
    """Choices as lists: to us a tuple is a range."""
    if isinstance(space, dict):
        return {name: list(value) if isinstance(value, tuple) else value for name, value in space.items()}
    return [lists(branch) for branch in space] if isinstance(space, list) else space


class OneRung(HalvingSearchCV):
    resource, min_resources, max_resources, factor, aggressive_elimination = "n_samples", 1, "auto", 1e9, False
    initial_candidates = time_budget = journal = target_score = patience = None
    checks = False


class GridSearchCV(OneRung):
    n_candidates, random_state = "grid", 0

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
    ):
        take_all(self, locals())

    @property
    def param_distributions(self):
        return lists(self.param_grid)


class RandomizedSearchCV(OneRung):
    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_iter=10,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
    ):
        take_all(self, locals())

    @property
    def n_candidates(self):
        return self.n_iter

    def fit(self, X, y=None, **params):
        given = self.param_distributions
        try:
            self.param_distributions = lists(given)
            return super().fit(X, y, **params)
        finally:
            self.param_distributions = given


for search in (GridSearchCV, RandomizedSearchCV):
    setattr(sklearn.model_selection, search.__name__, search)

NOT_OURS = {
    "test_grid_search_bad_param_grid": "expects scikit-learn's sentences; ours are tested in "
    "tests/search/spaces/test_space.py",
    "test_predict_proba_disabled": "searches an empty space, which is an error",
    "test_custom_run_search": "replaces scikit-learn's private method by which searches are made; ours are made by "
    "another",
    "test_random_search_bad_cv": "expects an error where a splitter gives other numbers of splits from call to call; "
    "ours is called once",
    "test_searchcv_raise_warning_with_non_finite_score": "expects a warning with all scores in it; ours has one where "
    "fits or scorers fail",
    "test_unsupported_sample_weight_scorer": "goes on where every score is NaN; halving has nothing to choose by, and "
    "says so",
    "test_search_cv_results_none_param": "goes on where every score is NaN, as above",
    "test_search_cv_verbose_3": "expects scikit-learn's lines on the screen",
}
"""Tests whose meaning is not ours, by the beginning of their names; each must fail."""

NOT_OURS |= dict.fromkeys(
    ("test_grid_search_cv_results", "test_random_search_cv_results"), "our `cv_results_` has four columns more"
)


def pytest_collection_modifyitems(items):
    mark(items, NOT_OURS)
