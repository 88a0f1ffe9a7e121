"""Evaluations and searches that were never trained, for tests of what is made of them."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge

from sknet_hp.evaluation import nested_cross_validate


class FakeSearch(BaseEstimator):
    """A search as it is when it has ended."""


def make_search(params, scores, *, resources=None, candidates=None, space=None, best=None):
    """What a fitted search leaves behind; NaN is the score of a fit that failed."""
    scores = np.asarray(scores, dtype=float)
    results = {
        "params": list(params),
        "mean_test_score": scores,
        "std_test_score": np.full(len(scores), 0.01),
        "split0_test_score": scores,
        "mean_fit_time": np.ones(len(scores)),
    }
    if resources is not None:
        results["n_resources"] = np.asarray(resources)
        results["candidate"] = np.asarray(candidates)
        results["iter"] = np.searchsorted(np.unique(resources), resources)
        results["bracket"] = np.zeros(len(scores), dtype=int)
    search = FakeSearch()
    search.cv_results_, search.n_splits_ = results, 1
    search.best_index_ = int(np.nanargmax(scores)) if best is None else best
    search.param_distributions, search.resource_, search.estimator = space, "max_epochs", Ridge()
    return search


def evaluate_classes(n_repeats=1, n_classes=2):
    """Of a logistic regression on blobs, whose classes have names."""
    rng = np.random.default_rng(0)
    labels = rng.integers(n_classes, size=90)
    X = rng.normal(size=(90, 2)) + labels[:, None]
    y = np.array(["no", "yes", "perhaps"])[labels]
    return nested_cross_validate(LogisticRegression(), X, y, cv=3, n_repeats=n_repeats, random_state=0, checks=False)


def evaluate_numbers(n_outputs=1):
    """Of a ridge regression; several outputs differ by their unit alone."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = X.sum(axis=1) + rng.normal(size=90)
    if n_outputs > 1:
        y = np.column_stack([y * 1000**k for k in range(n_outputs)])
    return nested_cross_validate(Ridge(), X, y, cv=3, random_state=0, checks=False)
