"""What scores are called."""

import pytest
from sklearn.cluster import KMeans

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search.views.measures import Measure, name_scoring


def own(estimator, X, y):
    return 0.0


@pytest.mark.parametrize(
    ("scoring", "estimator", "name"),
    [
        (None, NetClassifier(), "accuracy"),
        (None, NetRegressor(), "R²"),
        (None, KMeans(), "score"),
        ("roc_auc", NetClassifier(), "roc_auc"),
        (own, NetClassifier(), "own"),
    ],
)
def test_names(scoring, estimator, name):
    assert name_scoring(scoring, estimator) == name


def test_signs():
    assert Measure("rmse", True).write(-2.5) == "2.5000"
    assert Measure("rmse", True).write_gain(0.5) == "0.5000 lower"
    assert Measure("accuracy", False).write_gain(-0.5) == "0.5000 lower"
