import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from sknet_hp.report import ConfusionMatrixDisplay
from tests.helpers.evaluations import evaluate_classes


def test_cells_have_shares_and_rows():
    evaluation = evaluate_classes()
    display = ConfusionMatrixDisplay.from_evaluation(evaluation)
    frame = display.frame
    right = frame.loc[frame["actual"] == frame["predicted"], "n_rows"].sum()
    assert display.ax_.get_title(loc="left") == f"{100 * right / 90:.1f} % of 90 rows are right"
    first = frame.iloc[0]
    assert f"{100 * first['share']:.0f} %\n{first['n_rows']:.0f}" in {text.get_text() for text in display.ax_.texts}


def test_many_classes_have_colours_only():
    y = np.arange(40) % 20
    display = ConfusionMatrixDisplay.from_estimator(DummyClassifier().fit(y[:, None], y), y[:, None], y)
    assert len(display.frame) == 400
    assert len(display.ax_.texts) == 1  # the note


def test_a_rare_class_that_is_never_found_is_told():
    y = np.array([0] * 95 + [1] * 5)
    display = ConfusionMatrixDisplay.from_estimator(DummyClassifier().fit(y[:, None], y), y[:, None], y)
    assert display.ax_.get_title(loc="left") == "95.0 % of 100 rows are right"
    assert any("50.0 % on average over classes" in text.get_text().replace("\n", " ") for text in display.ax_.texts)


def test_long_names_of_classes_stay_within_the_figure():
    labels = np.array([f"a category with a very long name, number {k}" for k in range(8)])
    display = ConfusionMatrixDisplay.from_predictions(labels, np.roll(labels, 1))
    display.figure_.draw_without_rendering()
    renderer, shown = display.figure_.canvas.get_renderer(), display.figure_.bbox
    names = [*display.ax_.get_xticklabels(), *display.ax_.get_yticklabels()]
    boxes = [text.get_window_extent(renderer) for text in [*names, display.ax_.texts[-1]]]
    assert len({text.get_text() for text in names}) == 8
    assert min(box.x0 for box in boxes) >= shown.x0
    assert max(box.x1 for box in boxes) <= shown.x1
    assert display.ax_.get_window_extent(renderer).width > 0.45 * shown.width


def test_dollars_in_names_of_classes_are_dollars():
    display = ConfusionMatrixDisplay.from_predictions(["$5-$10", "more"], ["$5-$10", "more"])
    assert display.ax_.get_xticklabels()[0].get_text() == r"\$5-\$10"


def test_predictions_are_enough():
    display = ConfusionMatrixDisplay.from_predictions(["a", "a", "b"], ["a", "b", "b"])
    assert display.frame["n_rows"].tolist() == [1, 1, 0, 1]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ConfusionMatrixDisplay.from_predictions(["a", "a", "b"], ["a", "b"])
    with pytest.raises(ValueError, match="needs classes, got numbers; see ResidualsDisplay"):
        ConfusionMatrixDisplay.from_predictions([0.5, 1.5], [0.4, 1.2])


def test_one_of_several_labels_is_chosen():
    y = pd.DataFrame({"red": [0, 0, 1, 1], "round": [0, 1, 1, 1]})
    tree = DecisionTreeClassifier().fit(y, y)
    display = ConfusionMatrixDisplay.from_estimator(tree, y, y, output="round")
    assert display.frame["n_rows"].tolist() == [1, 0, 0, 3]
    assert display.ax_.get_xlabel() == "Predicted round"
    with pytest.raises(ValueError, match=r"give output=, a number from 0 to 1 or one of \['red', 'round'\]; got None"):
        ConfusionMatrixDisplay.from_estimator(tree, y, y)
