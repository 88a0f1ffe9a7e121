"""How numbers are brought onto a common scale, and their bins, as ONNX nodes.

All is float64, as in the encoder; only results are float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sknet_hp.estimators.encoding.numeric.bins import PiecewiseLinear
from sknet_hp.estimators.encoding.numeric.sparse_scaler import SparseScaler
from sknet_hp.estimators.encoding.numeric.standardise import LIMIT, Standardiser
from sknet_hp.estimators.encoding.numeric.transforms import ColumnTransform, Quantile, RobustSmooth, Unchanged
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.quantiles import add_normal_quantile, add_quantile_levels

Scaler = Standardiser | ColumnTransform | SparseScaler

_LARGEST = float(np.finfo(np.float32).max)


def _scale_standard(b: GraphBuilder, scaler: Standardiser, x: str) -> str:
    if scaler.unit_ is not None:
        x = b.add("Mul", x, scaler.unit_)
    return b.add("Div", b.add("Sub", x, scaler.mean_), scaler.std_)


def _scale_robustly(b: GraphBuilder, scaler: RobustSmooth, x: str) -> str:
    x = _clip(b, b.add("Mul", b.add("Sub", x, scaler.median_), scaler.factor_), LIMIT)
    third = b.add("Div", x, np.float64(3))
    return b.add("Div", x, b.add("Sqrt", b.add("Add", b.add("Mul", third, third), np.float64(1))))


def _scale_by_quantiles(b: GraphBuilder, scaler: Quantile, x: str) -> str:
    known = ~np.isnan(scaler.spread_)  # not constant in training
    centre, spread = np.where(known, scaler.centre_, 0.0), np.where(known, scaler.spread_, np.inf)
    scaled = b.add("Div", b.add("Sub", x, centre), spread)
    levels = add_quantile_levels(b, scaler.transformer_.quantiles_, scaler.transformer_.references_, scaled)
    return b.add("Mul", add_normal_quantile(b, levels), known.astype(np.float64))


def _leave(b: GraphBuilder, scaler: Unchanged, x: str) -> str:
    return x


def _scale_sparse(b: GraphBuilder, scaler: SparseScaler, x: str) -> str:
    return b.add("Mul", x, scaler.factor_)


SCALERS: dict[type, Callable[[GraphBuilder, Any, str], str]] = {
    Standardiser: _scale_standard,
    Quantile: _scale_by_quantiles,
    RobustSmooth: _scale_robustly,
    Unchanged: _leave,
    SparseScaler: _scale_sparse,
}
"""By what has learned, how numbers, (rows, columns) float64, are transformed."""


def add_numbers(b: GraphBuilder, scaler: Scaler, x: str) -> list[str]:
    """Return the scaled numbers, then the flags of missing ones, (rows, …) float32."""
    missing = b.add("IsNaN", x)
    scaled = SCALERS[type(scaler)](b, scaler, x)
    unlimited = isinstance(scaler, Unchanged) or (isinstance(scaler, SparseScaler) and not scaler.scaled)
    scaled = _clip(b, scaled, _LARGEST if unlimited else LIMIT)
    parts = [b.cast(b.add("Where", missing, np.float64(0), scaled), np.float32)]
    if len(scaler.flagged_):
        flags = b.add("Gather", missing, np.array(scaler.flagged_, np.int64), axis=1)
        parts.append(b.cast(flags, np.float32))
    return parts


def add_bins(b: GraphBuilder, bins: PiecewiseLinear, x: str) -> str:
    """Return how full each bin is, (rows, bins) float32.

    Each one goes from 0 to 1 between two neighbouring edges.
    """
    low, width, column = [], [], []
    for j in bins.binned_:
        edges, spare = bins.edges_[j], bins.counts_[j] - max(0, len(bins.edges_[j]) - 1)
        low += [*edges[:-1], *[0.0] * spare]
        width += [*np.diff(edges), *[np.inf] * spare]  # which nothing ever fills
        column += [j] * bins.counts_[j]
    own = b.add("Gather", x, np.array(column, np.int64), axis=1)
    share = b.add("Div", b.add("Sub", own, np.array(low)), np.array(width))
    share = b.add("Clip", share, np.float64(0), np.float64(1))
    return b.cast(b.add("Where", b.add("IsNaN", own), np.float64(0), share), np.float32)


def _clip(b: GraphBuilder, x: str, limit: float) -> str:
    return b.add("Clip", x, np.float64(-limit), np.float64(limit))
