import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification, make_regression
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedStratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.evaluation import compare, nested_cross_validate
from sknet_hp.evaluation.comparison.names import name_contestants

X, y = make_classification(200, n_features=6, flip_y=0.2, random_state=0)
LINEAR, BAYES = LogisticRegression(), GaussianNB()


def test_scores_are_those_of_scikit_learn_and_the_test_is_the_corrected_one():
    cv = RepeatedStratifiedKFold(n_splits=4, n_repeats=3, random_state=0)
    result = compare(LINEAR, BAYES, X=X, y=y, cv=cv)
    expected = [cross_val_score(each, X, y, cv=cv) for each in (LINEAR, BAYES)]
    assert result.metrics == ["accuracy"]
    assert result.scores.to_numpy().T.tolist() == [list(each) for each in expected]
    d = expected[0] - expected[1]
    t = d.mean() / np.sqrt((1 / 12 + 1 / 3) * d.var(ddof=1))
    [row] = result.table.to_dict("records")
    assert (row["t"], row["p"]) == pytest.approx((t, 2 * stats.t.sf(abs(t), 11)))
    assert row["difference"] == pytest.approx(d.mean())
    assert row["p_first_better"] + row["p_equivalent"] + row["p_second_better"] == pytest.approx(1)


def test_scores_that_are_given_are_compared_as_those_made_here():
    cv = KFold(5, shuffle=True, random_state=1)
    made = compare(LINEAR, BAYES, X=X, y=y, cv=cv)
    given = compare(*(cross_validate(each, X, y, cv=cv) for each in (LINEAR, BAYES)), n_train=160, n_test=40)
    arrays = compare(*(cross_val_score(each, X, y, cv=cv) for each in (LINEAR, BAYES)), n_train=160, n_test=40)
    for other in (given, arrays):
        assert other.table["t"].tolist() == pytest.approx(made.table["t"].tolist())
    assert given.metrics == arrays.metrics == ["score"]


def test_networks_searches_and_pipelines_take_part():
    net = NetClassifier(max_epochs=2, width=8, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), LINEAR), {"logisticregression__C": [0.1, 1]}, cv=2)
    result = compare(net, search, BAYES, X=X, y=y, cv=3, scoring=["accuracy", "neg_log_loss"], random_state=0)
    assert len(result.table) == 6
    assert {*result.table["first"], *result.table["second"]} == {
        "NetClassifier",
        "GridSearchCV(LogisticRegression)",
        "GaussianNB",
    }
    assert (result.table["p_holm"] >= result.table["p"]).all()
    assert len(result.sentences) == 6
    assert "adjusted for 6 comparisons (Holm)" in result.summary()


def test_a_clear_difference_is_named():
    result = compare(DummyClassifier(), LINEAR, X=X, y=y, cv=5, n_repeats=2, random_state=0)
    [pair] = result.pairs
    assert pair.verdict == "LogisticRegression is better than DummyClassifier"
    assert pair.test.mean < 0
    assert (pair.wins, pair.losses) == (0, 10)
    summary = " ".join(result.summary().split())
    assert "In short: LogisticRegression is better than DummyClassifier (accuracy)." in summary
    assert result.sentence in summary
    assert "On the same 10 splits (5 folds × 2 repeats), DummyClassifier had a mean accuracy of" in result.sentence
    assert "the usual choice" in summary


def test_differences_follow_the_order_of_names():
    """The better one leads a verdict, and its difference is positive there, as of a score."""
    scores = np.linspace(0.7, 0.9, 12)
    result = compare(scores, scores + 0.1, scores + 0.2, n_train=90, n_test=10, names=["low", "mid", "high"])
    assert "  mid is better than low (" in result.summary()
    for pair in result.pairs:
        low, high = pair.as_named.compute_interval()
        assert pair.test.mean < 0 < low <= pair.as_named.mean <= high
        [line] = [line for line in result.summary().splitlines() if line.startswith(f"  {pair.verdict} (")]
        assert "-" not in line


def test_differences_of_those_alike_keep_the_order():
    scores = np.random.default_rng(0).normal(0.8, 0.02, 20)
    [pair] = compare(scores, scores + 1e-4 + 1e-5 * np.arange(20) % 3e-5, n_train=90, n_test=10).pairs
    assert pair.verdict == "scores 1 and scores 2 are equivalent in practice"
    assert pair.as_named == pair.test


def test_the_same_twice():
    result = compare(LINEAR, LINEAR, X=X, y=y, cv=3, random_state=0)
    [pair] = result.pairs
    assert (pair.test.statistic, pair.test.p_value, pair.test.effect_size) == (0, 1, 0)
    assert pair.probabilities == (0, 1, 0)
    assert pair.verdict == "LogisticRegression 1 and LogisticRegression 2 have the same score in every split"
    assert "nan" not in result.summary()
    assert "nan" not in result._repr_html_().lower()


