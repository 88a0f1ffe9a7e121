import numpy as np
import pytest

from sknet_hp.report.frames.calibration import compute_wilson_interval, make_calibration_frame, measure_gap
from sknet_hp.report.predictions import Predictions


def make_predictions(p, y, n_repeats=1):
    p = np.asarray(p, dtype=float)
    table = np.column_stack([1 - p, p]) if p.ndim == 1 else p
    classes = np.arange(table.shape[1])
    return Predictions(np.asarray(y), classes[table.argmax(axis=1)], table, classes, n_repeats)


def test_bins_have_the_mean_probability_and_the_share_that_came_true():
    predictions = make_predictions([0.1] * 10 + [0.8] * 10, [0] * 9 + [1] + [1] * 6 + [0] * 4)
    frame, event = make_calibration_frame(predictions, n_bins=2)
    assert event == "class 1"
    assert frame["predicted"].tolist() == pytest.approx([0.1, 0.8])
    assert frame["observed"].tolist() == pytest.approx([0.1, 0.6])
    assert measure_gap(frame) == pytest.approx(0.1)


def test_another_class_can_be_the_positive_one():
    predictions = make_predictions([0.1] * 10 + [0.8] * 10, [0] * 9 + [1] + [1] * 6 + [0] * 4)
    frame, _ = make_calibration_frame(predictions, pos_label=0, n_bins=2)
    assert frame["predicted"].tolist() == pytest.approx([0.2, 0.9])
    with pytest.raises(ValueError, match=r"pos_label=7 must be one of the classes \[0, 1\]"):
        make_calibration_frame(predictions, pos_label=7)


def test_of_three_classes_the_predicted_one_counts():
    table = [[0.6, 0.3, 0.1]] * 5 + [[0.05, 0.05, 0.9]] * 5
    frame, event = make_calibration_frame(make_predictions(table, [0, 0, 0, 1, 1] + [2] * 5), n_bins=2)
    assert event == "the predicted class"
    assert frame["predicted"].tolist() == pytest.approx([0.6, 0.9])
    assert frame["observed"].tolist() == pytest.approx([0.6, 1.0])


def test_repeats_do_not_make_intervals_narrower():
    p, y = [0.5] * 20, [0, 1] * 10
    once, _ = make_calibration_frame(make_predictions(p, y), n_bins=2)
    twice, _ = make_calibration_frame(make_predictions(p * 2, y * 2, n_repeats=2), n_bins=2)
    assert twice["low"].tolist() == once["low"].tolist()
    assert twice["n_rows"].tolist() == [20]


def test_wilson_interval():
    """The example of statsmodels' `proportion_confint(8, 10, method="wilson")`."""
    low, high = compute_wilson_interval(np.array([0.8]), np.array([10]))
    assert low[0] == pytest.approx(0.4901625)
    assert high[0] == pytest.approx(0.9433178)


def test_probabilities_are_needed():
    with pytest.raises(ValueError, match="calibration needs probabilities"):
        make_calibration_frame(Predictions(np.zeros(3), np.zeros(3), None, None, 1))
