"""Checks of what happens inside a network: units and gradients."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknet_hp.findings import Finding
from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.measurements import LayerFlow
from sknet_hp.tuning.diagnosis.thresholds import EXPLODING, FEWEST_ROWS_OF_UNITS, MANY_DEAD_UNITS, VANISHING

_SATURATING = ("sigmoid", "tanh")


@network_check("dead_units", "units give the same for every row", needs="rows")
def find_dead_units(case: NetworkCase) -> Iterator[Finding]:
    """Look for layers in which many units give the same for every row."""
    measured = case.measurement
    if measured is None or not len(measured.constant_shares) or measured.n_rows < FEWEST_ROWS_OF_UNITS:
        return
    shares = measured.constant_shares
    if shares.max() < MANY_DEAD_UNITS:
        return
    network = case.network
    remedy: dict[str, Any] = remedies.lower_rate(network, 10) if remedies.exceeds_usual_rate(network) else {}
    if isinstance(network.module, str) and network.activation in ("relu", *_SATURATING):
        remedy["activation"] = "silu"
    yield Finding(
        "dead_units",
        "warning",
        f"In hidden layer {int(shares.argmax()) + 1}, {format_percentage(shares.max())} of the units give the same "
        f"output for all {measured.n_rows} rows: they no longer learn.",
        {"share_by_layer": [round(float(share), 3) for share in shares], "rows": measured.n_rows},
        "Lower the learning rate, and use an activation that is not flat, such as silu or leaky_relu.",
        remedy,
        case.subject,
    )


@network_check("vanishing_gradients", "early layers hardly learn", needs="rows")
def find_vanishing_gradients(case: NetworkCase) -> Iterator[Finding]:
    """Look for gradients that shrink on their way to the first layer."""
    flow = _get_start(case)
    ratio = compute_flow_ratio(flow)
    if flow is None or ratio is None or ratio > VANISHING:
        return
    remedy: dict[str, Any] = {}
    if isinstance(case.network.module, str):
        remedy = _shorten_way(case.network)
    yield Finding(
        "vanishing_gradients",
        "warning",
        f"At the start of training, the gradient at the first layer is {ratio:.1g} times that at the last: early "
        f"layers may hardly learn.",
        {"ratio": ratio, "layers": len(flow.slopes)},
        "Use an activation that does not saturate, normalisation, fewer layers, or a resnet.",
        remedy,
        case.subject,
    )


@network_check("exploding_gradients", "gradients grow from layer to layer", needs="rows")
def find_exploding_gradients(case: NetworkCase) -> Iterator[Finding]:
    """Look for gradients that grow on their way to the first layer."""
    flow = _get_start(case)
    ratio = compute_flow_ratio(flow)
    if flow is None or ratio is None or ratio < EXPLODING:
        return
    remedy: dict[str, Any] = {"grad_clip_norm": 1.0}
    if isinstance(case.network.module, str):
        remedy["init"] = "auto"
        if case.network.module != "tabm":
            remedy["normalization"] = "layer"
    yield Finding(
        "exploding_gradients",
        "warning",
        f"At the start of training, the gradient at the first layer is {ratio:.3g} times that at the last.",
        {"ratio": ratio, "gradient_norm": flow.gradient_norm},
        "Start with smaller weights, normalise, and clip gradients.",
        remedy,
        case.subject,
    )


def _shorten_way(network: Any) -> dict[str, Any]:
    """Return fewer layers, of an activation that lets gradients through."""
    remedy: dict[str, Any] = {}
    if network.activation in _SATURATING:
        remedy["activation"] = "silu"
    if network.hidden_layer_sizes is not None:
        return remedy | {"hidden_layer_sizes": tuple(network.hidden_layer_sizes)[:3]}
    if network.n_layers > 3:
        return remedy | {"n_layers": 3}
    return remedy | ({} if network.module == "tabm" else {"normalization": "layer"})


def _get_start(case: NetworkCase) -> LayerFlow | None:
    return None if case.measurement is None else case.measurement.start


def compute_flow_ratio(flow: LayerFlow | None) -> float | None:
    """Return the gradient at the first layer's outputs by that at the last hidden's.

    None of fewer than two hidden layers, and where no gradient comes to them.
    """
    if flow is None or len(flow.slopes) < 3:
        return None
    first, last = float(flow.slopes[0]), float(flow.slopes[-2])
    if first == last == 0:  # weights of the output layer that start at zero let nothing through yet
        return None
    if not np.isfinite(first) or not np.isfinite(last):
        return float("inf")
    return first / max(last, 1e-300)
