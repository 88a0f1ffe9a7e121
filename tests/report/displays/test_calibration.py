import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.dummy import DummyClassifier

from sknet_hp.report import CalibrationDisplay
from tests.helpers.evaluations import evaluate_classes, evaluate_numbers


def test_it_says_how_far_off_probabilities_are():
    _, ax = pyplot.subplots()
    display = CalibrationDisplay.from_evaluation(evaluate_classes(), n_bins=3, ax=ax)
    assert display.ax_ is ax
    assert ax.get_title(loc="left") == f"Off by {100 * display.gap:.1f} percentage points on average"
    assert ax.get_xlabel() == "Predicted probability of class yes"
    assert len(display.frame) == 3
    assert display.frame["n_rows"].sum() == 90


def test_of_three_classes_it_is_the_predicted_one():
    evaluation = evaluate_classes(n_classes=3)
    display = CalibrationDisplay.from_evaluation(evaluation)
    assert display.ax_.get_ylabel() == "How often it was the predicted class"
    assert "perhaps" in CalibrationDisplay.from_evaluation(evaluation, pos_label="perhaps").ax_.get_xlabel()


def test_numbers_have_no_probabilities():
    with pytest.raises(ValueError, match="calibration needs probabilities"):
        CalibrationDisplay.from_evaluation(evaluate_numbers())


def test_probabilities_of_a_rare_class_are_seen():
    X, y = np.arange(400)[:, None], np.arange(400) % 50 == 0
    display = CalibrationDisplay.from_estimator(DummyClassifier(strategy="prior").fit(X, y), X, y)
    assert display.ax_.get_xlim()[1] < 0.1
