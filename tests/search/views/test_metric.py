"""What scores are called."""

from types import SimpleNamespace

import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import make_scorer

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search.views.metric import Metric, find_metric, name_scoring


def own(estimator, X, y):
    return 0.0


def cost(y, predictions):
    return 0.0


@pytest.mark.parametrize(
    ("scoring", "estimator", "name"),
    [
        (None, NetClassifier(), "accuracy"),
        (None, NetRegressor(), "r2"),
        (None, KMeans(), "score"),
        ("roc_auc", NetClassifier(), "roc_auc"),
        (own, NetClassifier(), "own"),
        (make_scorer(cost, greater_is_better=False), NetRegressor(), "neg_cost"),
        (lambda estimator, X, y: 0.0, NetClassifier(), "score"),
    ],
)
def test_names(scoring, estimator, name):
    assert name_scoring(scoring, estimator) == name


def test_signs():
    rmse = Metric("neg_root_mean_squared_error")
    assert rmse.label == "root mean squared error"
    assert rmse.write(-2.5) == "2.5000"
    assert rmse.write_interval(-3.0, -2.0) == "2.0000 to 3.0000"
    assert rmse.write_gain(0.5) == "0.5000 lower"
    assert Metric("accuracy").write_gain(-0.5) == "0.5000 lower"
    assert Metric("accuracy").write_gain(1e-6) == "the same"
    assert Metric("r2").write(float("nan")) == "–"
    assert Metric("my_metric").label == "my metric"


def test_metric_of_a_search():
    results = {"mean_test_score": [0.5]}
    search = SimpleNamespace(cv_results_=results, scoring=None, estimator=NetRegressor())
    assert find_metric(search).label == "R²"
    assert find_metric(SimpleNamespace(cv_results_=results, scoring="neg_log_loss")).is_error
    several = {"mean_test_roc_auc": [0.5], "mean_test_neg_log_loss": [-0.5]}
    assert find_metric(SimpleNamespace(cv_results_=several, refit="neg_log_loss")).name == "neg_log_loss"
