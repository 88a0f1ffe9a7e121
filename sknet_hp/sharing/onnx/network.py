"""A trained network as ONNX nodes: its layers, and its heads taken together."""

import math
from collections.abc import Callable

import numpy as np

from sknet_hp.nets.graph import Graph, Shape
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.layers import CONVERTERS, Tensors

_LARGEST = float(np.finfo(np.float32).max)


def add_network(
    b: GraphBuilder,
    graph: Graph,
    parameters: np.ndarray,
    buffers: np.ndarray,
    rates: tuple[float, ...],
    x: str,
    loss: str,
    n_outputs: int,
) -> str:
    """Add a network to a graph.

    Parameters
    ----------
    graph : the network's structure.
    parameters, buffers, rates : its weights, flat, and the numbers of its layers.
    x : encoded rows, (rows, width + n_codes) float32.
    loss, n_outputs : the name of the loss that says what outputs mean, and how many
        there are.

    Returns
    -------
    outputs : the name of (rows, n_outputs) float32, finite
    """
    tensors = {**_split(parameters, graph.parameters), **_split(buffers, graph.buffers)}
    left = list(rates)
    outputs = [x]
    for node in graph.nodes:
        own: Tensors = {role: tensors[name] for role, name, _ in (*node.parameters, *node.buffers)}
        taken, left = tuple(left[: node.n_rates]), left[node.n_rates :]
        outputs.append(CONVERTERS[node.kind](b, node, [outputs[number] for number in node.inputs], own, taken))
    out = outputs[-1]
    if graph.nodes[-1].kind == "ensemble_output":  # (rows, heads, n_outputs)
        combined = combine_heads(b, loss, out) if graph.n_heads > 1 else out
        out = b.add("Reshape", combined, np.array([-1, n_outputs], np.int64))
    # Huge weights that were finite on the training rows can overflow on others.
    out = b.add("Where", b.add("IsNaN", out), np.float32(0), out)
    return b.add("Clip", out, np.float32(-_LARGEST), np.float32(_LARGEST))


def _split(vector: np.ndarray, shapes: list[tuple[str, Shape]]) -> Tensors:
    """Return the tensors that lie one after the other in a vector, by name."""
    ends = np.cumsum([math.prod(shape) for _, shape in shapes], dtype=np.int64)
    parts = np.split(vector, ends[:-1]) if shapes else []
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes, parts, strict=True)}


# ---- heads ---------------------------------------------------------------------------------------------------------


def combine_heads(b: GraphBuilder, loss: str, outputs: str) -> str:
    """Average what several heads, (rows, heads, n_outputs), predict."""
    return COMBINATIONS.get(loss, _average)(b, outputs)


def _average(b: GraphBuilder, x: str) -> str:
    return b.add("ReduceMean", x, np.array([1], np.int64), keepdims=0)


def _average_softmax(b: GraphBuilder, x: str) -> str:
    return b.add("Log", _average(b, b.add("Softmax", x, axis=-1)))


def _average_sigmoid(b: GraphBuilder, x: str) -> str:
    p = b.add("Clip", _average(b, b.add("Sigmoid", x)), np.float32(1e-7), np.float32(1 - 1e-7))
    return b.add("Log", b.add("Div", p, b.add("Sub", np.float32(1), p)))


def _average_rates(b: GraphBuilder, x: str) -> str:
    return b.add("Log", _average(b, b.add("Exp", x)))


COMBINATIONS: dict[str, Callable[[GraphBuilder, str], str]] = {
    "cross_entropy": _average_softmax,
    "focal": _average_softmax,
    "binary_cross_entropy": _average_sigmoid,
    "poisson": _average_rates,
}
"""By loss, how the outputs of several heads, (rows, heads, n_outputs), are averaged;
the outputs of all others as they are.
"""
