"""Calibrated probabilities over tables with text, dates and gaps, and moved thresholds."""

import numpy as np
import pytest

pytest.importorskip("skl2onnx")

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.sharing import run_onnx, to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_mixed_table

NET = NetClassifier(**SMALL)
X, Y = make_mixed_table()
THREE = np.where(X["age"] < 30, "low", Y)
LINEAR = make_pipeline(
    make_column_transformer((StandardScaler(), ["age", "income"]), (OneHotEncoder(), ["city"])), LogisticRegression()
)


@pytest.mark.parametrize("labels", [Y, THREE], ids=["two", "three"])
@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
@pytest.mark.parametrize("estimator", [NET, LINEAR], ids=["network", "decisions"])
def test_methods(method, labels, estimator):
    model = CalibratedClassifierCV(estimator, method=method, cv=2).fit(X, labels)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


@pytest.mark.parametrize("labels", [Y, THREE], ids=["two", "three"])
def test_isotonic_steps_are_steep(labels):
    model = CalibratedClassifierCV(NET, method="isotonic", cv=2).fit(X, labels)
    rows, _ = make_mixed_table(seed=1)  # rows of training lie at the very edges of steps
    exported = to_onnx(model)
    assert check_predictions(exported, model, rows) < 1e-5
    with pytest.raises(ValueError, match=r"Isotonic calibration has steep steps"):
        check_predictions(exported, model, X, tolerance=0)


def test_a_constant_isotonic_calibration():
    model = CalibratedClassifierCV(FrozenEstimator(NET.fit(X, Y)), method="isotonic")
    labels = np.where(NET.predict_proba(X)[:, 1] > 0.5, "no", "yes")  # the probabilities say the opposite
    model.fit(X, labels)
    exported = to_onnx(model)
    np.testing.assert_allclose(run_onnx(exported, X)["probabilities"], model.predict_proba(X), atol=1e-6)


def test_no_members_and_lacking_classes():
    model = CalibratedClassifierCV(NET, cv=2, ensemble=False).fit(X, THREE)
    assert check_predictions(to_onnx(model), model, X) < 2e-6


def test_columns_are_known_without_rows():
    model = CalibratedClassifierCV(NET, cv=2).fit(X, Y)
    types = {each.name: each.type.tensor_type.elem_type for each in to_onnx(model).graph.input}
    text = {"city", "note", "kind"}
    assert types == {name: 8 if name in text else 11 for name in X.columns}  # STRING, DOUBLE


THRESHOLDS = {
    "tuned": TunedThresholdClassifierCV(CalibratedClassifierCV(NET, cv=2), cv=2, random_state=0),
    "fixed": FixedThresholdClassifier(CalibratedClassifierCV(NET, cv=2), threshold=0.3, pos_label="no"),
    "calibrated inside": CalibratedClassifierCV(CalibratedClassifierCV(NET, cv=2), cv=2),
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_wrappers_around_wrappers(name):
    model = THRESHOLDS[name].fit(X, Y)
    assert check_predictions(to_onnx(model), model, X) < 2e-6


def test_a_row_at_the_threshold_may_go_either_way():
    net = NetClassifier(**SMALL).fit(X, Y)
    at_row = float(net.predict_proba(X)[5, 1])
    model = FixedThresholdClassifier(FrozenEstimator(net), threshold=at_row).fit(X, Y)
    assert check_predictions(to_onnx(model), model, X) < 2e-6
