"""`export`: from a fitted model to a file that onnxruntime reads."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.estimators.types import TableLike
from sknet_hp.sharing.best import take_best
from sknet_hp.sharing.onnx.builder import GraphBuilder, describe_tensor
from sknet_hp.sharing.onnx.check import TOLERANCE, check_predictions
from sknet_hp.sharing.onnx.inputs import DATES, Zones, describe_inputs
from sknet_hp.sharing.onnx.models import add_model
from sknet_hp.sharing.onnx.targets import Predictions, read_classes

if TYPE_CHECKING:
    from onnx import ModelProto


def export(
    model: Any, path: str | os.PathLike[str], X: TableLike | None = None, *, tolerance: float = TOLERANCE
) -> Path:
    """Write a fitted model as an ONNX file, including its preprocessing.

    The file runs wherever onnxruntime runs, with or without Python.

    Each column of the table is an input of its name, of shape (rows, 1):

    - Numbers, booleans and categories that are numbers are float64, missing ones NaN.
    - Dates are float64, in seconds since 1970 in the time zone of the training rows.
      Durations are float64, in seconds. Missing ones are NaN.
    - Text is a string, empty if missing.

    A model that was fitted on numbers without column names has one input ``X`` of shape
    (rows, columns).

    A classifier has the outputs ``label`` of shape (rows,) and ``probabilities`` of
    shape (rows, classes), float64. A regressor has the output ``prediction``, float64,
    in the shape of `predict`. If a column already has such a name, the name of the
    output begins with ``predicted_``.

    Parameters
    ----------
    model : estimator
        A fitted network, search or pipeline, or another scikit-learn estimator around
        networks of sknet_hp.
    path : path-like
        Where to write. An existing file is replaced.
    X : array-like or dataframe of shape (n_rows, n_columns), default=None
        Some rows like those of training. They are predicted in onnxruntime and by
        `model`, and the predictions are compared. Pipelines need them, because they do
        not know the types of their columns.
    tolerance : float, default=1e-5
        How much predictions of X may differ: probabilities, or numbers divided by
        their range.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    TypeError
        If the model, or a part of it, has no ONNX form.
    ValueError
        If the exported model predicts something different. Nothing is written then.
    ImportError
        If a package of the extra ``onnx`` is not installed.
    """
    target = Path(path)
    content = to_onnx(model, X)
    if X is not None:
        check_predictions(content, take_best(model), X, tolerance)
    target.write_bytes(content.SerializeToString())
    return target


def to_onnx(model: Any, X: TableLike | None = None) -> "ModelProto":
    """Return a fitted model in ONNX form, as `export` would write it.

    Parameters and errors are those of `export`.
    """
    model = take_best(model)
    table, zones = describe_inputs(model, X)
    tensors = table.list_tensors()
    b = GraphBuilder([name for _, name, _, _ in tensors])
    predictions = add_model(b, model, table)
    inputs = [describe_tensor(name, dtype, [None, width]) for _, name, dtype, width in tensors]
    taken = {name for _, name, _, _ in tensors}
    outputs = []
    for name, tensor, dtype, shape in _list_outputs(b, model, predictions):
        own = f"predicted_{name}" if name in taken else name
        b.rename(tensor, own)
        outputs.append(describe_tensor(own, dtype, shape))
    return b.make_model(inputs, outputs, _describe_model(model, zones))


# ---- what comes out ------------------------------------------------------------------------------------------------


def _list_outputs(b: GraphBuilder, model: Any, found: Predictions) -> Iterator[tuple[str, str, type, list[int | None]]]:
    """Yield each output: its name, its tensor, what it holds, its shape."""
    if found.numbers is not None:
        if found.flat:
            flat = b.add("Reshape", found.numbers, np.array([-1], np.int64))
            yield "prediction", flat, np.float64, [None]
        else:
            yield "prediction", found.numbers, np.float64, [None, None]
        return
    n_classes = len(model.classes_)
    if found.label is not None:
        dtype = read_classes(np.asarray(model.classes_)).dtype.type
        dtype = object if dtype is np.object_ else dtype
        yield "label", found.label, dtype, [None, n_classes] if found.several else [None]
    if found.probabilities is not None:
        yield "probabilities", found.probabilities, np.float64, [None, n_classes]


def _describe_model(model: Any, zones: Zones) -> dict[str, str]:
    """Return what the file says of itself."""
    described = {"model": type(model).__name__}
    if zones:
        described[DATES] = json.dumps(zones)
    if is_classifier(model):
        described["classes"] = json.dumps(np.asarray(model.classes_).tolist())
    return described