def test_equivalent_in_practice():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.02, 20)
    [pair] = compare(scores, scores + rng.normal(0, 1e-4, 20), n_train=90, n_test=10).pairs
    assert pair.verdict == "scores 1 and scores 2 are equivalent in practice"


def test_different_but_by_little():
    scores = np.linspace(0.7, 0.9, 20)
    better = scores + np.linspace(0.005, 0.016, 20)
    [pair] = compare(better, scores, n_train=90, n_test=10, names=["new", "old"], rope=0.01).pairs
    assert pair.test.p_value < 1e-6
    assert pair.verdict == "new is better than old, but perhaps not by enough to matter"


def test_probably_better():
    """The probability of this pair alone is high; p, for all of them, is not low."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.02, 10)
    better = scores + 0.05 + 0.04 * np.array([1, -1] * 5)
    [pair] = compare(better, scores, n_train=80, n_test=20, names=["new", "old"], rope=0.0).pairs
    assert pair.probabilities.above > 0.95
    assert pair.test.p_value > 0.05
    assert pair.verdict == "new is probably better than old"


def test_rope():
    numbers, target = make_regression(60, 3, noise=10, random_state=0)
    results = {
        rope: compare(
            Ridge(), LinearRegression(), X=numbers, y=target, cv=3, rope=rope, scoring="neg_mean_absolute_error"
        ).pairs[0]
        for rope in (None, 5.0)
    }
    assert results[None].rope.half == pytest.approx(-0.01 * np.mean(results[None].means))
    assert results[None].rope.reason == "1 % of the average mean absolute error"
    assert results[5.0].rope.half == 5
    assert results[5.0].probabilities.inside > results[None].probabilities.inside
    with pytest.raises(ValueError, match="rope must be a number of at least 0"):
        compare(LINEAR, BAYES, X=X, y=y, rope=-1)


def test_groups_stay_together():
    groups = np.repeat(np.arange(40), 5)
    result = compare(LINEAR, BAYES, X=X, y=y, groups=groups, cv=4, random_state=0)
    for train, test in result.contestants[0].splits:
        assert not set(groups[train]) & set(groups[test])


def test_results_do_not_depend_on_company():
    alone = compare(LINEAR, BAYES, X=X, y=y, cv=3, random_state=0).scores["GaussianNB"]
    with_others = compare(LINEAR, DummyClassifier(), BAYES, X=X, y=y, cv=3, random_state=0).scores["GaussianNB"]
    assert alone.tolist() == with_others.tolist()


def test_results_of_nested_cross_validation():
    search = GridSearchCV(LINEAR, {"C": [0.1, 1]}, cv=2)
    nested = nested_cross_validate(search, X, y, cv=4, n_repeats=2, random_state=3)
    same = nested_cross_validate(BAYES, X, y, cv=4, n_repeats=2, random_state=3)
    result = compare(nested, same)
    assert result.contestants[0].n_repeats == 2
    assert "8 splits (4 folds × 2 repeats)" in result.sentence
    with_estimator = compare(nested, BAYES, X=X, y=y)
    assert with_estimator.table["t"].tolist() == pytest.approx(result.table["t"].tolist())


def test_results_of_different_splits():
    nested = nested_cross_validate(LINEAR, X, y, cv=4, random_state=3)
    other = nested_cross_validate(BAYES, X, y, cv=4, random_state=4)
    with pytest.raises(ValueError, match=r"not scored on the same .* split 0 has \d+ of 150 training rows in common"):
        compare(nested, other)
    with pytest.raises(ValueError, match="4 splits against 3"):
        compare(nested, nested_cross_validate(BAYES, X, y, cv=3, random_state=3))


def test_checks_can_be_chosen():
    rare = np.arange(200) % 10 == 0
    assert "accuracy_on_imbalanced_classes" in compare(LINEAR, BAYES, X=X, y=rare, cv=3).findings.codes
    assert compare(LINEAR, BAYES, X=X, y=rare, cv=3, checks=False).findings == []


class FailsOnce(ClassifierMixin, BaseEstimator):
    """Fails where the first row is not among its training rows."""

    def fit(self, X, y):
        if not (X[:, 0] == 7).any():
            raise RuntimeError("not today")
        self.classes_, self.model_ = np.unique(y), GaussianNB().fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)


def test_a_fit_that_fails_costs_its_split_only():
    marked = X.copy()
    marked[0, 0] = 7
    with pytest.warns(UserWarning, match="1 of 5 splits have no accuracy of both"):
        result = compare(FailsOnce(), BAYES, X=marked, y=y, cv=KFold(5))
    assert result.pairs[0].n_splits == 4
    assert result.ranking["n_splits"].tolist() == [4, 5] or result.ranking["n_splits"].tolist() == [5, 4]


def test_fits_that_all_fail():
    with pytest.raises(ValueError, match=r"'FailsOnce' was scored in 0 of 3 splits(.|\n)*not today"):
        compare(FailsOnce(), BAYES, X=X, y=y, cv=KFold(3))


def test_a_single_split():
    with pytest.raises(ValueError, match=r"scored in 1 of 1 splits.* give more folds or repeats"):
        compare(LINEAR, BAYES, X=X, y=y, cv=[(range(100), range(100, 200))])


def test_time_budget_that_is_too_short():
    with pytest.raises(ValueError, match="a comparison needs two or more: the time was used up"):
        compare(LINEAR, BAYES, X=X, y=y, time_budget=1e-9)


@pytest.mark.parametrize(
    ("contestants", "given", "message"),
    [
        ((LINEAR, BAYES), {}, "'LogisticRegression' is an estimator: give X= and y="),
        (([0.8, 0.9], [0.7, 0.6]), {}, "give n_train= and n_test="),
        (([0.8, 0.9], [0.7, 0.6, 0.5]), {"n_train": 80, "n_test": 20}, "2 splits against 3"),
        (([0.8], [0.7]), {"n_train": 80, "n_test": 20}, r"two or more splits, got an array of shape \(1,\)"),
        ((0.8, 0.7), {"n_train": 80, "n_test": 20}, r"got an array of shape \(\)"),
        (([0.8, 0.9], [0.7, 0.6]), {"names": ["a", "a"], "n_train": 80, "n_test": 20}, "2 different names"),
        (({"fit_time": [1, 2]}, [1, 2]), {"n_train": 80, "n_test": 20}, "none of .* begins with 'test_'"),
        (({"test_f1": [1, 2]}, [1, 2]), {"n_train": 80, "n_test": 20}, "no metric that all were scored by"),
        ((LINEAR, LinearRegression()), {"X": X, "y": y}, "scored by .*accuracy.* and .*r2.*give scoring="),
    ],
)
def test_bad_input(contestants, given, message):
    with pytest.raises(ValueError, match=message):
        compare(*contestants, **given)


def test_names():
    nets = [NetClassifier(lr=0.1), NetClassifier(), make_pipeline(StandardScaler(), BAYES)]
    assert name_contestants(nets, None) == ["NetClassifier(lr=0.1)", "NetClassifier(lr=0.002)", "GaussianNB"]
    assert name_contestants([BAYES, BAYES], None) == ["GaussianNB 1", "GaussianNB 2"]
    assert name_contestants([BAYES, BAYES], ["a", "b"]) == ["a", "b"]
    assert name_contestants([RandomForestClassifier(), BAYES], None) == ["RandomForestClassifier", "GaussianNB"]


def test_tables_without_their_names_are_told_apart_from_scores():
    with pytest.raises(TypeError, match=r"table of shape \(40, 2\): X and y are given by name"):
        compare(DummyClassifier(), DummyClassifier(), np.zeros((40, 2)), np.arange(40) % 2)


def test_results_of_other_targets_are_refused():
    of_y = nested_cross_validate(LINEAR, X, y, cv=KFold(4))
    other = nested_cross_validate(LINEAR, X, 1 - y, cv=KFold(4))
    with pytest.raises(ValueError, match="scored by different y: they differ in 200 of 200 rows"):
        compare(of_y, other)
    with pytest.raises(ValueError, match="scored by different y"):
        compare(of_y, BAYES, X=X, y=1 - y)
    with pytest.raises(ValueError, match="scored on 200 rows and on 100 rows"):
        compare(of_y, BAYES, X=X[:100], y=y[:100])
    assert compare(of_y, nested_cross_validate(LINEAR, X[:, :2], y, cv=KFold(4))).pairs  # of other columns


@pytest.mark.parametrize("given", [None, "boosting"])
def test_what_is_no_contestant_is_said(given):
    with pytest.raises(TypeError, match=f"scores is {given!r}: give an estimator, a search, a result of"):
        compare(given, LINEAR, X=X, y=y)


def test_numbers_of_rows_are_one_for_each_split():
    with pytest.raises(ValueError, match=r"n_train must be one number, or one for each of the 3 splits, got"):
        compare([0.8, 0.9, 0.7], [0.7, 0.8, 0.7], n_train=[80, 80], n_test=20)


def test_a_metric_is_named_once():
    text = compare(LINEAR, BAYES, DummyClassifier(), X=X, y=y, random_state=0).summary()
    assert "(accuracy: 0." in text
    assert "accuracy: accuracy" not in text
