"""Classifiers of two classes whose threshold is not one half, as ONNX nodes."""

from typing import Any

import numpy as np

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, read_classes
from sknet_hp.sharing.thresholds import read_threshold


def add_threshold(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add a FixedThresholdClassifier or a TunedThresholdClassifierCV."""
    inside = add_model(b, model.estimator_, table)
    if inside.probabilities is None or model.response_method == "decision_function":
        raise TypeError(
            f"the threshold of a {type(model).__name__} has an ONNX form if it is one of probabilities; use "
            f"response_method='predict_proba'"
        )
    threshold, positive = read_threshold(model)
    own = b.select_columns(inside.probabilities, positive, positive + 1)
    beyond = b.cast(b.add("GreaterOrEqual", own, np.float64(threshold)), np.int64)
    number = beyond if positive else b.add("Sub", np.int64(1), beyond)
    flat = b.add("Reshape", number, np.array([-1], np.int64))
    return inside._replace(label=b.add("Gather", read_classes(model.classes_), flat))
