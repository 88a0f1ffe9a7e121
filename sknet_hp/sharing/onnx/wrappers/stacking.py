"""Models over the predictions of others as ONNX nodes."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.tables import MatrixTensor, TensorTable, join_tables
from sknet_hp.sharing.onnx.targets import Predictions, read_classes
from sknet_hp.sharing.onnx.wrappers.responses import add_response


def add_stacked(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add a StackingClassifier or a StackingRegressor."""
    if isinstance(getattr(model, "_label_encoder", None), list):
        raise TypeError("a StackingClassifier of several labels per row has no ONNX form here; stack a label at a time")
    is_binary = is_classifier(model) and len(model.classes_) == 2
    responses = []
    for member, method in zip(model.estimators_, model.stack_method_, strict=True):
        response = add_response(b, member, table, method, add_model)
        # scikit-learn drops the first of two probabilities, which is one minus the other.
        one = is_binary and method == "predict_proba"
        responses.append(b.select_columns(response, 1, 2) if one else response)
    stacked: TensorTable = MatrixTensor(b.concatenate(responses), sum(model._n_feature_outs), np.float64)
    final = add_model(b, model.final_estimator_, join_tables([stacked, table]) if model.passthrough else stacked)
    if not is_classifier(model):
        return final
    # The last model knows classes by their numbers.
    return final._replace(label=b.add("Gather", read_classes(model.classes_), str(final.label)))
