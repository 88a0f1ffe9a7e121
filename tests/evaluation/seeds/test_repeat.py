import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.evaluation import repeat_over_seeds
from sknet_hp.evaluation.seeds.result import SeedsResult
from sknet_hp.evaluation.seeds.seeding import choose_seeds, find_seed_parameters
from sknet_hp.formatting.numbers import format_percentage

X, y = make_classification(150, n_features=6, flip_y=0.2, random_state=0)
NET = NetClassifier(max_epochs=3, width=8)
CV = KFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def result():
    return repeat_over_seeds(NET, X, y, n_seeds=4, cv=CV)


def test_scores_are_those_of_each_seed_alone(result):
    assert result.seeds == [0, 1, 2, 3]
    with sknet_hp.fused():
        expected = [cross_val_score(NET.set_params(random_state=seed), X, y, cv=CV) for seed in range(4)]
    assert result.get_scores().tolist() == [list(each) for each in expected]


def test_numbers_of_the_result(result):
    scores = result.get_scores()
    assert result.mean == pytest.approx(scores.mean())
    assert result.std == pytest.approx(scores.mean(axis=1).std(ddof=1))
    threshold = result.noise_threshold()
    assert threshold > result.std
    assert result.exceeds_noise(-1.01 * threshold)
    assert not result.exceeds_noise(0.99 * threshold)
    assert result.noise_threshold(n_seeds=4) == pytest.approx(threshold / 2)
    assert result.n_seeds_needed(result.std / 10) > 300
    low, high = result.interval()
    assert low < result.mean < high
    assert result.interval(0.999999) == (0, 1)  # what an accuracy can be
    assert len(result.table) == 12
    assert result.by_seed["accuracy"].tolist() == pytest.approx(scores.mean(axis=1).tolist())
    shares = result.components
    assert shares.share_of_seeds + shares.share_of_splits == pytest.approx(1)


def test_summary_says_it_in_sentences(result):
    wrapped = result.summary()
    assert max(map(len, wrapped.splitlines())) <= 88
    summary = " ".join(wrapped.split())
    assert "NetClassifier, 4 seeds in the same 3 splits." in summary
    assert f"{format_percentage(result.components.share_of_seeds)} comes from seeds" in summary
    assert summary.endswith(" ".join(result.describe("accuracy")))
    assert "With 4 seeds and 3 splits these shares are rough" in summary
    assert "in one case of twenty" in summary
    assert "to ±0.0100 takes" in summary
    assert "<p>" in result._repr_html_()
    assert "4 seeds, 3 splits, accuracy" in repr(result)


def test_several_metrics():
    result = repeat_over_seeds(NET, X, y, n_seeds=2, cv=CV, scoring=["accuracy", "neg_log_loss"])
    assert list(result.mean) == result.metrics == ["accuracy", "neg_log_loss"]
    assert result.noise_threshold(metric="neg_log_loss") != result.noise_threshold()
    with pytest.raises(ValueError, match="metric='f1' was not computed"):
        result.get_scores("f1")


def test_a_single_split():
    rows = np.arange(150)
    result = repeat_over_seeds(NET, X, y, n_seeds=3, cv=[(rows[:100], rows[100:])])
    assert result.components is None
    assert "from splits" not in result.summary()


def test_seeds_reach_the_network_of_a_pipeline_alone():
    pipeline = make_pipeline(GaussianRandomProjection(3, random_state=5), NET)
    assert find_seed_parameters(pipeline) == ["netclassifier__random_state"]
    search = GridSearchCV(make_pipeline(StandardScaler(), NetRegressor()), {})
    assert find_seed_parameters(search) == ["estimator__netregressor__random_state"]


def test_other_estimators_with_seeds():
    result = repeat_over_seeds(RandomForestClassifier(3), X, y, n_seeds=3, cv=CV)
    assert result.seed_parameters == ["random_state"]
    assert result.std > 0


def test_seeds_that_make_no_difference():
    numbers, target = make_regression(60, 3, random_state=0)
    result = repeat_over_seeds(Ridge(solver="sag", max_iter=10_000, tol=1e-12), numbers, target, n_seeds=2, cv=CV)
    rounded = SeedsResult(result.name, result.seeds, result.splits, {"r2": result.get_scores().round(6)}, [])
    assert rounded.std == 0
    assert rounded.components.share_of_seeds == 0
    assert rounded.n_seeds_needed(0.01) == 2
    assert "The seed makes no difference." in rounded.summary()


def test_seeds_that_are_given_or_drawn():
    assert choose_seeds([7, 3], None) == [7, 3]
    drawn = choose_seeds(5, 0)
    assert drawn == choose_seeds(5, 0)
    assert len(set(drawn)) == 5
    assert drawn != choose_seeds(5, 1)


@pytest.mark.parametrize("n_seeds", [1, 0, True, [3], [3, 3], [-1, 1], "ab", 2.5])
def test_bad_numbers_of_seeds(n_seeds):
    with pytest.raises(ValueError, match="n_seeds must be"):
        repeat_over_seeds(NET, X, y, n_seeds=n_seeds)


def test_nothing_with_a_seed():
    with pytest.raises(ValueError, match="GaussianNB has no parameter random_state"):
        repeat_over_seeds(GaussianNB(), X, y)


def test_time_budget_that_is_too_short():
    with pytest.raises(ValueError, match=r"0 of 2 seeds have a score in every split.*; give more time"):
        repeat_over_seeds(NET, X, y, n_seeds=2, time_budget=1e-9)


def test_checks_can_be_chosen():
    rare = np.array([0] * 135 + [1] * 15)
    settings = {"n_seeds": 2, "cv": KFold(3, shuffle=True, random_state=0)}
    assert "accuracy_on_imbalanced_classes" in repeat_over_seeds(NET, X, rare, **settings).findings.codes
    assert repeat_over_seeds(NET, X, rare, checks=False, **settings).findings == []
    with pytest.raises(ValueError, match="names 'nonsense', which no check is called"):
        repeat_over_seeds(NET, X, rare, checks=["nonsense"], **settings)
