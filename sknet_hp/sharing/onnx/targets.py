"""What a network's outputs mean, as ONNX nodes: probabilities, labels, numbers."""

from typing import NamedTuple

import numpy as np

from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.estimators.targets.numbers import NumberTarget
from sknet_hp.sharing.onnx.builder import GraphBuilder

_LARGEST = float(np.finfo(np.float64).max)


class Predictions(NamedTuple):
    """The names of what a model predicts; None where it does not.

    Attributes
    ----------
    label : (rows,), or (rows, labels) of 0 and 1 where rows may have several.
    probabilities : (rows, classes) float64.
    numbers : (rows, targets) float64.
    several : whether rows may have several labels.
    flat : whether a single target is (rows,).
    """

    label: str | None = None
    probabilities: str | None = None
    numbers: str | None = None
    several: bool = False
    flat: bool = True


def add_probabilities(b: GraphBuilder, target: ClassTarget, outputs: str) -> str:
    """Return the probabilities of the classes, (rows, classes) float64."""
    outputs = b.cast(outputs, np.float64)
    return b.add("Sigmoid", outputs) if target.multilabel else b.add("Softmax", outputs, axis=-1)


def add_label(b: GraphBuilder, classes: np.ndarray, probabilities: str, multilabel: bool = False) -> str:
    """Return the most probable class, (rows,); of labels, whether each is probable."""
    if multilabel:
        return b.cast(b.add("Greater", probabilities, np.float64(0.5)), np.int64)
    number = b.add("ArgMax", probabilities, axis=1, keepdims=0)
    return b.add("Gather", read_classes(classes), number)


def read_classes(classes: np.ndarray) -> np.ndarray:
    """Return the classes in one of the types that ONNX has.

    Raises
    ------
    ValueError
        If they have no place in any.
    """
    kind = classes.dtype.kind
    if kind in "UT" or (kind == "O" and all(isinstance(each, str) for each in classes)):
        return classes.astype(object)
    if kind == "b" or (kind == "i") or (kind == "u" and classes.max() <= np.iinfo(np.int64).max):
        return classes if kind == "b" else classes.astype(np.int64)
    if kind == "f":
        return classes.astype(np.float64)
    raise ValueError(
        f"labels are {classes.dtype}, such as {classes[0]!r}, and ONNX has strings, booleans and numbers of 64 bits; "
        f"train on such labels, y.astype(str) for example"
    )


def place_classes(b: GraphBuilder, values: str, own: np.ndarray, classes: np.ndarray) -> str:
    """Return a column for each class, (rows, classes) float64, 0 for unknown ones.

    Parameters
    ----------
    values : (rows, own classes) float64.
    own : the classes that values are of.
    classes : all, in the order in which they are wanted.
    """
    placed = (np.asarray(own)[:, None] == np.asarray(classes)).astype(np.float64)
    return values if np.array_equal(placed, np.eye(len(classes))) else b.add("MatMul", values, placed)


def add_values(b: GraphBuilder, target: NumberTarget, outputs: str, clip: bool) -> str:
    """Return predicted numbers, (rows, targets) float64."""
    outputs = b.cast(outputs, np.float64)
    values = b.add("Mul", b.add("Exp", outputs) if target.counts else outputs, target.scale)
    if not target.counts:
        values = b.add("Add", values, target.mean)
    values = b.add("Clip", values, np.float64(-_LARGEST), np.float64(_LARGEST))
    return b.add("Max", b.add("Min", values, target.high), target.low) if clip else values


def average(b: GraphBuilder, values: list[str], weights: np.ndarray | None = None) -> str:
    """Return the weighted mean of tensors of one shape."""
    if len(values) == 1:
        return values[0]
    shares = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    parts = [b.add("Mul", value, share) for value, share in zip(values, shares / shares.sum(), strict=True)]
    return b.add("Sum", *parts)
