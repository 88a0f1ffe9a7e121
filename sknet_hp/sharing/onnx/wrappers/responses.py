"""What a method of a fitted model returns, as wrappers ask for it, as ONNX nodes."""

from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sknet_hp.sharing.best import take_best
from sknet_hp.sharing.onnx import foreign
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.steps.transformers import add_transformer
from sknet_hp.sharing.onnx.tables import TensorTable


def add_response(b: GraphBuilder, model: Any, table: TensorTable, method: str, add_model: AddModel) -> str:
    """Add a fitted model, and return what one of its methods does.

    Parameters
    ----------
    method : "predict_proba", "decision_function" or "predict".
    add_model : what adds a model with all it predicts.

    Returns
    -------
    response : the name of (rows, classes) float64, of (rows, 1) for the decisions
        between two classes; of labels or numbers, (rows, targets) float64

    Raises
    ------
    TypeError
        If it has no ONNX form.
    """
    if method == "decision_function":
        return _add_scores(b, model, table)
    found = add_model(b, model, table)
    response = found.probabilities if method == "predict_proba" else found.numbers or found.label
    if response is None:
        raise TypeError(f"the {method} of a {type(model).__name__} has no ONNX form here; leave this model out")
    if response == found.label:
        _check_numbers(model)
        response = b.add("Reshape", b.cast(response, np.float64), np.array([0, -1], np.int64))
    return response


def _add_scores(b: GraphBuilder, model: Any, table: TensorTable) -> str:
    model = take_best(model)
    if isinstance(model, FrozenEstimator):
        return _add_scores(b, model.estimator, table)
    if isinstance(model, Pipeline):
        return _add_scores(b, model.steps[-1][1], add_transformer(b, model[:-1], table))
    return foreign.add_scores(b, model, table)


def _check_numbers(model: Any) -> None:
    """Refuse labels that other models can not take as numbers."""
    classes = np.asarray(model.classes_)
    if classes.dtype.kind not in "biuf":
        raise TypeError(
            f"the labels of a {type(model).__name__}, such as {classes[0]!r}, are given on as text, which has no ONNX "
            f"form here; give on its probabilities"
        )
