import numpy as np
import pytest

from sknet_hp.report.frames.residuals import make_band_frame, make_residuals_frame, measure_errors
from sknet_hp.report.predictions import Predictions


def test_residuals_are_actual_minus_predicted():
    frame = make_residuals_frame(Predictions(np.array([3.0, 1.0]), np.array([1.0, 2.0]), None, None, 1))
    assert frame["residual"].tolist() == [2, -1]
    assert measure_errors(frame) == pytest.approx({"mae": 1.5, "rmse": np.sqrt(2.5), "bias": 0.5})


def test_bands_widen_where_errors_grow():
    predicted = np.linspace(1, 100, 400)
    actual = predicted + predicted * np.where(np.arange(400) % 2, 0.1, -0.1)
    band = make_band_frame(make_residuals_frame(Predictions(actual, predicted, None, None, 1)))
    assert len(band) == 10
    assert (np.diff(band["high"] - band["low"]) > 0).all()


def test_few_rows_make_one_band():
    rows = Predictions(np.arange(10.0), np.zeros(10), None, None, 1)
    assert len(make_band_frame(make_residuals_frame(rows))) == 1


def test_classes_have_no_residuals():
    with pytest.raises(ValueError, match="see ConfusionMatrixDisplay"):
        make_residuals_frame(Predictions(np.array(["a"]), np.array(["a"]), None, np.array(["a"]), 1))
