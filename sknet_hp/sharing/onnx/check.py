"""Whether an exported model predicts in onnxruntime as it does in Python."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.estimators.encoding.categorical.categories import format_category
from sknet_hp.estimators.encoding.dates.text import are_dates, parse_dates
from sknet_hp.estimators.encoding.tables.cells import convert_to_floats, is_missing
from sknet_hp.estimators.encoding.tables.moments import find_zone, is_date_type, is_duration_type, read_moments
from sknet_hp.estimators.types import TableLike
from sknet_hp.sharing.onnx.missing import explain_missing_package

if TYPE_CHECKING:
    from onnx import ModelProto

TOLERANCE = 1e-5
"""Largest difference of probabilities, or of numbers in units of their range."""


def check_predictions(exported: "ModelProto | str", model: Any, X: TableLike, tolerance: float = TOLERANCE) -> float:
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
    if hasattr(model, "predict_proba"):
        difference = np.abs(predicted["probabilities"] - model.predict_proba(X)).max(axis=1)
    elif is_classifier(model):
        difference = (predicted["label"] != model.predict(X)).astype(float)
    else:
        expected = np.asarray(model.predict(X), np.float64)
        span = np.ptp(expected, axis=0)
        unit = np.where(span > 0, span, np.maximum(np.abs(expected).max(axis=0), 1e-300))
        difference = np.abs(predicted["prediction"].reshape(expected.shape) - expected) / unit
        difference = difference.reshape(len(expected), -1).max(axis=1)
    worst = int(difference.argmax())
    if not difference[worst] <= tolerance:
        raise ValueError(
            f"the exported model does not predict as the original does: for row {worst} of X it is off by "
            f"{difference[worst]:.1e}, and tolerance={tolerance:g} is allowed. Nothing was written. Compare what "
            f"sknet_hp.sharing.run_onnx makes of that row with predict, or allow more"
        )
    return float(difference[worst])


def run_model(exported: "ModelProto | str", X: TableLike) -> dict[str, np.ndarray]:
    """Return what an exported model predicts in onnxruntime, by output.

    Parameters
    ----------
    exported : ModelProto, or the path of one
    X : array-like or dataframe of shape (n_rows, n_columns)
        With the columns of training.
    """
    with explain_missing_package():
        import onnxruntime

    source = exported if isinstance(exported, str) else exported.SerializeToString()
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, make_inputs(session, X)), strict=True))


def make_inputs(session: Any, X: TableLike) -> dict[str, np.ndarray]:
    """Return a table as the inputs of an onnxruntime session.

    Numbers become float64, NaN where missing; text strings, empty where missing.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    wanted = {each.name: each.type for each in session.get_inputs()}
    if len(wanted) == 1 and session.get_inputs()[0].shape[1] != 1:
        (name, kind), cells = next(iter(wanted.items())), np.asarray(X)
        return {name: _convert(cells, kind)}
    if not hasattr(X, "columns"):
        cells = np.asarray(X, object) if isinstance(X, list) else np.asarray(X)
        return {name: _convert(cells[:, j : j + 1], kind) for j, (name, kind) in enumerate(wanted.items())}
    absent = [name for name in wanted if name not in X.columns]
    if absent:
        raise ValueError(f"X lacks the columns {absent[:5]}, which the exported model takes")
    return {name: _convert(np.asarray(X[[name]]), kind) for name, kind in wanted.items()}


def _count_seconds(cells: np.ndarray) -> np.ndarray:
    """Return dates, also as text, as seconds since 1970 by their clock, and durations.

    Other cells stay as they are.
    """
    if cells.dtype.kind == "m" or any(map(is_duration_type, set(map(type, cells.flat)))):
        return convert_to_floats(cells.ravel(), "a duration").reshape(cells.shape)
    present = [cell for cell in cells.flat if not is_missing(cell)] if cells.dtype.kind in "OUT" else []
    if present and all(isinstance(cell, str) for cell in present) and are_dates(present):
        moments = parse_dates([str(cell) for cell in cells.flat])
    elif cells.dtype.kind == "M" or (present and all(is_date_type(type(cell)) for cell in present)):
        moments = read_moments(cells.ravel(), find_zone(cells.flat))
    else:
        return cells
    seconds = moments.astype(np.int64) / 1e6
    return np.where(np.isnat(moments), np.nan, seconds).reshape(cells.shape)


def _convert(cells: np.ndarray, kind: str) -> np.ndarray:
    if kind != "tensor(string)":
        cells = _count_seconds(cells)
        if cells.dtype == object:
            cells = np.array([[np.nan if is_missing(cell) else cell for cell in row] for row in cells], object)
        return cells.astype({"tensor(double)": np.float64, "tensor(float)": np.float32}[kind])
    return np.array(
        [["" if is_missing(cell) else format_category(cell) for cell in row] for row in cells.tolist()], object
    )
