import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from sknet_hp.evaluation.statistics import (
    adjust_by_holm,
    compute_rope_probabilities,
    corrected_interval,
    fit_corrected_t,
)


@pytest.fixture(scope="module")
def published_scores() -> dict[str, np.ndarray]:
    """ROC AUC of three kernels in 10 × 10 folds, as in scikit-learn's example
    "Statistical comparison of models using grid search", whose page shows the numbers
    below.
    """
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    kernels = {"rbf": {}, "linear": {"kernel": "linear"}, "3_poly": {"kernel": "poly"}}
    return {
        name: cross_val_score(SVC(random_state=0, **settings), X, y, cv=cv, scoring="roc_auc")
        for name, settings in kernels.items()
    }


@pytest.mark.parametrize(
    ("a", "b", "statistic", "below", "inside", "above"),
    [
        ("rbf", "linear", 0.750, 0.068, 0.432, 0.500),
        ("rbf", "3_poly", 1.657, 0.018, 0.100, 0.882),
        ("linear", "3_poly", 1.111, 0.063, 0.187, 0.750),
    ],
)
def test_published_example(published_scores, a, b, statistic, below, inside, above):
    t = fit_corrected_t(published_scores[a] - published_scores[b], n_train=90, n_test=10)
    assert t.statistic == pytest.approx(statistic, abs=5e-4)
    assert compute_rope_probabilities(t, 0.01) == pytest.approx((below, inside, above), abs=5e-4)


def test_published_intervals(published_scores):
    """The page gives one-sided p = 0.227, and intervals of the posterior."""
    t = fit_corrected_t(published_scores["rbf"] - published_scores["linear"], 90, 10)
    assert t.p_value / 2 == pytest.approx(0.227, abs=5e-4)
    assert t.compute_interval(0.5) == pytest.approx((0.000977, 0.019023), abs=5e-7)
    assert t.compute_interval(0.75) == pytest.approx((-0.005422, 0.025422), abs=5e-7)
    assert t.compute_interval(0.95) == pytest.approx((-0.016445, 0.036445), abs=5e-7)


def test_without_a_test_set_it_is_the_ordinary_t_test():
    d = np.random.default_rng(0).normal(0.3, 1, 12)
    t = fit_corrected_t(d, n_train=10**12, n_test=1)
    expected = stats.ttest_1samp(d, 0)
    assert (t.statistic, t.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert t.compute_interval(0.9) == pytest.approx(tuple(expected.confidence_interval(0.9)))


def test_repeats_cannot_make_the_interval_vanish():
    """The term for what splits have in common stays, however often they are repeated."""
    scores = np.tile([0.7, 0.8], 5000)
    low, high = corrected_interval(scores, 80, 20)
    assert high - low == pytest.approx(2 * 1.96 * 0.05 * math.sqrt(0.25), rel=1e-3)


def test_rows_may_differ_between_splits():
    scores = [0.1, 0.2, 0.4]
    assert corrected_interval(scores, [10, 20, 30], [4, 4, 4]) == corrected_interval(scores, 20, 4)


@pytest.mark.parametrize("scores", [[0.8] * 5, [0.1 + 0.2, 0.3, 0.3]])
def test_scores_that_are_all_the_same(scores):
    low, high = corrected_interval(scores, 80, 20)
    assert low == high == pytest.approx(scores[0])


def test_differences_that_are_all_zero():
    t = fit_corrected_t([0.0, 0.0, 0.0], 80, 20)
    assert (t.statistic, t.p_value, t.effect_size) == (0, 1, 0)
    assert compute_rope_probabilities(t, 0.01) == (0, 1, 0)
    assert compute_rope_probabilities(t, 0) == (0, 1, 0)


def test_differences_that_are_all_the_same():
    t = fit_corrected_t([-0.5] * 4, 80, 20)
    assert (t.statistic, t.p_value, t.effect_size) == (-math.inf, 0, -math.inf)
    assert compute_rope_probabilities(t, 0.01) == (1, 0, 0)


def test_tiny_probabilities_are_kept():
    t = fit_corrected_t(np.random.default_rng(0).normal(-1, 0.1, 50), 90, 10)
    assert 0 < compute_rope_probabilities(t, 0.01).above < 1e-20


def test_holm_by_hand():
    """0.01 × 3, then 0.03 × 2, then 0.04, which may not be less than the one before."""
    assert adjust_by_holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert adjust_by_holm([0.9, 0.8]).tolist() == [1, 1]
    assert adjust_by_holm([0.2]).tolist() == [0.2]


@pytest.mark.parametrize(
    ("scores", "n_train", "n_test", "message"),
    [
        ([0.8], 80, 20, "two or more splits, got 1"),
        ([], 80, 20, "got 0"),
        ([[0.8, 0.9]], 80, 20, r"shape \(1, 2\)"),
        ([0.8, np.nan, 0.7], 80, 20, "score of split 1 is nan"),
        ([0.8, 0.9], 0, 20, "n_train must be positive"),
        ([0.8, 0.9], 80, [20, 20, 20], r"n_test must be one number, or one for each of the 2 splits, got shape \(3,\)"),
    ],
)
def test_bad_input(scores, n_train, n_test, message):
    with pytest.raises(ValueError, match=message):
        corrected_interval(scores, n_train, n_test)


def test_bad_settings():
    t = fit_corrected_t([0.1, 0.2], 80, 20)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        t.compute_interval(95)
    with pytest.raises(ValueError, match="rope must be"):
        compute_rope_probabilities(t, -0.01)
