"""Every kind of layer as ONNX nodes.

A function takes the builder, the graph's node, its inputs, its tensors by role and the
numbers of the layer; it returns the name of its output. Inputs are (rows, width), or
(rows, heads, width) between the layers of an ensemble. All is float32.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sknet_hp.nets.graph import Node
from sknet_hp.sharing.onnx.builder import GraphBuilder

Tensors = dict[str, np.ndarray]
Rates = tuple[float, ...]
Converter = Callable[[GraphBuilder, Node, list[str], Tensors, Rates], str]

CONVERTERS: dict[str, Converter] = {}
"""By kind, what adds a layer's nodes."""

_F = np.float32


def _register(*kinds: str) -> Callable[[Converter], Converter]:
    def register(converter: Converter) -> Converter:
        CONVERTERS.update(dict.fromkeys(kinds, converter))
        return converter

    return register


# ---- activations, sums ---------------------------------------------------------------------------------------------

_PLAIN = {"relu": "Relu", "selu": "Selu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


@_register(*_PLAIN)
def _add_plain(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add(_PLAIN[node.kind], inputs[0])


@_register("leaky_relu")
def _add_leaky_relu(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("LeakyRelu", inputs[0], alpha=float(node.slope))


@_register("elu")
def _add_elu(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Elu", inputs[0], alpha=float(node.alpha))


@_register("gelu")
def _add_gelu(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Gelu", inputs[0], approximate=node.approximate)


@_register("silu")
def _add_silu(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Mul", inputs[0], b.add("Sigmoid", inputs[0]))


@_register("mish")
def _add_mish(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Mul", inputs[0], b.add("Tanh", b.add("Softplus", inputs[0])))


@_register("parametric")
def _add_parametric(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    activation = replace(node, kind=node.activation)
    curved = CONVERTERS[node.activation](b, activation, inputs, {}, ())
    return b.add("Add", inputs[0], b.add("Mul", b.add("Sub", curved, inputs[0]), tensors["weight"]))


@_register("softmax")
def _add_softmax(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Softmax", inputs[0], axis=-1)


@_register("log_softmax")
def _add_log_softmax(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("LogSoftmax", inputs[0], axis=-1)


@_register("add")
def _add_sum(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Add", *inputs)


@_register("dropout", "identity")
def _add_nothing(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return inputs[0]


# ---- linear maps, normalisations, factors --------------------------------------------------------------------------


@_register("linear", "ntk_linear")
def _add_linear(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    weight = tensors["weight"].T  # (n_inputs, n_outputs)
    if node.kind == "ntk_linear":
        weight = weight * _F(len(weight) ** -0.5)
    product = b.add("MatMul", inputs[0], weight)
    return b.add("Add", product, tensors["bias"]) if "bias" in tensors else product


@_register("batch_norm")
def _add_batch_norm(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    # The mean is subtracted first, as a large one would cost digits later.
    factor = tensors["weight"] / np.sqrt(tensors["running_var"].astype(np.float64) + rates[0])
    centred = b.add("Sub", inputs[0], tensors["running_mean"])
    return b.add("Add", b.add("Mul", centred, factor.astype(_F)), tensors["bias"])


@_register("layer_norm")
def _add_layer_norm(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("LayerNormalization", inputs[0], tensors["weight"], tensors["bias"], axis=-1, epsilon=rates[0])


@_register("feature_scale")
def _add_feature_scale(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    return b.add("Mul", inputs[0], tensors["weight"])


# ---- embeddings ----------------------------------------------------------------------------------------------------

_END = 2**31 - 1  # beyond every column


def _map_each_number(b: GraphBuilder, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
    """Map the values of each number, (rows, n, k), linearly.

    Each has a weight, (n, k, d), and a bias, (n, d), of its own.
    """
    product = b.add("MatMul", b.add("Transpose", x, perm=[1, 0, 2]), weight)  # (n, rows, d)
    return b.add("Add", b.add("Transpose", product, perm=[1, 0, 2]), bias)  # (rows, n, d)


def _flatten(b: GraphBuilder, x: str, width: int) -> str:
    return b.add("Reshape", x, np.array([-1, width], np.int64))


@_register("periodic")
def _add_periodic(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    n = node.n_numeric
    numbers = b.add("Unsqueeze", b.select_columns(inputs[0], 0, n), np.array([2], np.int64))  # (rows, n, 1)
    # One rounding, as training has it: angles may be large, and a digit of theirs matters.
    turns = b.cast(b.add("Mul", numbers, _F(2 * math.pi)), np.float64)
    angle = b.add("Mul", turns, tensors["frequency"].astype(np.float64))
    if "phase" in tensors:
        angle = b.add("Add", angle, tensors["phase"].astype(np.float64))
    angle = b.cast(angle, np.float32)
    if "phase" in tensors:
        embedded = _map_each_number(b, b.add("Cos", angle), tensors["weight"], tensors["bias"])
        embedded = b.concatenate([embedded, numbers], axis=2)
    else:
        waves = b.concatenate([b.add("Cos", angle), b.add("Sin", angle)], axis=2)
        embedded = b.add("Relu", _map_each_number(b, waves, tensors["weight"], tensors["bias"]))
    return b.concatenate([_flatten(b, embedded, n * node.dim), b.select_columns(inputs[0], n, _END)])


@_register("bins")
def _add_bins(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    n, first, end = node.n_numeric, node.first_bin, node.first_bin + node.n_numeric * node.n_bins
    shape = np.array([-1, n, node.n_bins], np.int64)
    bins = b.add("Reshape", b.select_columns(inputs[0], first, end), shape)
    numbers = b.add("Unsqueeze", b.select_columns(inputs[0], 0, n), np.array([2], np.int64))
    straight = b.add("Mul", numbers, tensors["slope"])  # (rows, n, dim)
    embedded = b.add("Add", _map_each_number(b, bins, tensors["weight"], tensors["bias"]), straight)
    rest = [b.select_columns(inputs[0], n, first), b.select_columns(inputs[0], end, _END)]
    return b.concatenate([_flatten(b, embedded, n * node.dim), *rest])


@_register("categories")
def _add_categories(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    codes = b.cast(b.select_columns(inputs[0], -node.n_columns, _END), np.int64)
    vectors = b.add("Gather", tensors["weight"], codes)  # (rows, n_columns, dim)
    width = node.n_columns * node.dim
    return b.concatenate([b.select_columns(inputs[0], 0, -node.n_columns), _flatten(b, vectors, width)])


# ---- ensembles -----------------------------------------------------------------------------------------------------


@_register("ensemble_linear")
def _add_ensemble_linear(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    x = b.add("Unsqueeze", inputs[0], np.array([1], np.int64)) if node.first else inputs[0]
    product = b.add("MatMul", b.add("Mul", x, tensors["input_factor"]), tensors["weight"].T)
    return b.add("Add", b.add("Mul", product, tensors["output_factor"]), tensors["bias"])


@_register("ensemble_output")
def _add_ensemble_output(b: GraphBuilder, node: Node, inputs: list[str], tensors: Tensors, rates: Rates) -> str:
    weight = tensors["weight"].transpose(0, 2, 1)  # (heads, n_inputs, n_outputs)
    product = b.add("MatMul", b.add("Transpose", inputs[0], perm=[1, 0, 2]), weight)
    return b.add("Add", b.add("Transpose", product, perm=[1, 0, 2]), tensors["bias"])  # (rows, heads, n_outputs)
