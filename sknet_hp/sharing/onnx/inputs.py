"""What an exported model is given: its inputs, and a table as values for them."""

import json
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.encoding.categorical.categories import format_category
from sknet_hp.estimators.encoding.dates.columns import list_dates
from sknet_hp.estimators.encoding.dates.date_column import DateColumn
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.encoding.tables.table import Table
from sknet_hp.estimators.types import TableLike
from sknet_hp.sharing.onnx.steps.identity import keeps_columns
from sknet_hp.sharing.onnx.tables import ColumnTensors, MatrixTensor, TensorTable

DATES = "dates"
"""Where the file says which inputs are dates, and on which clock: JSON, by column."""

Zones = dict[str, str | None]


def describe_inputs(model: Any, X: TableLike | None) -> tuple[TensorTable, Zones]:
    """Return the tensors that a model is given, and the time zones of dates.

    Networks know the types of their columns. Of others, X tells them.
    """
    first = _find_network(model)
    zones: dict[int, str | None]
    if first is not None:
        names, n_columns = (
            getattr(model, "feature_names_in_", getattr(first, "feature_names_in_", None)),
            first.n_features_in_,
        )
        text = set(first.encoder_.text_columns)
        zones = {date.column: date.zone_ for date in first.encoder_.learned.dates}
    elif X is None:
        raise ValueError(
            f"a {type(model).__name__} does not know the types of its columns: give X, some rows like those of training"
        )
    else:
        names, table = getattr(X, "columns", None), open_table(X, model)
        n_columns = table.n_columns
        zones = {column: _find_zone(table, column) for column in list_dates(table)}
        text = {column for column in range(n_columns) if column not in zones and _holds_text(table, column)}
    dtypes = [object if j in text else np.float64 for j in range(n_columns)]
    if names is None and len(set(dtypes)) == 1 and not zones:
        return MatrixTensor("X", n_columns, dtypes[0]), {}
    columns = [f"x{column}" for column in range(n_columns)] if names is None else [str(name) for name in names]
    if "" in columns:
        raise ValueError(f"column {columns.index('')} has an empty name, which ONNX has not; name it before training")
    return ColumnTensors(columns, columns, dtypes), {columns[column]: zone for column, zone in zones.items()}


def _find_network(model: Any) -> BaseNet | None:
    """Return a network in a model that reads the table as the model is given it."""
    if isinstance(model, BaseNet):
        return model
    if isinstance(model, Pipeline):
        whole = all(keeps_columns(step) for _, step in model.steps[:-1])
        return _find_network(model.steps[-1][1]) if whole else None
    all_columns = np.arange(getattr(model, "n_features_in_", 0))
    if not all(np.array_equal(features, all_columns) for features in getattr(model, "estimators_features_", [])):
        return None
    inside = [*getattr(model, "estimators_", [])]
    inside += [each.estimator for each in getattr(model, "calibrated_classifiers_", [])]
    inside += [getattr(model, name) for name in ("estimator_", "regressor_", "best_estimator_") if hasattr(model, name)]
    inside += [model.estimator] if isinstance(model, FrozenEstimator) else []
    for found in map(_find_network, inside):
        # Optuna's search does not say how many columns it is given.
        if found is not None and found.n_features_in_ == getattr(model, "n_features_in_", found.n_features_in_):
            return found
    return None


def _find_zone(table: Table, column: int) -> str | None:
    return table.find_zone(column) if table.is_date(column) else None


def _holds_text(table: Table, column: int) -> bool:
    if table.is_numeric(column):
        return False
    return any(isinstance(cell, str) for cell in table.read_objects(column, slice(0, table.n_rows)))


def make_inputs(session: Any, X: TableLike) -> dict[str, np.ndarray]:
    """Return a table as the inputs of an onnxruntime session.

    Numbers become float64, NaN where missing; dates seconds since 1970 by the clock of
    the training rows; text strings, empty where missing.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    wanted = {each.name: each.type for each in session.get_inputs()}
    zones: Zones = json.loads(session.get_modelmeta().custom_metadata_map.get(DATES, "{}"))
    table = open_table(X, TableEncoder())
    if len(wanted) == 1 and session.get_inputs()[0].shape[1] != 1:
        (name, kind), columns = next(iter(wanted.items())), range(table.n_columns)
        return {name: np.hstack([_read_input(table, column, name, kind, {}) for column in columns])}
    if not hasattr(X, "columns"):
        columns_of = {name: number for number, name in enumerate(wanted)}
    else:
        columns_of = {str(name): number for number, name in enumerate(X.columns)}
    absent = [name for name in wanted if columns_of.get(name, table.n_columns) >= table.n_columns]
    if absent:
        raise ValueError(f"X lacks the columns {absent[:5]}, which the exported model takes")
    return {name: _read_input(table, columns_of[name], name, kind, zones) for name, kind in wanted.items()}


def _read_input(table: Table, column: int, name: str, kind: str, zones: Zones) -> np.ndarray:
    """Return a column as an input of this name and type, (rows, 1)."""
    rows = slice(0, table.n_rows)
    if name in zones:
        moments = DateColumn(column, zones[name]).read(table)
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)[:, None]
    if kind == "tensor(string)":
        cells = table.read_objects(column, rows)
        return np.array([["" if cell is None else format_category(cell)] for cell in cells], object)
    values = np.empty((table.n_rows, 1))
    if table.is_numeric(column):
        table.read_floats([column], rows, values)
    else:  # booleans, and categories that are numbers
        values[:, 0] = [np.nan if cell is None else cell for cell in table.read_objects(column, rows)]
    return values
