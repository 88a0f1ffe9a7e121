import numpy as np
import pandas as pd
import pytest

from sknet_hp.report import NestedScoresDisplay
from tests.helpers.evaluations import evaluate_classes


def make_frame(outer, inner=None, model="search", mean=None):
    n = len(outer)
    inner = [np.nan] * n if inner is None else inner
    mean = np.mean(outer) if mean is None else mean
    columns = {"repeat": 0, "fold": range(n), "outer": outer, "inner": inner, "mean": mean}
    return pd.DataFrame({"model": model, **columns, "low": mean - 0.05, "high": mean + 0.05})


def list_texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_inner_and_outer_scores_are_joined():
    display = NestedScoresDisplay(make_frame([0.8, 0.82], [0.84, 0.85]), "accuracy").plot()
    [lines] = [each for each in display.ax_.collections if len(each.get_segments()) == 2]
    assert [tuple(segment[:, 1]) for segment in lines.get_segments()] == [(0.8, 0.84), (0.82, 0.85)]
    assert any("hollow" in text for text in list_texts(display))


def test_errors_are_positive():
    display = NestedScoresDisplay(make_frame([-2000.0, -2100.0]), "neg_mean_absolute_error").plot()
    assert display.ax_.get_ylabel() == "Mean absolute error (lower is better)"
    assert "2,050" in list_texts(display)
    assert display.ax_.yaxis.get_major_formatter()(-2100.0) == "2,100"


def test_a_baseline_far_off_does_not_press_folds_together():
    frame = pd.concat([make_frame([0.8, 0.9]), make_frame([0.1, 0.1], model="constant")])
    display = NestedScoresDisplay(frame, "accuracy").plot()
    assert display.ax_.get_ylim()[0] > 0.6
    assert "v" in {line.get_marker() for line in display.ax_.lines}
    assert "0.1000" in list_texts(display)


def test_folds_without_scores_are_told():
    display = NestedScoresDisplay(make_frame([0.8, np.nan, 0.9], mean=0.85)).plot()
    assert any("1 of 3 folds have no score" in text for text in list_texts(display))


@pytest.mark.parametrize("n_repeats", [1, 2])
def test_an_evaluation_is_drawn(n_repeats):
    display = NestedScoresDisplay.from_evaluation(evaluate_classes(n_repeats), baselines={"other": evaluate_classes()})
    assert ("repeat by repeat" in display.ax_.get_xlabel()) == (n_repeats == 2)
    assert {"estimator", "other"} <= set(list_texts(display))
