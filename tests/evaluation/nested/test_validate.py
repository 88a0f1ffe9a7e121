"""Nested cross-validation, from the outside."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import NET, SPACE

X, y = draw_table()
SEARCH = HalvingSearchCV(NET, SPACE, n_candidates="grid", cv=2, min_resources=3, random_state=0)
SEARCHES = [
    SEARCH,
    make_pipeline(StandardScaler(), SEARCH),
    GridSearchCV(NET, SPACE, cv=2),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2),
]


@pytest.mark.parametrize("search", SEARCHES)
def test_scores_are_those_of_scikit_learn(search):
    result = nested_cross_validate(search, X, y, cv=3, n_repeats=2, scoring=["accuracy", "roc_auc"], random_state=1)
    splits = [(split.train, split.test) for split in result.splits]
    expected = cross_validate(search, X, y, cv=splits, scoring=["accuracy", "roc_auc"], return_estimator=True)
    for metric, scores in result.outer_scores.items():
        assert scores.tolist() == expected[f"test_{metric}"].tolist()
    last = [getattr(each, "steps", [[each]])[-1][-1] for each in expected["estimator"]]
    assert result.inner_scores.tolist() == [each.best_score_ for each in last]
    assert result.params == [each.best_params_ for each in last]


def test_an_estimator_without_a_search_has_no_inner_score():
    result = nested_cross_validate(NET, X, y, cv=3, random_state=0)
    assert result.metrics == ["accuracy"]
    assert result.outer_scores.shape == (3,)
    assert np.isnan(result.inner_scores).all()
    assert np.isnan(result.optimism)
    assert "Inside the search" not in result.summary()
    assert result.curves.groupby("outer_fold").epoch.max().tolist() == [9, 9, 9]


def test_what_it_was_given_stays_as_it_is():
    search = clone(SEARCH)
    before = search.get_params()
    nested_cross_validate(search, X, y, cv=2, groups=np.arange(len(y)) // 4, random_state=0)
    assert search.get_params() == before
    assert not hasattr(search, "cv_results_")


def test_a_search_without_refit_is_refused():
    with pytest.raises(ValueError, match="refit=False"):
        nested_cross_validate(clone(SEARCH).set_params(refit=False), X, y)
