"""Several models side by side as ONNX nodes: voting, bagging, one per target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions, add_label, average, place_classes, read_classes


def add_voting(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add scikit-learn's average of several models, or ours; votes as well."""
    weights = model._weights_not_none
    members = [add_model(b, member, table) for member in model.estimators_]
    if not is_classifier(model):
        return members[0]._replace(numbers=average(b, [str(member.numbers) for member in members], weights))
    if model.voting == "soft":
        probabilities = average(b, [str(member.probabilities) for member in members], weights)
        return Predictions(add_label(b, model.classes_, probabilities), probabilities)
    votes = [
        _add_vote(b, str(found.label), member.classes_)
        for found, member in zip(members, model.estimators_, strict=True)
    ]
    shares = [1.0] * len(votes) if weights is None else weights
    # Not their mean: it could round two equal numbers of votes to different ones.
    counts = b.add("Sum", *[b.add("Mul", vote, np.float64(share)) for vote, share in zip(votes, shares, strict=True)])
    return Predictions(add_label(b, model.classes_, counts))


def add_bagging(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add the average of models, each of which sees some of the rows and columns."""
    members = [
        add_model(b, member, _select(b, table, features))
        for member, features in zip(model.estimators_, model.estimators_features_, strict=True)
    ]
    if not is_classifier(model):
        return members[0]._replace(numbers=average(b, [str(member.numbers) for member in members]))
    numbers = np.arange(len(model.classes_))  # members know classes by their numbers
    parts = []
    for found, member in zip(members, model.estimators_, strict=True):
        if found.probabilities is None:
            parts.append(_add_vote(b, str(found.label), numbers))
        else:
            parts.append(place_classes(b, found.probabilities, member.classes_, numbers))
    probabilities = average(b, parts)
    return Predictions(add_label(b, model.classes_, probabilities), probabilities)


def add_targets(b: GraphBuilder, model: Any, table: TensorTable, add_model: AddModel) -> Predictions:
    """Add regressors of one target each."""
    members = [add_model(b, member, table) for member in model.estimators_]
    return Predictions(numbers=b.concatenate([str(member.numbers) for member in members]), flat=False)


def _select(b: GraphBuilder, table: TensorTable, features: Sequence[int]) -> TensorTable:
    columns = [int(feature) for feature in features]
    return table if columns == list(range(table.n_columns)) else table.select(b, columns)


def _add_vote(b: GraphBuilder, label: str, classes: np.ndarray) -> str:
    """Return 1 for the class that a label is, 0 for others, (rows, classes) float64."""
    own = b.add("Unsqueeze", label, np.array([1], np.int64))
    return b.cast(b.add("Equal", own, read_classes(np.asarray(classes))), np.float64)
