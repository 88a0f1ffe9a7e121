"""Fitted models as ONNX nodes: networks, their averages, and pipelines around them."""

import warnings
from collections.abc import Callable
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.nets.graph import Graph
from sknet_hp.sharing.best import take_best
from sknet_hp.sharing.onnx import foreign
from sknet_hp.sharing.onnx.boosting import add_boosting
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.table import add_encoding
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.network import add_network
from sknet_hp.sharing.onnx.steps.transformers import add_transformer
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, add_label, add_probabilities, add_values, average
from sknet_hp.sharing.onnx.wrappers.averages import add_bagging, add_targets, add_voting
from sknet_hp.sharing.onnx.wrappers.calibration import add_calibrated
from sknet_hp.sharing.onnx.wrappers.stacking import add_stacked
from sknet_hp.sharing.onnx.wrappers.thresholds import add_threshold
from sknet_hp.sharing.onnx.wrappers.transformed_targets import add_transformed_target
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
    if isinstance(model, FrozenEstimator):
        return add_model(b, model.estimator, table)
    if isinstance(model, Pipeline):
        return add_model(b, model.steps[-1][1], add_transformer(b, model[:-1], table))
    for kind, add_own in _BY_CLASS.items():
        if isinstance(model, kind):
            return add_own(b, model, table, add_model)
    if isinstance(model, MultiOutputClassifier):
        raise TypeError(
            "a MultiOutputClassifier has no ONNX form here; export each of its estimators_, or train one NetClassifier "
            "on a matrix of 0 and 1 if its outputs are yes or no"
        )
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


_BY_CLASS: dict[type | tuple[type, ...], Callable[[GraphBuilder, Any, TensorTable, AddModel], Predictions]] = {
    (VotingClassifier, VotingRegressor): add_voting,
    (BaggingClassifier, BaggingRegressor): add_bagging,
    (StackingClassifier, StackingRegressor): add_stacked,
    CalibratedClassifierCV: add_calibrated,
    (FixedThresholdClassifier, TunedThresholdClassifierCV): add_threshold,
    MultiOutputRegressor: add_targets,
    TransformedTargetRegressor: add_transformed_target,
    (HistGradientBoostingClassifier, HistGradientBoostingRegressor): add_boosting,
}
"""By class, how an estimator is added that is around others, or beside networks."""
