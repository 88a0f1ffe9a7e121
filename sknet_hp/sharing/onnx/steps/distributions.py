"""Transformers that change how numbers are distributed, as ONNX nodes in float64.

skl2onnx has no quantiles of the normal distribution, and fills in missing numbers
before a power transformation. Here they stay NaN, as in scikit-learn.
"""

import numpy as np
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.quantiles import TOLERANCE, add_normal_quantile, add_quantile_levels


def add_quantiles(b: GraphBuilder, step: QuantileTransformer, x: str) -> str:
    """Return numbers, (rows, columns), as levels or as normal quantiles."""
    normal = step.output_distribution == "normal"
    levels = add_quantile_levels(b, step.quantiles_, step.references_, x, TOLERANCE if normal else 0.0)
    changed = add_normal_quantile(b, levels) if normal else levels
    return b.add("Where", b.add("IsNaN", x), x, changed)


def add_power(b: GraphBuilder, step: PowerTransformer, x: str) -> str:
    """Return numbers, (rows, columns), by Yeo and Johnson or by Box and Cox."""
    add = _add_box_cox if step.method == "box-cox" else _add_yeo_johnson
    columns = [add(b, float(power), b.select_columns(x, j, j + 1)) for j, power in enumerate(step.lambdas_)]
    changed = b.concatenate(columns)
    if not step.standardize:
        return changed
    return b.add("Div", b.add("Sub", changed, step._scaler.mean_), step._scaler.scale_)


def _add_box_cox(b: GraphBuilder, power: float, x: str) -> str:
    """Return (x^power - 1) / power, or the logarithm of x."""
    if power == 0:
        return b.add("Log", x)
    raised = b.add("Sub", b.add("Pow", x, np.float64(power)), np.float64(1))
    return b.add("Div", raised, np.float64(power))


def _add_yeo_johnson(b: GraphBuilder, power: float, x: str) -> str:
    """Box-Cox of 1 + x above zero; below, the mirror image with another power."""
    one = np.float64(1)
    above = _add_box_cox(b, round_to_zero(power), b.add("Add", x, one))
    below = b.add("Neg", _add_box_cox(b, round_to_zero(2 - power), b.add("Sub", one, x)))
    return b.add("Where", b.add("GreaterOrEqual", x, np.float64(0)), above, below)


def round_to_zero(power: float) -> float:
    """Return 0 for what scikit-learn takes as 0."""
    return 0.0 if abs(power) < np.spacing(1.0) else power
