import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    get_scorer,
    get_scorer_names,
    log_loss,
    make_scorer,
    mean_squared_error,
    roc_auc_score,
)
from sklearn.model_selection import cross_validate

from sknet_hp.findings.check import run_checks
from sknet_hp.findings.metrics import METRIC_CHECKS, MetricCase, count_classes, suggest_scoring

RARE = np.array([0] * 90 + [1] * 10)
EVEN = np.array([0, 1] * 50)
ACCURACY = {"accuracy": get_scorer("accuracy")}


def test_accuracy_on_rare_class():
    [finding] = run_checks(METRIC_CHECKS, MetricCase(RARE, ACCURACY))
    assert finding.code == "accuracy_on_imbalanced_classes"
    assert finding.severity == "warning"
    assert "90.0 % of the rows are of class 0" in finding.message
    for metric in ("balanced accuracy", "F1", "average precision", "ROC AUC", "log loss"):
        assert metric in finding.advice


@pytest.mark.parametrize(
    ("y", "severity"),
    [
        ([0] * 76 + [1] * 24, "info"),
        ([0] * 80 + [1] * 20, "warning"),
        (["a"] * 50 + ["b"] * 46 + ["c"] * 4, "warning"),
        (["a"] * 40 + ["b"] * 50 + ["c"] * 10, "info"),
    ],
)
def test_how_imbalanced(y, severity):
    [finding] = run_checks(METRIC_CHECKS, MetricCase(y, ACCURACY))
    assert finding.severity == severity


@pytest.mark.parametrize("y", [EVEN, [0] * 70 + [1] * 30, None, np.linspace(0, 1, 100), np.eye(2)[EVEN]])
def test_nothing_is_said_where_accuracy_is_fine_or_there_are_no_classes(y):
    assert run_checks(METRIC_CHECKS, MetricCase(y, ACCURACY)) == []


@pytest.mark.parametrize("names", [["balanced_accuracy"], ["accuracy", "roc_auc"]])
def test_nothing_is_said_of_other_metrics(names):
    assert run_checks(METRIC_CHECKS, MetricCase(RARE, {name: get_scorer(name) for name in names})) == []


def test_labels_in_probability_metrics():
    scorers = {"loss": make_scorer(log_loss, greater_is_better=False), "auc": make_scorer(roc_auc_score)}
    found = run_checks(METRIC_CHECKS, MetricCase(EVEN, scorers))
    assert found.codes == ["labels_in_probability_metric"]
    assert [finding.evidence["scorer"] for finding in found] == ["loss", "auc"]
    assert 'make_scorer(log_loss, response_method="predict_proba", greater_is_better=False)' in found[0].advice


def test_error_taken_for_score():
    [finding] = run_checks(METRIC_CHECKS, MetricCase(np.linspace(0, 1, 9), {"mse": make_scorer(mean_squared_error)}))
    assert finding.code == "error_taken_for_score"
    assert "mean_squared_error" in finding.message


def test_no_scorer_of_scikit_learn_is_found_fault_with():
    scorers = {name: get_scorer(name) for name in get_scorer_names()}
    assert run_checks(METRIC_CHECKS, MetricCase(RARE, scorers)) == []


def test_suggested_metrics_run_and_are_those_of_the_rarer_class():
    X, y = make_classification(400, weights=[0.15], random_state=0)  # 0 is the rarer one
    labels = np.where(y == 1, "often", "rare")
    suggested = suggest_scoring(labels)
    assert list(suggested) == ["balanced_accuracy", "f1", "average_precision", "roc_auc", "neg_log_loss"]
    scores = cross_validate(LogisticRegression(), X, labels, scoring=suggested, cv=[(range(300), range(300, 400))])
    model = LogisticRegression().fit(X[:300], labels[:300])
    rare = labels[300:] == "rare"
    assert scores["test_f1"][0] == pytest.approx(f1_score(rare, model.predict(X[300:]) == "rare"))
    expected = average_precision_score(rare, model.predict_proba(X[300:])[:, 1])
    assert scores["test_average_precision"][0] == pytest.approx(expected)


@pytest.mark.parametrize("weights", [None, [0.8, 0.15, 0.05]])
def test_suggested_metrics_of_several_classes_run(weights):
    X, y = make_classification(600, n_classes=3, n_informative=4, weights=weights, random_state=0)
    suggested = suggest_scoring(pd.Series(y))
    scores = cross_validate(LogisticRegression(), X, y, scoring=suggested, cv=3)
    assert all(np.isfinite(scores[f"test_{name}"]).all() for name in suggested)
    assert ("accuracy" in suggested) == (weights is None)


def test_suggested_metrics_of_numbers():
    assert list(suggest_scoring(np.linspace(0, 1, 20))) == [
        "r2",
        "neg_root_mean_squared_error",
        "neg_mean_absolute_error",
    ]


def test_many_integers_are_numbers_unless_a_classifier_learns_them():
    prices = np.arange(500) * 100
    assert count_classes(prices) == {}
    assert len(count_classes(prices, LogisticRegression())) == 500


def test_suggested_metrics_of_several_labels():
    assert list(suggest_scoring(np.eye(3, dtype=int))) == ["f1_macro", "average_precision", "roc_auc"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y is empty"),
        ([], "y is empty"),
        ([0, 1, None], "y is missing in 1 rows"),
        (["a", np.nan, "b"], "y is missing in 1 rows"),
        (["a", "a"], "y is the same in all 2 rows"),
    ],
)
def test_nothing_is_suggested_for_no_target(y, message):
    with pytest.raises(ValueError, match=message):
        suggest_scoring(y)
