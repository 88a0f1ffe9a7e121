import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone, is_classifier

from sknet_hp.evaluation.baselines import BASELINES, make_baseline


@pytest.fixture
def table():
    """Rows whose class, and amount, follow from text, a number and a missing cell."""
    rng = np.random.default_rng(0)
    size, colour = rng.normal(size=200), rng.choice(["red", "green"], size=200)
    X = pd.DataFrame(
        {"size": np.where(rng.random(200) < 0.1, np.nan, size), "colour": colour, "old": rng.random(200) < 0.5}
    )
    X.loc[::20, "colour"] = None
    return X, np.where((size > 0) == (colour == "red"), "yes", "no"), size + 2 * (colour == "red")


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
def test_tables_are_taken_as_they_are(table, name, make):
    X, label, amount = table
    X = make(X)
    for task, y in (("classification", label), ("regression", amount)):
        model = clone(make_baseline(name, task)).fit(X[:150], y[:150])
        assert is_classifier(model) == (task == "classification")
        score = model.score(X[150:], y[150:])
        assert score < 0.65 if name == "constant" else score > (0.45 if task == "classification" else 0.6)


def test_trees_find_what_a_line_does_not(table):
    X, label, _ = table
    scores = {
        name: make_baseline(name, "classification").fit(X[:150], label[:150]).score(X[150:], label[150:])
        for name in BASELINES
    }
    assert scores["boosting"] > scores["linear"] + 0.2


@pytest.mark.parametrize("kind", ["typed", "text", "polars"])
def test_dates_and_durations_are_numbers(kind):
    days = pd.date_range("2022-01-01", periods=900)
    weekend = (days.day_of_week >= 5).astype(float)
    age = pd.Series(pd.to_timedelta(np.random.default_rng(0).random(900), unit="D"))
    X = pd.DataFrame({"day": days, "age": age, "x": np.random.default_rng(1).random(900)})
    y = weekend + age.dt.total_seconds() / 86_400
    if kind == "text":
        X["day"] = X["day"].dt.strftime("%Y-%m-%d")
    X = pl.from_pandas(X) if kind == "polars" else X
    assert make_baseline("boosting", "regression").fit(X[:700], y[:700]).score(X[700:], y[700:]) > 0.9
    linear = make_baseline("linear", "regression").fit(X[:700], y[:700])
    assert linear.score(X[700:], y[700:]) > 0.5
    assert "times__day_week_sin" in list(linear[0].get_feature_names_out())


def test_arrays_of_dates():
    days = np.arange("2022-01-01", "2023-06-01", dtype="datetime64[D]")[:, None]
    weekend = (days[:, 0].astype(int) + 3) % 7 >= 5
    for name in ("linear", "boosting"):
        assert make_baseline(name, "classification").fit(days, weekend).score(days, weekend) > 0.95


def test_text_that_was_not_there_in_training(table):
    X, label, _ = table
    new = X.assign(colour="blue")
    for name in BASELINES:
        assert len(make_baseline(name, "classification").fit(X, label).predict(new)) == 200


def test_arrays(table):
    X, label, _ = table
    for name in BASELINES:
        model = make_baseline(name, "classification").fit(X[["size"]].to_numpy(), label)
        assert set(model.predict(X[["size"]].to_numpy())) <= {"yes", "no"}


def test_trees_are_those_of_scikit_learn(table):
    from sklearn.ensemble import HistGradientBoostingRegressor

    X, _, amount = table
    own = make_baseline("boosting", "regression", 0).fit(X[["size"]].to_numpy(), amount)
    theirs = HistGradientBoostingRegressor(random_state=0).fit(X[["size"]].to_numpy(), amount)
    assert np.array_equal(own.predict(X[["size"]].to_numpy()), theirs.predict(X[["size"]].to_numpy()))


def test_unknown_name():
    with pytest.raises(ValueError, match="'forest' must be one of"):
        make_baseline("forest", "regression")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_trees_have_the_name_of_scikit_learns(task):
    trees = make_baseline("boosting", task)[-1]
    assert type(trees).__name__ in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


def test_a_column_without_values_is_no_trouble(recwarn):
    X = pd.DataFrame({"x": np.arange(20.0), "none": np.nan})
    model = make_baseline("linear", "regression").fit(X, X["x"])
    assert model.score(X, X["x"]) > 0.9
    assert not recwarn.list
