"""Fitted transformers: those that put columns together by us, others by skl2onnx.

Columns of text and dates pass through to the network, which encodes them itself.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
)
from sklearn.utils._missing import is_pandas_na, is_scalar_nan

from sknet_hp.sharing.onnx import foreign
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.steps.categories import add_one_hot
from sknet_hp.sharing.onnx.steps.distributions import add_power, add_quantiles
from sknet_hp.sharing.onnx.steps.functions import FUNCTIONS, list_functions
from sknet_hp.sharing.onnx.steps.identity import keeps_columns
from sknet_hp.sharing.onnx.tables import MatrixTensor, TensorTable, join_tables


def add_transformer(b: GraphBuilder, step: Any, table: TensorTable) -> TensorTable:
    """Add a fitted transformer, and return the table it makes.

    Raises
    ------
    TypeError
        If it, or a part of it, has no ONNX form.
    """
    if keeps_columns(step):
        return table
    if isinstance(step, FrozenEstimator):
        return add_transformer(b, step.estimator, table)
    if isinstance(step, Pipeline):
        for _, each in step.steps:
            table = add_transformer(b, each, table)
        return table
    if isinstance(step, ColumnTransformer):
        return _join(b, step, _list_blocks(b, step, table))
    if isinstance(step, FeatureUnion):
        return _join(b, step, [(name, each, table) for name, each in step.transformer_list if each != "drop"])
    if isinstance(step, SelectorMixin):
        return table.select(b, np.flatnonzero(step.get_support()).tolist())
    if isinstance(step, FunctionTransformer):
        return _apply_function(b, step, table)
    if isinstance(step, (PowerTransformer, QuantileTransformer)):
        add_numbers = add_power if isinstance(step, PowerTransformer) else add_quantiles
        x = table.read_numbers(b, range(table.n_columns))
        return MatrixTensor(add_numbers(b, step, x), table.n_columns, np.float64)
    if isinstance(step, SimpleImputer) and not foreign.is_of_text(step):
        return _impute_numbers(b, step, table)
    if isinstance(step, OneHotEncoder):
        return add_one_hot(b, step, table)
    if isinstance(step, OrdinalEncoder):
        return _encode_in_order(b, step, table)
    if isinstance(step, KBinsDiscretizer) and step.encode == "onehot":
        step = copy(step)
        step.encode = "onehot-dense"  # the same numbers; ONNX has no sparse ones
    return foreign.add_transformer(b, step, table)


def _list_blocks(b: GraphBuilder, step: ColumnTransformer, table: TensorTable) -> list[tuple[str, Any, TensorTable]]:
    """Return each transformer with the columns that it is given."""
    columns_of = step._transformer_to_input_indices
    used = [(name, each, columns_of[name]) for name, each, _ in step.transformers_]
    kept = [entry for entry in used if len(entry[2]) and not (isinstance(entry[1], str) and entry[1] == "drop")]
    return [(name, each, table.select(b, columns)) for name, each, columns in kept]


def _join(
    b: GraphBuilder, step: ColumnTransformer | FeatureUnion, blocks: Iterable[tuple[str, Any, TensorTable]]
) -> TensorTable:
    """Return what transformers make of their columns, side by side."""
    weights = step.transformer_weights or {}
    parts = []
    for name, each, columns in blocks:
        part = add_transformer(b, each, columns)
        if weights.get(name) is not None:
            numbers = part.read_numbers(b, range(part.n_columns))
            part = MatrixTensor(b.add("Mul", numbers, np.float64(weights[name])), part.n_columns, np.float64)
        parts.append(part)
    return join_tables(parts)


def _apply_function(b: GraphBuilder, step: FunctionTransformer, table: TensorTable) -> TensorTable:
    if step.func not in FUNCTIONS or step.kw_args:
        raise TypeError(
            f"{step!r} can not be exported: the functions with an ONNX form are {list_functions()}, without kw_args. "
            f"Apply the function to the table before fit, or leave the step out"
        )
    numbers = FUNCTIONS[step.func](b, table.read_numbers(b, range(table.n_columns)))
    return MatrixTensor(numbers, table.n_columns, np.float64)


def _impute_numbers(b: GraphBuilder, step: SimpleImputer, table: TensorTable) -> TensorTable:
    """Add an imputer of numbers; skl2onnx fills in float32, and omits the flags."""
    x = table.read_numbers(b, range(table.n_columns))
    marker = step.missing_values
    is_nan = marker is None or is_scalar_nan(marker) or is_pandas_na(marker)
    is_missing = b.add("IsNaN", x) if is_nan else b.add("Equal", x, np.float64(marker))
    filled_with = np.asarray(step.statistics_, np.float64)
    filled = b.add("Where", is_missing, filled_with, x)
    kept = np.flatnonzero(~np.isnan(filled_with))  # the others had no numbers in training
    parts: list[TensorTable] = [MatrixTensor(filled, table.n_columns, np.float64).select(b, kept.tolist())]
    if step.add_indicator:
        flagged = step.indicator_.features_
        flags = b.cast(b.add("Gather", is_missing, flagged.astype(np.int64), axis=1), np.float64)
        parts.append(MatrixTensor(flags, len(flagged), np.float64))
    return join_tables(parts)


def _encode_in_order(b: GraphBuilder, step: OrdinalEncoder, table: TensorTable) -> TensorTable:
    """Add an encoder of categories; skl2onnx gives missing text a number as well."""
    encoded = foreign.add_transformer(b, step, table)
    is_missing = [each.dtype == object and "" in foreign.name_missing(each) for each in step.categories_]
    if not any(is_missing):
        return encoded
    parts: list[TensorTable] = []
    for column, has_missing in enumerate(is_missing):
        numbers = encoded.read_numbers(b, [column])
        if has_missing:
            missing = b.add("Equal", table.read_text(b, column), np.array([""], object))
            numbers = b.add("Where", missing, np.float64(step.encoded_missing_value), numbers)
        parts.append(MatrixTensor(numbers, 1, np.float64))
    return join_tables(parts)
