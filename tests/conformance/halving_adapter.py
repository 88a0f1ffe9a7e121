"""A pytest plugin: scikit-learn's tests of its successive halving meet ours under its names."""

import numpy as np
import sklearn.model_selection
from one_rung_adapter import lists
from search_adapter import mark
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.brackets import n_steps


class Halving(HalvingSearchCV):
    initial_candidates = time_budget = journal = None

    def fit(self, X, y=None, **params):
        given = self.min_resources
        try:
            self.min_resources = "auto" if given in ("exhaust", "smallest") else given
            super().fit(X, y, **params)
        finally:
            self.min_resources = given
        iterations = np.asarray(self.cv_results_["iter"])
        self.n_iterations_ = int(iterations.max()) + 1
        self.n_resources_ = [int(np.asarray(self.cv_results_["n_resources"])[iterations == k][0]) for k in range(self.n_iterations_)]
        self.n_candidates_ = np.bincount(iterations).tolist()
        self.n_required_iterations_ = n_steps(self.n_candidates_[0], 1, self.factor) + 1
        self.n_possible_iterations_ = n_steps(self.max_resources_, self.min_resources_, self.factor) + 1
        return self


class HalvingGridSearchCV(Halving):
    n_candidates = "grid"

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        factor=3,
        resource="n_samples",
        max_resources="auto",
        min_resources="exhaust",
        aggressive_elimination=False,
        cv=5,
        scoring=None,
        refit=True,
        error_score=np.nan,
        return_train_score=True,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        names = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        vars(self).update(names)

    @property
    def param_distributions(self):
        return lists(self.param_grid)


class HalvingRandomSearchCV(Halving):
    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_candidates="exhaust",
        factor=3,
        resource="n_samples",
        max_resources="auto",
        min_resources="smallest",
        aggressive_elimination=False,
        cv=5,
        scoring=None,
        refit=True,
        error_score=np.nan,
        return_train_score=True,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        names = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        vars(self).update(names)

    def fit(self, X, y=None, **params):
        given = self.n_candidates, self.param_distributions
        try:
            self.n_candidates, self.param_distributions = "auto" if given[0] == "exhaust" else given[0], lists(given[1])
            return super().fit(X, y, **params)
        finally:
            self.n_candidates, self.param_distributions = given


for search in (HalvingGridSearchCV, HalvingRandomSearchCV):
    setattr(sklearn.model_selection, search.__name__, search)

NOT_OURS = {}
"""Tests whose meaning is not ours, by name, with or without parameters; each must fail."""


def pytest_collection_modifyitems(items):
    mark(items, NOT_OURS)
