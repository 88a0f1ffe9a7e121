"""Checks of scores: of folds beside each other, inner beside outer, beside a constant."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold

from sknet_hp.evaluation.checks import EVALUATION_CHECKS
from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.evaluation.checks.scores import compute_outlier_probability
from sknet_hp.findings.check import run_checks

N_ROWS = 200
Y = np.repeat(["a", "b"], [140, 60])
SPLITS = list(StratifiedKFold(5).split(Y, Y))
SCORES = np.array([0.90, 0.91, 0.89, 0.90, 0.92])


def find(code, scores=SCORES, splits=SPLITS, y=Y, metric="accuracy", **more):
    settings = {"classes": ["a", "b"], "scorers": {metric: get_scorer(metric)}} | more
    case = EvaluationCase(y, splits, {metric: np.array(scores)}, metric, **settings)
    return run_checks(EVALUATION_CHECKS, case).of(code)


def test_a_fold_unlike_the_others():
    [finding] = find("outlier_folds", [0.90, 0.91, 0.60, 0.90, 0.92])
    assert finding.subject == "split 2"
    assert finding.evidence["mean_of_others"] == pytest.approx(0.9075)
    assert find("outlier_folds") == []
    assert find("outlier_folds", [0.90, 0.90, 0.89, 0.90, 0.90]) == []  # sure, but what does it matter?
    assert find("outlier_folds", [0.50, 0.50, 0.50, 0.56, 0.50]) == []  # one row of a rare class
    assert find("outlier_folds", [0.9, 0.5, np.nan, np.nan, np.nan]) == []


@pytest.mark.parametrize("n_splits", [5, 10])
def test_few_false_alarms(n_splits):
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(2_000):
        scores = rng.normal(0.5, 0.2, n_splits)
        alarms += (
            min(n_splits * compute_outlier_probability(s, np.delete(scores, k)) for k, s in enumerate(scores)) < 0.01
        )
    assert 0.002 < alarms / 2_000 < 0.02


def test_searches_that_promise_too_much():
    inner_scores = np.array([0.8, 0.81, 0.8, 0.79, 0.8])
    [finding] = find("tuning_optimism", [0.70, 0.68, 0.71, 0.72, 0.69], inner_scores=inner_scores)
    assert finding.severity == "warning"
    assert finding.evidence["difference"] == pytest.approx(0.1)
    assert finding.evidence["lost"] == pytest.approx(1, abs=0.01)  # the majority makes 0.7 of it
    assert find("tuning_optimism", inner_scores=SCORES + np.array([0.01, 0.0, 0.01, 0.02, -0.01])) == []
    assert find("tuning_optimism", inner_scores=SCORES - 0.1) == []
    assert find("tuning_optimism", inner_scores=np.full(5, np.nan)) == []


def test_no_better_than_a_constant():
    assert find("no_better_than_chance") == []
    [finding] = find("no_better_than_chance", [0.70, 0.68, 0.71, 0.72, 0.72])
    assert finding.severity == "warning"
    assert finding.evidence["constant"] == 0.7
    assert find("no_better_than_chance", [0.50, 0.48, 0.51, 0.52, 0.52])[0].severity == "error"


def test_a_gain_in_each_of_a_few_splits_is_one():
    splits = list(RepeatedStratifiedKFold(n_splits=2, n_repeats=1, random_state=0).split(Y, Y))
    assert find("no_better_than_chance", [0.99, 0.8], splits) == []
    assert find("no_better_than_chance", [0.99, 0.69], splits).codes == ["no_better_than_chance"]


@pytest.mark.parametrize(
    ("metric", "constant"),
    [
        ("balanced_accuracy", 0.5),
        ("roc_auc", 0.5),
        ("neg_log_loss", 0.3 * np.log(0.3) + 0.7 * np.log(0.7)),
        ("f1", 0.46),
    ],
)
def test_metrics_have_constants_of_their_own(metric, constant):
    y = (Y == "b").astype(int)
    scores = constant + np.array([0.01, -0.01, -0.005, 0.01, -0.01])
    [finding] = find("no_better_than_chance", scores, y=y, metric=metric, classes=[0, 1])
    assert finding.evidence["constant"] == pytest.approx(constant, abs=0.01)


def test_constants_of_numbers():
    y = np.random.default_rng(0).lognormal(size=N_ROWS)
    for metric in ("r2", "neg_mean_absolute_error"):
        [finding] = find("no_better_than_chance", np.arange(5) - 10.0, y=y, metric=metric, classes=None)
        assert finding.severity == "error"


def test_scorers_that_constants_can_not_serve():
    def ask_for_more(estimator, X, y):
        return estimator.coef_.sum()

    assert find("no_better_than_chance", scorers={"accuracy": ask_for_more}) == []


def test_repeats():
    cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)
    splits = list(cv.split(Y, Y))
    dummy = DummyClassifier().fit(np.zeros((N_ROWS, 1)), Y)
    scores = np.array([dummy.score(np.zeros((len(test), 1)), Y[test]) for _, test in splits])
    scores += np.random.default_rng(0).normal(scale=0.02, size=15)
    assert find("no_better_than_chance", scores, splits).codes == ["no_better_than_chance"]
