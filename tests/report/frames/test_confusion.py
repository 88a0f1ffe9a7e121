import numpy as np
import pytest

from sknet_hp.report.frames.confusion import make_confusion_frame
from sknet_hp.report.predictions import Predictions


def test_shares_are_of_the_actual_class():
    y, predicted = np.array(["a", "a", "a", "b"]), np.array(["a", "a", "b", "b"])
    frame = make_confusion_frame(Predictions(y, predicted, None, np.array(["a", "b"]), 1))
    assert frame.set_index(["actual", "predicted"])["share"].to_dict() == pytest.approx(
        {("a", "a"): 2 / 3, ("a", "b"): 1 / 3, ("b", "a"): 0, ("b", "b"): 1}
    )


def test_rows_count_once_however_often_they_were_predicted():
    y, predicted = np.array([0, 0, 1, 1] * 2), np.array([0, 1, 1, 1, 0, 0, 1, 1])
    frame = make_confusion_frame(Predictions(y, predicted, None, np.array([0, 1]), 2))
    assert frame["n_rows"].tolist() == [1.5, 0.5, 0, 2]


def test_numbers_are_no_classes():
    with pytest.raises(ValueError, match="see ResidualsDisplay"):
        make_confusion_frame(Predictions(np.zeros(3), np.zeros(3), None, None, 1))
