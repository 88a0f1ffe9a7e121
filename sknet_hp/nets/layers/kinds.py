"""Every kind of layer, and what the rest of the package must know of it.

A new kind of layer is an entry here (with its module in `modules` and its start in
`starts`, if it needs them), a function over stacked networks in `nets/stacked/layers`,
and one that adds its kernels to a program in `nets/compiled/layers` or `table_layers`.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sknet_hp.nets.graph import Node
from sknet_hp.nets.layers import modules, starts
from sknet_hp.nets.layers.starts import Start


class TensorRule(NamedTuple):
    """How one tensor of a layer is trained.

    Attributes
    ----------
    decays : whether weight decay reaches it.
    lr_factor : the end of the name of an estimator's parameter `lr_factor_*` that
        multiplies its learning rate, or None.
    """

    decays: bool = True
    lr_factor: str | None = None


@dataclass(frozen=True, eq=False)
class LayerKind:
    """One kind of layer.

    Attributes
    ----------
    name : of the kind, in graphs.
    module : the class whose modules are read as this kind; no subclass is.
    attributes : of a module, what its node holds beside tensors.
    rates : of a module, the numbers in which the members of a stack may differ.
    is_readable : whether a module of the class is one that is known here.
    functions : functions of torch, and names of methods of tensors, that are read as
        this kind.
    arguments : by attribute, the name of the functions' argument and its default.
    takes_axis : whether the functions must be told that they work along the last axis.
    n_inputs : how many outputs of other layers it takes.
    tensors : by role, what is trained.
    start : how the tensors start.
    fit_start : what fits them to training rows, where the network's start asks for it.
    buffers : by role, the number that a buffer is filled with at the start.
    is_map : whether layers are counted by it: a linear map, to which belongs what
        follows it.
    is_activation : whether it is a function of each number alone, without tensors.
    keeps_width : whether its output is as wide as its input, whatever that is.
    input_axis : the axis of the tensor "weight" that is as long as the input is wide.
    output_axis : the axis of "weight" that is as long as the output is wide, where all
        other tensors and buffers have this axis alone.
    least_width : of a node, how many columns its input has at least.
    is_left_out : whether graphs do without it, because it does nothing.
    """

    name: str
    module: type[nn.Module] | None = None
    attributes: Callable[[Any], dict[str, Any]] = lambda module: {}
    rates: Callable[[Any], tuple[float, ...]] = lambda module: ()
    is_readable: Callable[[Any], bool] = lambda module: True
    functions: tuple[Callable[..., Any] | str, ...] = ()
    arguments: dict[str, tuple[str, Any]] = field(default_factory=dict)
    takes_axis: bool = False
    n_inputs: int = 1
    tensors: dict[str, TensorRule] = field(default_factory=dict)
    start: Start | None = None
    fit_start: Callable[[Tensor, dict[str, Tensor], torch.Generator], None] | None = None
    buffers: dict[str, float] = field(default_factory=dict)
    is_map: bool = False
    is_activation: bool = False
    keeps_width: bool = False
    input_axis: int | None = None
    output_axis: int | None = None
    least_width: Callable[[Node], int] | None = None
    is_left_out: bool = False

    def get_rule(self, role: str) -> TensorRule:
        """Return how a tensor is trained; one that the kind does not name, plainly."""
        return self.tensors.get(role, TensorRule())


def is_last_axis(axis: Any) -> bool:
    """Return whether an axis of (rows, width) is the last one."""
    return axis in (-1, 1)


def _make_activation_kind(
    name: str, module: type[nn.Module], *functions: Callable[..., Any] | str, **more: Any
) -> LayerKind:
    return LayerKind(name, module, functions=functions, is_activation=True, keeps_width=True, **more)


def _is_known_activation(module: nn.Module) -> bool:
    kind = KIND_OF_MODULE.get(type(module))
    return kind is not None and kind.is_activation and kind.is_readable(module)


def _read_parametric(module: modules.ParametricActivation) -> dict[str, Any]:
    kind = KIND_OF_MODULE[type(module.activation)]
    return {"activation": kind.name, **kind.attributes(module.activation)}


_MAP = {"weight": TensorRule(), "bias": TensorRule(decays=False, lr_factor="bias")}
_NORMALISATION = {"weight": TensorRule(decays=False), "bias": TensorRule(decays=False)}
_NUMBERS = TensorRule(lr_factor="num_embedding")
_NUMBERS_BIAS = TensorRule(decays=False, lr_factor="num_embedding")

_ACTIVATIONS = (
    _make_activation_kind("relu", nn.ReLU, F.relu, torch.relu, "relu"),
    _make_activation_kind(
        "leaky_relu",
        nn.LeakyReLU,
        F.leaky_relu,
        attributes=lambda m: {"slope": m.negative_slope},
        is_readable=lambda m: m.negative_slope > 0,
        arguments={"slope": ("negative_slope", 0.01)},
    ),
    _make_activation_kind(
        "elu",
        nn.ELU,
        F.elu,
        attributes=lambda m: {"alpha": m.alpha},
        is_readable=lambda m: m.alpha > 0,
        arguments={"alpha": ("alpha", 1.0)},
    ),
    _make_activation_kind("selu", nn.SELU, F.selu),
    _make_activation_kind(
        "gelu",
        nn.GELU,
        F.gelu,
        attributes=lambda m: {"approximate": m.approximate},
        arguments={"approximate": ("approximate", "none")},
    ),
    _make_activation_kind("silu", nn.SiLU, F.silu),
    _make_activation_kind("mish", nn.Mish, F.mish),
    _make_activation_kind("tanh", nn.Tanh, F.tanh, torch.tanh, "tanh"),
    _make_activation_kind("sigmoid", nn.Sigmoid, F.sigmoid, torch.sigmoid, "sigmoid"),
)

_OTHERS_OF_TORCH = (
    LayerKind("identity", nn.Identity, is_left_out=True),
    LayerKind("add", functions=(operator.add, torch.add, operator.iadd), n_inputs=2, keeps_width=True),
    LayerKind(
        "softmax",
        nn.Softmax,
        is_readable=lambda m: is_last_axis(m.dim),
        functions=(F.softmax, torch.softmax, "softmax"),
        takes_axis=True,
        keeps_width=True,
    ),
    LayerKind(
        "log_softmax",
        nn.LogSoftmax,
        is_readable=lambda m: is_last_axis(m.dim),
        functions=(F.log_softmax, torch.log_softmax, "log_softmax"),
        takes_axis=True,
        keeps_width=True,
    ),
    LayerKind(
        "dropout",
        nn.Dropout,
        rates=lambda m: (float(m.p),),
        is_readable=lambda m: m.p < 1,
        keeps_width=True,
    ),
    LayerKind("linear", nn.Linear, tensors=_MAP, start=starts.start_linear, is_map=True, input_axis=1, output_axis=0),
    LayerKind(
        "batch_norm",
        nn.BatchNorm1d,
        rates=lambda m: (float(m.eps), float(m.momentum)),
        is_readable=lambda m: m.affine and m.track_running_stats and m.momentum is not None,
        tensors=_NORMALISATION,
        start=starts.start_as_identity,
        buffers={"running_mean": 0.0, "running_var": 1.0},
        input_axis=0,
        output_axis=0,
    ),
    LayerKind(
        "layer_norm",
        nn.LayerNorm,
        rates=lambda m: (float(m.eps),),
        is_readable=lambda m: len(m.normalized_shape) == 1 and m.elementwise_affine and m.bias is not None,
        tensors=_NORMALISATION,
        start=starts.start_as_identity,
        input_axis=0,
        output_axis=0,
    ),
)

_FOR_TABLES = (
    LayerKind(
        "ntk_linear",
        modules.NTKLinear,
        tensors=_MAP,
        start=starts.start_ntk_linear,
        fit_start=starts.fit_to_rows,
        is_map=True,
        input_axis=1,
        output_axis=0,
    ),
    LayerKind(
        "parametric",
        modules.ParametricActivation,
        attributes=_read_parametric,
        is_readable=lambda m: _is_known_activation(m.activation),
        tensors={"weight": TensorRule(lr_factor="activation")},
        start=starts.start_as_identity,
        input_axis=0,
    ),
    LayerKind(
        "feature_scale",
        modules.FeatureScale,
        tensors={"weight": TensorRule(lr_factor="scale")},
        start=starts.start_as_identity,
        input_axis=0,
    ),
    LayerKind(
        "periodic",
        modules.PeriodicEmbedding,
        attributes=lambda m: {"n_numeric": m.n_numeric, "dim": m.dim},
        tensors={"frequency": _NUMBERS, "phase": _NUMBERS, "weight": _NUMBERS, "bias": _NUMBERS_BIAS},
        start=starts.start_periodic,
        least_width=lambda node: node.n_numeric,
    ),
    LayerKind(
        "bins",
        modules.BinEmbedding,
        attributes=lambda m: {"n_numeric": m.n_numeric, "first_bin": m.first_bin, "n_bins": m.n_bins, "dim": m.dim},
        tensors={"slope": _NUMBERS, "weight": _NUMBERS, "bias": _NUMBERS_BIAS},
        start=starts.start_bins,
        least_width=lambda node: node.first_bin + node.n_numeric * node.n_bins,
    ),
    LayerKind(
        "categories",
        modules.CategoryEmbedding,
        attributes=lambda m: {"n_columns": m.n_columns, "dim": m.dim},
        tensors={"weight": TensorRule()},
        start=starts.start_categories,
    ),
    LayerKind(
        "ensemble_linear",
        modules.EnsembleLinear,
        attributes=lambda m: {"n_heads": m.n_heads, "first": m.first, "chunks": m.chunks},
        tensors={**_MAP, "input_factor": TensorRule(), "output_factor": TensorRule()},
        start=starts.start_ensemble_linear,
        is_map=True,
        input_axis=1,
    ),
    LayerKind(
        "ensemble_output",
        modules.EnsembleOutput,
        attributes=lambda m: {"n_heads": m.n_heads},
        tensors=_MAP,
        start=starts.start_ensemble_output,
        is_map=True,
        input_axis=2,
    ),
)

KINDS: dict[str, LayerKind] = {kind.name: kind for kind in (*_ACTIVATIONS, *_OTHERS_OF_TORCH, *_FOR_TABLES)}
"""Every kind of layer, by its name in graphs."""

KIND_OF_MODULE: dict[type[nn.Module], LayerKind] = {kind.module: kind for kind in KINDS.values() if kind.module}
KIND_OF_FUNCTION: dict[Any, LayerKind] = {function: kind for kind in KINDS.values() for function in kind.functions}
