"""Regressors of a transformed target as ONNX nodes: the way back from it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.foreign import AddModel
from sknet_hp.sharing.onnx.steps.distributions import round_to_zero
from sknet_hp.sharing.onnx.steps.functions import FUNCTIONS, list_functions
from sknet_hp.sharing.onnx.tables import TensorTable
from sknet_hp.sharing.onnx.targets import Predictions


def add_transformed_target(
    b: GraphBuilder, model: TransformedTargetRegressor, table: TensorTable, add_model: AddModel
) -> Predictions:
    """Add a regressor, and the inverse of what its target was transformed by."""
    inside = add_model(b, model.regressor_, table)._replace(flat=model._training_dim == 1)
    transformer = model.transformer_
    if type(transformer) in _INVERSES:
        numbers = _INVERSES[type(transformer)](b, transformer, str(inside.numbers))
        return inside._replace(numbers=numbers)
    known = ", ".join(kind.__name__ for kind in _INVERSES)
    raise TypeError(
        f"the inverse of transformer={transformer!r} has no ONNX form here; known are those of {known}. Use one of "
        f"these, or export regressor_ and undo the transformation yourself"
    )


def _invert_function(b: GraphBuilder, transformer: FunctionTransformer, x: str) -> str:
    if transformer.inverse_func is None:
        return x
    if transformer.inverse_func not in FUNCTIONS or transformer.inv_kw_args:
        raise TypeError(
            f"inverse_func={transformer.inverse_func!r} has no ONNX form here; the functions that have one are "
            f"{list_functions()}, without arguments"
        )
    return FUNCTIONS[transformer.inverse_func](b, x)


def _invert_standard(b: GraphBuilder, scaler: StandardScaler | RobustScaler, x: str) -> str:
    centre = scaler.mean_ if isinstance(scaler, StandardScaler) else scaler.center_
    is_centred = scaler.with_mean if isinstance(scaler, StandardScaler) else scaler.with_centering
    x = x if scaler.scale_ is None else b.add("Mul", x, np.asarray(scaler.scale_, np.float64))
    return b.add("Add", x, np.asarray(centre, np.float64)) if is_centred else x


def _invert_min_max(b: GraphBuilder, scaler: MinMaxScaler, x: str) -> str:
    return b.add("Div", b.add("Sub", x, scaler.min_), scaler.scale_)


def _invert_max_abs(b: GraphBuilder, scaler: MaxAbsScaler, x: str) -> str:
    return b.add("Mul", x, scaler.scale_)


def _invert_power(b: GraphBuilder, power: PowerTransformer, x: str) -> str:
    """Undo a Yeo-Johnson or Box-Cox transformation, column by column."""
    if power.standardize:
        x = _invert_standard(b, power._scaler, x)
    invert = _invert_box_cox if power.method == "box-cox" else _invert_yeo_johnson
    columns = [
        invert(b, float(exponent), b.select_columns(x, column, column + 1))
        for column, exponent in enumerate(power.lambdas_)
    ]
    return b.concatenate(columns)


def _invert_box_cox(b: GraphBuilder, exponent: float, x: str) -> str:
    """Return (exponent x + 1)^(1 / exponent)."""
    if exponent == 0:
        return b.add("Exp", x)
    inside = b.add("Add", b.add("Mul", x, np.float64(exponent)), np.float64(1))
    return b.add("Pow", inside, np.float64(1 / exponent))


def _invert_yeo_johnson(b: GraphBuilder, exponent: float, x: str) -> str:
    """Undo Box-Cox of what is above zero, and of the mirror image of what is below."""
    one = np.float64(1)
    above = b.add("Sub", _invert_box_cox(b, round_to_zero(exponent), x), one)
    below = b.add("Sub", one, _invert_box_cox(b, round_to_zero(2 - exponent), b.add("Neg", x)))
    return b.add("Where", b.add("GreaterOrEqual", x, np.float64(0)), above, below)


_INVERSES: dict[type, Callable[[GraphBuilder, Any, str], str]] = {
    FunctionTransformer: _invert_function,  # what func and inverse_func become
    StandardScaler: _invert_standard,
    RobustScaler: _invert_standard,
    MinMaxScaler: _invert_min_max,
    MaxAbsScaler: _invert_max_abs,
    PowerTransformer: _invert_power,
}
"""By the type of a fitted transformer, what undoes it, (rows, targets) float64."""
