import numpy as np
from sklearn.dummy import DummyClassifier

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
