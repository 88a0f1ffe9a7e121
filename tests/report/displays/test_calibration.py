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


def test_probabilities_are_enough():
    y, p = np.array(["no"] * 10 + ["yes"] * 10), np.repeat([0.2, 0.7], 10)
    display = CalibrationDisplay.from_predictions(y, p, n_bins=2)
    assert display.event == "class yes"
    assert display.frame["predicted"].tolist() == pytest.approx([0.2, 0.7])
    assert display.frame["observed"].tolist() == [0, 1]
    turned = CalibrationDisplay.from_predictions(y, 1 - p, pos_label="no", n_bins=2)
    assert turned.event == "class no"
    assert turned.frame["observed"].tolist() == [0, 1]
    both = CalibrationDisplay.from_predictions(y, np.column_stack([1 - p, p]), n_bins=2)
    assert both.frame.equals(display.frame)


def test_what_are_no_probabilities_is_refused():
    y = np.array([0, 1, 2, 0])
    with pytest.raises(ValueError, match="y_prob must be probabilities from 0 to 1, got values from -1 to 3"):
        CalibrationDisplay.from_predictions(y > 0, [3.0, -1.0, 0.5, 0.5])
    with pytest.raises(ValueError, match="y_prob must be probabilities from 0 to 1, got values from nan"):
        CalibrationDisplay.from_predictions(y > 0, [np.nan, 1.0, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"y_prob of shape \(4,\) needs 2 classes in y_true, got 3"):
        CalibrationDisplay.from_predictions(y, [0.1, 0.2, 0.3, 0.4])


def test_one_of_several_labels_is_chosen():
    X, y = np.arange(40)[:, None], np.column_stack([np.arange(40) % 2, np.arange(40) % 4 == 0]).astype(int)
    display = CalibrationDisplay.from_estimator(DummyClassifier(strategy="prior").fit(X, y), X, y, output=1)
    assert display.frame["predicted"].tolist() == [0.25]
    assert display.ax_.get_xlabel() == "Predicted probability of output 1 = 1"


def test_long_names_are_cut_and_wrapped():
    y = np.array(["a class with a name that is longer than any axis, or so it seems", "other"] * 10)
    display = CalibrationDisplay.from_predictions(y, np.tile([0.2, 0.8], 10), pos_label=y[0])
    assert max(map(len, display.ax_.get_xlabel().split("\n"))) < 60
