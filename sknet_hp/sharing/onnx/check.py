"""Whether an exported model predicts in onnxruntime as it does in Python."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.persistence.classes import iterate_estimators
from sknet_hp.estimators.types import TableLike
from sknet_hp.sharing.onnx.encoding.categories import LONGEST
from sknet_hp.sharing.onnx.inputs import make_inputs
from sknet_hp.system.extras import require_extra

if TYPE_CHECKING:
    from onnx import ModelProto

TOLERANCE = 1e-5
"""Largest difference of probabilities, or of numbers in units of their range."""


def check_predictions(exported: "ModelProto", model: Any, X: TableLike, tolerance: float = TOLERANCE) -> float:
    """Compare the predictions of an exported model with its original's.

    Returns
    -------
    difference : float
        The largest one: of probabilities, or of numbers divided by their range.

    Raises
    ------
    ValueError
        If it is larger than allowed.
    """
    predicted = {name.removeprefix("predicted_"): values for name, values in run_model(exported, X).items()}
    has_other_label = np.zeros(len(next(iter(predicted.values()))), dtype=bool)
    unit = None
    if hasattr(model, "predict_proba"):
        probabilities = model.predict_proba(X)
        difference = np.abs(predicted["probabilities"] - probabilities).max(axis=1)
        differs = (predicted["label"] != model.predict(X)).reshape(len(difference), -1).any(axis=1)
        has_other_label = differs & ~_is_tie(probabilities, _list_thresholds(model), tolerance)
        difference[has_other_label] = 1.0
    elif is_classifier(model):
        has_other_label = predicted["label"] != model.predict(X)
        difference = has_other_label.astype(float)
    else:
        expected = np.asarray(model.predict(X), np.float64)
        span = np.ptp(expected, axis=0)
        unit = np.where(span > 0, span, np.maximum(np.abs(expected).max(axis=0), 1e-300))
        difference = np.abs(predicted["prediction"].reshape(expected.shape) - expected) / unit
        difference = difference.reshape(len(expected), -1)
        unit = np.broadcast_to(unit, difference.shape[1])[difference.max(axis=0).argmax()]
        difference = difference.max(axis=1)
    worst = int(difference.argmax())
    if not difference[worst] <= tolerance:
        how = _describe_difference(difference[worst], tolerance, unit)
        how = "it predicts another label" if has_other_label[worst] else how
        raise ValueError(
            f"the exported model does not predict as the original does: for row {worst} of X {how}. Nothing was "
            f"written. Compare the prediction of sknet_hp.sharing.run_onnx for that row with predict, and raise "
            f"tolerance only if the difference does not matter{_explain(model, X, worst)}"
        )
    return float(difference[worst])


def _describe_difference(difference: float, tolerance: float, unit: float | None) -> str:
    """Return by how much a prediction is off, and what is allowed.

    Parameters
    ----------
    unit : what numbers have been divided by; None for probabilities.
    """
    if unit is None:
        return f"it is off by {difference:.1e}, and tolerance={tolerance:g} is allowed"
    return (
        f"it is off by {difference * unit:.2g} in the unit of the target, which is {difference:.1e} of the range of "
        f"the predictions, and tolerance={tolerance:g} is allowed, {tolerance * unit:.2g} here"
    )


def _explain(model: Any, X: TableLike, row: int) -> str:
    """Return what may make the difference large, for the message."""
    for part in iterate_estimators(model):
        if isinstance(part, BaseNet) and part.precision == "bf16":
            return f". The network multiplies in precision={part.precision!r}: give tolerance=1e-2"
        isotonic = isinstance(part, CalibratedClassifierCV) and part.method == "isotonic"
        if isotonic or isinstance(part, (HistGradientBoostingClassifier, HistGradientBoostingRegressor)):
            name, more = ("Isotonic calibration", ", or tolerance=1e-3") if isotonic else ("Gradient boosting", "")
            return f". {name} has steep steps, with rows of training at their edges: give other rows as X{more}"
    table = open_table(X, TableEncoder())
    for column in range(table.n_columns):
        if table.is_numeric(column) or table.is_date(column):
            continue
        [cell] = table.read_objects(column, slice(row, row + 1))
        if cell == "":
            return f". {table.label(column)} is empty text there, which an exported model takes for a missing cell"
        if isinstance(cell, str) and len(cell) > LONGEST:
            return f". {table.label(column)} has {len(cell):,} characters there; an exported model counts {LONGEST:,}"
    return ""


def _list_thresholds(model: Any) -> list[float]:
    """Return the probabilities from which on a model may predict another class."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    own = getattr(last, "best_threshold_", getattr(last, "threshold", 0.5))
    return [0.5, own, 1 - own] if isinstance(own, float) else [0.5]


def _is_tie(probabilities: np.ndarray, thresholds: list[float], tolerance: float) -> np.ndarray:
    """Return which rows have two most probable classes, or one at a threshold."""
    ordered = np.sort(probabilities, axis=1)
    if probabilities.shape[1] > 1:
        first_two = ordered[:, -1] - ordered[:, -2] <= 2 * tolerance
    else:
        first_two = np.zeros(len(ordered), dtype=bool)
    distances = np.abs(probabilities[:, :, None] - np.array(thresholds))  # (rows, classes, thresholds)
    return np.asarray(first_two | (distances <= tolerance).any(axis=(1, 2)))


def run_model(exported: "ModelProto | str | os.PathLike[str]", X: TableLike) -> dict[str, np.ndarray]:
    """Return what an exported model predicts in onnxruntime, by output.

    Parameters
    ----------
    exported : ModelProto, or the path of one
    X : array-like or dataframe of shape (n_rows, n_columns)
        With the columns of training.
    """
    with require_extra("onnx", "run_onnx", "onnxruntime"):
        import onnxruntime

    source = os.fspath(exported) if isinstance(exported, (str, os.PathLike)) else exported.SerializeToString()
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, make_inputs(session, X)), strict=True))
