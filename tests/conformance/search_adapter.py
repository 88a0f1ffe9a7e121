"""A pytest plugin: scikit-learn's tests of its searches meet ours under its names.

`GridSearchCV` and `RandomizedSearchCV` are those of `sknet_hp.search`.
"""

import pytest
import sklearn.model_selection

from sknet_hp.search import GridSearchCV, RandomizedSearchCV

for search in (GridSearchCV, RandomizedSearchCV):
    setattr(sklearn.model_selection, search.__name__, search)

NOT_OURS = {}
"""Tests whose meaning is not ours, by name, with or without parameters; each must fail."""


def pytest_collection_modifyitems(items):
    mark(items, NOT_OURS)


def mark(items, reasons):
    """Expect failures for their reasons, which must be of tests that there are."""
    names = {name for item in items for name in (item.name, item.originalname)}
    if len(items) > 1 and not reasons.keys() <= names:  # more than one: not asked for by its name
        raise pytest.UsageError(f"reasons for tests that there are no more: {sorted(reasons.keys() - names)}")
    for item in items:
        reason = reasons.get(item.name) or reasons.get(item.originalname)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
