"""Fitted models as ONNX nodes: networks, their averages, and pipelines around them."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.nets.graph import Graph
from sknet_hp.sharing.best import take_best
from sknet_hp.sharing.onnx import foreign
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.table import add_encoding
from sknet_hp.sharing.onnx.network import add_network
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, add_label, add_probabilities, add_values, average, read_classes
from sknet_hp.training.rules.torch_loss import TorchLoss

_OURS = (NetClassifier, NetRegressor, AveragedClassifier, AveragedRegressor)


def add_model(b: GraphBuilder, model: Any, table: TensorTable) -> Predictions:
    """Add a fitted model to a graph.

    Raises
    ------
    TypeError
        If it, or a part of it, has no ONNX form.
    """
    model = take_best(model)
    if isinstance(model, BaseNet):
        return _add_net(b, model, table)
    if isinstance(model, (VotingClassifier, VotingRegressor)):
        return _add_average(b, model, table)
    if isinstance(model, Pipeline):
        inside = foreign.add_transformers(b, model[:-1], table)
        return add_model(b, model.steps[-1][1], inside)
    if isinstance(model, TransformedTargetRegressor):
        return _add_transformed_target(b, model, table)
    if isinstance(model, (FixedThresholdClassifier, TunedThresholdClassifierCV)):
        return _add_threshold(b, model, table)
    return foreign.add_estimator(b, model, table, _OURS, add_model)


def _add_net(b: GraphBuilder, net: BaseNet, table: TensorTable) -> Predictions:
    structure: Any = net.structure_
    if structure["precision"] != "float32":
        warnings.warn(
            f"the network multiplies in precision={structure['precision']!r}, and its exported form in float32: "
            f"predictions differ in the third digit",
            UserWarning,
            stacklevel=4,
        )
    loss = structure["loss"]
    loss = loss.like if isinstance(loss, TorchLoss) else loss
    encoded = add_encoding(b, net.encoder_.learned, table)
    outputs = []
    for architecture, parameters, buffers in zip(net._make_architectures(), net.parameters_, net.buffers_, strict=True):
        if not isinstance(architecture.graph, Graph):
            raise TypeError(
                f"the layers of module={structure['module']!r} are not all known, and only those of known ones are "
                f"exported; torch.onnx.export takes net_.module_, to which encoder_.transform(X) is given"
            )
        network = (architecture.graph, parameters, buffers, architecture.rates)
        outputs.append(add_network(b, *network, encoded, loss, structure["n_outputs"]))
    if isinstance(net.target_, ClassTarget):
        target = net.target_
        probabilities = average(b, [add_probabilities(b, target, each) for each in outputs])
        label = add_label(b, target.classes, probabilities, target.multilabel)
        return Predictions(label, probabilities, several=target.multilabel)
    clip = bool(getattr(net, "clip_prediction", False))
    numbers = average(b, [add_values(b, net.target_, each, clip) for each in outputs])
    return Predictions(numbers=numbers, flat=net.target_.flat)


def _add_average(b: GraphBuilder, model: Any, table: TensorTable) -> Predictions:
    weights = model._weights_not_none
    members = [add_model(b, member, table) for member in model.estimators_]
    if not is_classifier(model):
        return members[0]._replace(numbers=average(b, [str(member.numbers) for member in members], weights))
    if model.voting != "soft":
        raise TypeError("an average by votes has no ONNX form here; use voting='soft'")
    probabilities = average(b, [str(member.probabilities) for member in members], weights)
    return Predictions(add_label(b, model.classes_, probabilities), probabilities)


def _add_threshold(b: GraphBuilder, model: Any, table: TensorTable) -> Predictions:
    """Add a classifier of two classes whose threshold is not one half."""
    inside = add_model(b, model.estimator_, table)
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", None))
    threshold = 0.5 if threshold == "auto" else threshold
    if inside.probabilities is None or model.response_method == "decision_function":
        raise TypeError(f"the threshold of a {type(model).__name__} is exported if it is one of probabilities")
    scorer = getattr(model, "_curve_scorer", None)  # knows the class that a tuned threshold is for
    label = model.pos_label if scorer is None else scorer._get_pos_label()
    positive = 1 if label is None else int(np.flatnonzero(model.classes_ == label)[0])
    own = b.select_columns(inside.probabilities, positive, positive + 1)
    beyond = b.cast(b.add("GreaterOrEqual", own, np.float64(threshold)), np.int64)
    number = beyond if positive else b.add("Sub", np.int64(1), beyond)
    flat = b.add("Reshape", number, np.array([-1], np.int64))
    return inside._replace(label=b.add("Gather", read_classes(model.classes_), flat))


# ---- transformed targets -------------------------------------------------------------------------------------------

_INVERSES: dict[Callable[..., Any], Callable[[GraphBuilder, str], str]] = {
    np.exp: lambda b, x: b.add("Exp", x),
    np.expm1: lambda b, x: b.add("Sub", b.add("Exp", x), np.float64(1)),
    np.square: lambda b, x: b.add("Mul", x, x),
    np.sqrt: lambda b, x: b.add("Sqrt", x),
    np.log: lambda b, x: b.add("Log", x),
    np.log1p: lambda b, x: b.add("Log", b.add("Add", x, np.float64(1))),
}


def _add_transformed_target(b: GraphBuilder, model: TransformedTargetRegressor, table: TensorTable) -> Predictions:
    inside = add_model(b, model.regressor_, table)._replace(flat=model._training_dim == 1)
    numbers = str(inside.numbers)
    if model.transformer is None and model.inverse_func in _INVERSES:
        return inside._replace(numbers=_INVERSES[model.inverse_func](b, numbers))
    if model.transformer is None and model.func is None:
        return inside
    if isinstance(model.transformer_, StandardScaler):
        scaler = model.transformer_
        scaled = numbers if scaler.scale_ is None else b.add("Mul", numbers, scaler.scale_)
        return inside._replace(numbers=scaled if scaler.mean_ is None else b.add("Add", scaled, scaler.mean_))
    known = ", ".join(f"numpy.{function.__name__}" for function in _INVERSES)
    raise TypeError(
        f"the inverse of {model.transformer or model.inverse_func!r} has no ONNX form here; known are a StandardScaler "
        f"as transformer, and as inverse_func {known}"
    )
