"""A pytest plugin: scikit-learn's tests of its successive halving meet ours under its
names.
"""

import numpy as np
import sklearn.model_selection
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.arithmetic.brackets import count_halvings
from tests.conformance.one_rung_adapter import lists, take_all
from tests.conformance.search_adapter import mark


class Halving(HalvingSearchCV):
    initial_candidates = time_budget = journal = target_score = patience = None
    checks = False

    def fit(self, X, y=None, **params):
        given = self.min_resources
        try:
            self.min_resources = "auto" if given in ("exhaust", "smallest") else given
            super().fit(X, y, **params)
        finally:
            self.min_resources = given
        iterations = np.asarray(self.cv_results_["iter"])
        self.n_iterations_ = int(iterations.max()) + 1
        self.n_resources_ = [
            int(np.asarray(self.cv_results_["n_resources"])[iterations == k][0]) for k in range(self.n_iterations_)
        ]
        self.n_candidates_ = np.bincount(iterations).tolist()
        self.n_required_iterations_ = count_halvings(self.n_candidates_[0], 1, self.factor) + 1
        self.n_possible_iterations_ = count_halvings(self.max_resources_, self.min_resources_, self.factor) + 1
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
        take_all(self, locals())

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
        take_all(self, locals())

    def fit(self, X, y=None, **params):
        given = self.n_candidates, self.param_distributions
        try:
            self.n_candidates, self.param_distributions = "auto" if given[0] == "exhaust" else given[0], lists(given[1])
            return super().fit(X, y, **params)
        finally:
            self.n_candidates, self.param_distributions = given


for search in (HalvingGridSearchCV, HalvingRandomSearchCV):
    setattr(sklearn.model_selection, search.__name__, search)

COUNTS = (
    "expects scikit-learn's counts: it keeps ⌈n / factor⌉ and multiplies from below, "
    "we keep ⌊n / factor⌋ and end at all resources exactly"
)
WORDS = "expects scikit-learn's sentence; ours is tested in tests/search"
NOT_OURS = {
    "test_nan_handling": "a resource without `warm_start` is an error; that NaN never wins is in "
    "tests/search/running/test_selection.py",
    "test_resource_parameter": "a resource that can not be gone on from (no `warm_start`) is an error",
    "test_aggressive_elimination": COUNTS,
    **{
        f"test_min_max_resources[{case}": COUNTS
        for case in ("smallest", "50", "exhaust-auto", "exhaust-1000", "exhaust-999")
    },
    **{f"test_min_max_resources[exhaust-{most}-": COUNTS for most in (600, 599, 300, 50)},
    **{
        f"test_n_iterations[{most}-": "more resources than the rows of a training split are an error"
        for most in ("auto", 1024, 700)
    },
    "test_input_errors[params0": WORDS,
    "test_input_errors[params1": WORDS,
    "test_input_errors[params2": "expects an error where we take the estimator's own value",
    "test_input_errors[params3": WORDS,
    "test_input_errors[params4": "splits are made once, so they need not be the same from call to call",
    "test_input_errors[params5": "splits are made once, so they need not be the same from call to call",
    "test_input_errors_randomized": "expects an error for a word that we do not have",
    "test_base_estimator_inputs": "expects test rows to be drawn like training rows; we score on all of them",
    "test_min_resources_null": WORDS,
    "test_select_best_index": "calls a private method",
    "test_halving_random_search_list_of_dicts": "our `cv_results_` has two columns more",
}
"""Tests whose meaning is not ours, by the beginning of their names; each must fail."""


def pytest_collection_modifyitems(items):
    mark(items, NOT_OURS)
