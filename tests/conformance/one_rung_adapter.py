"""A pytest plugin: scikit-learn's tests of its searches meet `HalvingSearchCV` under their names, with one rung that has all rows: a plain search."""

import numpy as np
import sklearn.model_selection
from search_adapter import mark

from sknet_hp.search import HalvingSearchCV


def lists(space):
    """Choices as lists: to us a tuple is a range."""
    if isinstance(space, dict):
        return {name: list(value) if isinstance(value, tuple) else value for name, value in space.items()}
    return [lists(branch) for branch in space] if isinstance(space, list) else space


class OneRung(HalvingSearchCV):
    resource, min_resources, max_resources, factor, aggressive_elimination = "n_samples", 1, "auto", 1e9, False
    initial_candidates = time_budget = journal = None


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
        self.estimator, self.param_grid, self.scoring, self.n_jobs, self.refit = estimator, param_grid, scoring, n_jobs, refit
        self.cv, self.verbose, self.pre_dispatch, self.error_score, self.return_train_score = (
            cv,
            verbose,
            pre_dispatch,
            error_score,
            return_train_score,
        )

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
        self.estimator, self.param_distributions, self.scoring, self.n_jobs, self.refit = estimator, param_distributions, scoring, n_jobs, refit
        self.cv, self.verbose, self.pre_dispatch, self.error_score, self.return_train_score = (
            cv,
            verbose,
            pre_dispatch,
            error_score,
            return_train_score,
        )
        self.n_iter, self.random_state = n_iter, random_state

    @property
    def n_candidates(self):
        return self.n_iter


for search in (GridSearchCV, RandomizedSearchCV):
    setattr(sklearn.model_selection, search.__name__, search)

NOT_OURS = {}
"""Tests whose meaning is not ours, by name, with or without parameters; each must fail."""


def pytest_collection_modifyitems(items):
    mark(items, NOT_OURS)
