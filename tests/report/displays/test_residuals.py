import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from sknet_hp.report import ResidualsDisplay
from tests.helpers.evaluations import evaluate_numbers


def test_errors_are_in_the_targets_unit():
    y = pd.Series(np.linspace(100_000, 300_000, 50), name="price")
    display = ResidualsDisplay.from_estimator(DummyRegressor().fit(y.to_frame(), y), y.to_frame(), y)
    assert display.ax_.get_title(loc="left").startswith("Off by 51,020 on average")
    assert display.ax_.get_xlabel() == "Predicted price"
    display.figure_.canvas.draw()
    assert "40,000" in {label.get_text().replace("\N{MINUS SIGN}", "") for label in display.ax_.get_yticklabels()}


def test_dots_are_fewer_than_rows_where_these_are_many():
    y = np.random.default_rng(0).normal(size=4000)
    display = ResidualsDisplay.from_estimator(DummyRegressor().fit(y[:, None], y), y[:, None], y)
    assert len(display.frame) == 4000
    assert len(display.ax_.collections[0].get_offsets()) == 3000
    assert any("3,000 of 4,000 rows" in text.get_text() for text in display.ax_.texts)


def test_an_output_is_chosen_and_named():
    evaluation = evaluate_numbers(n_outputs=2)
    display = ResidualsDisplay.from_evaluation(evaluation, output=1, target="mass in g", kind="actual_vs_predicted")
    assert display.ax_.get_ylabel() == "Actual mass in g"
    with pytest.raises(ValueError, match="kind='both' must be one of"):
        ResidualsDisplay.from_evaluation(evaluation, output=1, kind="both")


def test_outputs_have_the_names_of_their_columns():
    y = pd.DataFrame({"height": np.arange(30.0), "mass": 1000 * np.arange(30.0)})
    model = DummyRegressor().fit(y, y)
    display = ResidualsDisplay.from_estimator(model, y, y, output="mass")
    assert display.ax_.get_xlabel() == "Predicted mass"
    assert display.errors["bias"] == pytest.approx(0)
    assert display.frame["actual"].max() == 29000
    with pytest.raises(ValueError, match="give output="):
        ResidualsDisplay.from_estimator(model, y, y, output="weight")


def test_large_numbers_are_in_millions():
    y = np.linspace(1e9, 3e9, 50)
    display = ResidualsDisplay.from_predictions(y, y[::-1], target="turnover in $")
    assert display.ax_.get_xlabel() == r"Predicted turnover in \$ (millions)"
    display.figure_.draw_without_rendering()
    assert "2,000" in {label.get_text() for label in display.ax_.get_xticklabels()}


def test_predictions_are_enough():
    display = ResidualsDisplay.from_predictions(pd.Series([1.0, 2.0, 4.0], name="price"), [1.0, 3.0, 3.0])
    assert display.frame["residual"].tolist() == [0, -1, 1]
    assert display.target == "price"
    with pytest.raises(ValueError, match="residuals need numbers"):
        ResidualsDisplay.from_predictions(["a", "b"], ["a", "a"])
    with pytest.raises(ValueError, match="y_true has 1 value NaN or infinite"):
        ResidualsDisplay.from_predictions([1.0, np.nan], [1.0, 2.0])
