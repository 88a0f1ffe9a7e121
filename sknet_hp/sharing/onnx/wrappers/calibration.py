"""Calibrated probabilities as ONNX nodes."""

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.quantiles import add_interpolation
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, add_label, average, place_classes
from sknet_hp.sharing.onnx.wrappers.responses import add_response

_LEAST = 1e-12  # what scikit-learn adds to probabilities before it takes their logarithm


def add_calibrated(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add a CalibratedClassifierCV: the mean of classifiers, each calibrated."""
    members = [_add_member(b, each, table, add_model) for each in model.calibrated_classifiers_]
    probabilities = average(b, members)
    return Predictions(add_label(b, model.classes_, probabilities), probabilities)


def _add_member(b: GraphBuilder, member: Any, table: TensorTable, add_model: AddModel) -> str:
    """Return the probabilities of one classifier, (rows, classes) float64."""
    decides = hasattr(member.estimator, "decision_function")
    method = "decision_function" if decides else "predict_proba"
    response = add_response(b, member.estimator, table, method, add_model)
    is_binary = len(member.classes) == 2
    if member.method == "temperature":
        if not decides:
            logits = b.add("Log", b.add("Add", response, np.float64(_LEAST)))
        else:
            logits = b.concatenate([b.add("Neg", response), response]) if is_binary else response
        return b.add("Softmax", b.add("Mul", logits, np.float64(member.calibrators[0].beta_)), axis=-1)
    if is_binary:
        score = response if decides else b.select_columns(response, 1, 2)
        positive = _calibrate(b, member.calibrators[0], score)
        return b.concatenate([b.add("Sub", np.float64(1), positive), positive])
    parts = [
        _calibrate(b, calibrator, b.select_columns(response, number, number + 1))
        for number, calibrator in enumerate(member.calibrators)
    ]
    placed = place_classes(b, b.concatenate(parts), member.estimator.classes_, member.classes)
    total = b.add("ReduceSum", placed, np.array([1], np.int64), keepdims=1)
    empty = b.add("Equal", total, np.float64(0))
    shares = b.add("Div", placed, b.add("Where", empty, np.float64(1), total))
    return b.add("Where", empty, np.float64(1 / len(member.classes)), shares)


def _calibrate(b: GraphBuilder, calibrator: Any, score: str) -> str:
    """Return the probability that belongs to each score, (rows, 1) float64."""
    if not isinstance(calibrator, IsotonicRegression):
        slope, intercept = np.float64(calibrator.a_), np.float64(calibrator.b_)
        return b.add("Sigmoid", b.add("Neg", b.add("Add", b.add("Mul", score, slope), intercept)))
    edges, levels = (np.asarray(each, np.float64) for each in (calibrator.X_thresholds_, calibrator.y_thresholds_))
    inside = b.add("Clip", score, edges[0], edges[-1])
    if len(edges) == 1:
        return b.add("Add", b.add("Sub", inside, edges[0]), levels[0])
    return add_interpolation(b, edges[:, None], levels, inside)
