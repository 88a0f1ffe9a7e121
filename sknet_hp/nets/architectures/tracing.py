"""How any `nn.Module` that is made of known layers is read as a graph."""

import copy
import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.fx
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.architectures import widths
from sknet_hp.nets.graph import Graph, Node, Shape
from sknet_hp.nets.layers import modules


class UnknownLayerError(TypeError):
    """A module holds something that is none of the layers known here; the message names
    it.
    """


@dataclass(frozen=True)
class _Reading:
    """How one module type is read: its kind, its attributes, and which attributes are
    rates.
    """

    kind: str
    attributes: Callable[[Any], dict[str, Any]] = lambda m: {}
    rates: Callable[[Any], tuple[float, ...]] = lambda m: ()
    check: Callable[[Any], bool] = lambda m: True


def _last(dim: Any) -> bool:
    return dim in (-1, 1)


MODULES: dict[type[nn.Module], _Reading] = {
    nn.Linear: _Reading("linear"),
    nn.Identity: _Reading("identity"),
    nn.ReLU: _Reading("relu"),
    nn.LeakyReLU: _Reading("leaky_relu", lambda m: {"slope": m.negative_slope}, check=lambda m: m.negative_slope > 0),
    nn.ELU: _Reading("elu", lambda m: {"alpha": m.alpha}, check=lambda m: m.alpha > 0),
    nn.SELU: _Reading("selu"),
    nn.GELU: _Reading("gelu", lambda m: {"approximate": m.approximate}),
    nn.SiLU: _Reading("silu"),
    nn.Mish: _Reading("mish"),
    nn.Tanh: _Reading("tanh"),
    nn.Sigmoid: _Reading("sigmoid"),
    nn.Softmax: _Reading("softmax", check=lambda m: _last(m.dim)),
    nn.LogSoftmax: _Reading("log_softmax", check=lambda m: _last(m.dim)),
    nn.Dropout: _Reading("dropout", rates=lambda m: (float(m.p),), check=lambda m: m.p < 1),
    nn.BatchNorm1d: _Reading(
        "batch_norm",
        rates=lambda m: (float(m.eps), float(m.momentum)),
        check=lambda m: m.affine and m.track_running_stats and m.momentum is not None,
    ),
    nn.LayerNorm: _Reading(
        "layer_norm",
        rates=lambda m: (float(m.eps),),
        check=lambda m: len(m.normalized_shape) == 1 and m.elementwise_affine and m.bias is not None,
    ),
    modules.NTKLinear: _Reading("ntk_linear"),
    modules.FeatureScale: _Reading("feature_scale"),
    modules.PeriodicEmbedding: _Reading("periodic", lambda m: {"n_numeric": m.n_numeric, "dim": m.dim}),
    modules.BinEmbedding: _Reading(
        "bins", lambda m: {"n_numeric": m.n_numeric, "first_bin": m.first_bin, "n_bins": m.n_bins, "dim": m.dim}
    ),
    modules.CategoryEmbedding: _Reading("categories", lambda m: {"n_columns": m.n_columns, "dim": m.dim}),
    modules.EnsembleLinear: _Reading(
        "ensemble_linear", lambda m: {"n_heads": m.n_heads, "first": m.first, "chunks": m.chunks}
    ),
    modules.EnsembleOutput: _Reading("ensemble_output", lambda m: {"n_heads": m.n_heads}),
}


_ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh, nn.Sigmoid)


def _bendable(layer: nn.Module) -> bool:
    return type(layer) in _ACTIVATIONS and MODULES[type(layer)].check(layer)


MODULES[modules.ParametricActivation] = _Reading(
    "parametric",
    lambda m: {"activation": MODULES[type(m.activation)].kind, **MODULES[type(m.activation)].attributes(m.activation)},
    check=lambda m: _bendable(m.activation),
)

_FUNCTIONS: dict[Any, tuple[str, dict[str, Any]]] = {
    F.relu: ("relu", {}),
    torch.relu: ("relu", {}),
    "relu": ("relu", {}),
    F.tanh: ("tanh", {}),
    torch.tanh: ("tanh", {}),
    "tanh": ("tanh", {}),
    F.sigmoid: ("sigmoid", {}),
    torch.sigmoid: ("sigmoid", {}),
    "sigmoid": ("sigmoid", {}),
    F.gelu: ("gelu", {"approximate": "none"}),
    F.silu: ("silu", {}),
    F.mish: ("mish", {}),
    F.selu: ("selu", {}),
    F.elu: ("elu", {"alpha": 1.0}),
    F.leaky_relu: ("leaky_relu", {"slope": 0.01}),
    F.softmax: ("softmax", {}),
    torch.softmax: ("softmax", {}),
    "softmax": ("softmax", {}),
    F.log_softmax: ("log_softmax", {}),
    torch.log_softmax: ("log_softmax", {}),
    "log_softmax": ("log_softmax", {}),
    operator.add: ("add", {}),
    torch.add: ("add", {}),
    operator.iadd: ("add", {}),
}


_KEYWORDS = {"slope": "negative_slope"}  # attributes that have another name as a function's argument


class _Recorder(torch.fx.Tracer):
    """Records what a forward does.

    `torch.fx.Tracer.trace` replaces `nn.Module.__call__` in the whole process while it
    works: predictions in other threads would fail.
    """

    def record(self, module: nn.Module, training: bool) -> torch.fx.Graph:
        self.training = training
        self.graph = torch.fx.Graph()
        self.names = {id(tensor): name for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
        inputs: list[Any] = []
        for parameter in inspect.signature(module.forward).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or (
                inputs and parameter.default is not parameter.empty
            ):
                continue  # left out by who calls it with a batch alone
            inputs.append(self.create_proxy("placeholder", parameter.name, (), {}))
        output = self._twin(module, "", {}).forward(*inputs)
        self.create_node("output", "output", (self.create_arg(output),), {})
        return self.graph

    def _twin(self, module: nn.Module, name: str, known: dict[int, nn.Module]) -> nn.Module:
        """A shallow copy of a module whose layers note that they are called."""
        if id(module) not in known:
            if (
                name
                and not isinstance(module, (nn.ModuleList, nn.ModuleDict))
                and (type(module) in MODULES or self.is_leaf_module(module, name))
            ):
                known[id(module)] = _Leaf(self, name)
            else:
                twin = known[id(module)] = copy.copy(module)
                children = {
                    key: child and self._twin(child, f"{name}.{key}" if name else key, known)
                    for key, child in module._modules.items()
                }
                # What its forward assigns, and that is no tensor now, must not be the module's.
                own = {kind: dict(module.__dict__[kind]) for kind in ("_parameters", "_buffers")}
                twin.__dict__ |= {"_modules": children, "training": self.training, **own}
        return known[id(module)]

    def create_arg(self, a: Any) -> Any:
        if isinstance(a, torch.Tensor):
            raise UnknownLayerError(f"its forward uses a tensor by itself, {self.names.get(id(a), 'a constant')!r}")
        return torch.fx.proxy.TracerBase.create_arg(self, a)


class _Leaf(nn.Module):
    def __init__(self, recorder: _Recorder, name: str):
        super().__init__()
        self.recorder, self.name = recorder, name

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.recorder.create_proxy("call_module", self.name, args, kwargs)


def trace(module: nn.Module) -> tuple[Graph, tuple[float, ...]]:
    """The graph of a module, and the rates (such as dropout probabilities) that may
    differ between stacked networks.

    Raises
    ------
    UnknownLayerError
        If the module holds a layer or an operation that is not known to treat each row
        and each member by itself.
    """
    if type(module) in MODULES:  # a tracer looks into the root, so a lone layer needs one around it
        graph, rates = trace(nn.Sequential(module))
        return Graph(tuple(_renamed(node, "0.") for node in graph.nodes)), rates
    try:
        traced = _trace(module)
        if _trace(module, training=False) != traced:
            raise UnknownLayerError(
                f"{type(module).__name__}: its forward does something else in training than in prediction"
            )
        return traced
    except UnknownLayerError as error:
        # A layer says more than the operation that tracing stumbled over.
        for name, layer in module.named_modules():
            foreign = type(layer).__module__.startswith("torch.nn.") or isinstance(
                layer, tuple(MODULES)
            )  # a subclass may do anything
            if foreign and not list(layer.children()) and type(layer) not in MODULES:
                raise UnknownLayerError(f"{type(module).__name__}: layer {name!r} ({type(layer).__name__})") from error
        raise


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_PARAMETER_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def _check_ownership(module: nn.Module) -> None:
    """Tracing looks neither at hooks, nor at what switches to training, nor at whether
    two names are one tensor.
    """
    for name, layer in module.named_modules():
        if type(layer).train is not nn.Module.train:
            raise UnknownLayerError(
                f"{type(module).__name__}: layer {name!r} ({type(layer).__name__}) has a train() of its own"
            )
        if any(getattr(layer, hooks) for hooks in _HOOKS):
            raise UnknownLayerError(f"{type(module).__name__}: layer {name!r} ({type(layer).__name__}) has hooks")
    seen: set[int] = set()
    for name, p in module.named_parameters(remove_duplicate=False):
        if any(getattr(p, hooks, None) for hooks in _PARAMETER_HOOKS):
            raise UnknownLayerError(f"{type(module).__name__}: parameter {name!r} has hooks")
        if id(p) in seen:
            raise UnknownLayerError(f"{type(module).__name__}: parameter {name!r} is used more than once")
        seen.add(id(p))


def _trace(module: nn.Module, training: bool = True) -> tuple[Graph, tuple[float, ...]]:
    _check_ownership(module)
    try:
        traced = _Recorder().record(module, training)
    except (
        Exception
    ) as error:  # user code runs under symbolic values: whatever goes wrong, the answer is "not traceable"
        raise UnknownLayerError(f"{type(module).__name__}: its forward cannot be traced ({error})") from error
    numbers: dict[torch.fx.Node, int] = {}
    nodes: list[Node] = []
    rates: list[float] = []
    seen: set[str] = set()
    submodules = dict(module.named_modules())
    output = None
    for fx_node in traced.nodes:
        if fx_node.op == "placeholder":
            if not numbers:
                numbers[fx_node] = 0
            elif fx_node.users:
                raise UnknownLayerError(f"{type(module).__name__}: its forward uses a second input, {fx_node.target!r}")
            continue
        if fx_node.op == "output":
            output = fx_node.args[0]
            continue
        node, node_rates = _read(fx_node, submodules, numbers, module)
        if node.kind == "identity":
            numbers[fx_node] = node.inputs[0]
            continue
        for _, name, _ in node.parameters:
            if name in seen:
                raise UnknownLayerError(f"{type(module).__name__}: parameter {name!r} is used more than once")
            seen.add(name)
        nodes.append(node)
        rates.extend(node_rates)
        numbers[fx_node] = len(nodes)
    if not nodes or not isinstance(output, torch.fx.Node) or numbers.get(output) != len(nodes):
        raise UnknownLayerError(f"{type(module).__name__}: its output is not that of one last layer")
    if widths.stretches(nodes):
        raise UnknownLayerError(f"{type(module).__name__}: an addition of outputs of different widths")
    return Graph(tuple(nodes)), tuple(rates)


def _renamed(node: Node, prefix: str) -> Node:
    def strip(tensors: tuple[tuple[str, str, Shape], ...]) -> tuple[tuple[str, str, Shape], ...]:
        return tuple((role, name.removeprefix(prefix), shape) for role, name, shape in tensors)

    return replace(node, parameters=strip(node.parameters), buffers=strip(node.buffers))


def _read(
    fx_node: torch.fx.Node, submodules: dict[str, nn.Module], numbers: dict[torch.fx.Node, int], owner: nn.Module
) -> tuple[Node, tuple[float, ...]]:
    def unknown(what: str) -> UnknownLayerError:
        return UnknownLayerError(f"{type(owner).__name__}: {what}")

    inputs = tuple(numbers[a] for a in fx_node.args if isinstance(a, torch.fx.Node) and a in numbers)
    if fx_node.op == "call_module":
        layer = submodules[str(fx_node.target)]
        reading = MODULES.get(type(layer))
        if reading is None or not reading.check(layer):
            raise unknown(f"layer {fx_node.target!r} ({type(layer).__name__})")
        if len(fx_node.args) != 1 or fx_node.kwargs or len(inputs) != 1:
            raise unknown(f"layer {fx_node.target!r} ({type(layer).__name__}) is called with more than one input")
        if getattr(layer, "inplace", False) and len(fx_node.all_input_nodes[0].users) > 1:
            raise unknown(f"layer {fx_node.target!r} ({type(layer).__name__}) overwrites what is read again")
        node = Node(
            reading.kind,
            inputs,
            tuple(sorted(reading.attributes(layer).items())),
            tuple(
                (role, f"{fx_node.target}.{role}", tuple(p.shape)) for role, p in layer.named_parameters(recurse=False)
            ),
            tuple(
                (role, f"{fx_node.target}.{role}", tuple(b.shape))
                for role, b in layer.named_buffers(recurse=False)
                if b.is_floating_point()
            ),
            len(reading.rates(layer)),
        )
        for p in layer.parameters(recurse=False):
            if p.dtype != torch.float32 or not p.requires_grad:
                raise unknown(
                    f"layer {fx_node.target!r} ({type(layer).__name__}) has frozen parameters or is not float32"
                )
        if widths.is_misshapen(node):
            raise unknown(f"layer {fx_node.target!r} ({type(layer).__name__}) has parameters of unusual shapes")
        return node, reading.rates(layer)
    known = _FUNCTIONS.get(fx_node.target) if fx_node.op in ("call_function", "call_method") else None
    if known is None:
        raise unknown(
            f"operation {fx_node.target!r}"
            if isinstance(fx_node.target, str)
            else f"operation {getattr(fx_node.target, '__name__', fx_node.target)!r}"
        )
    kind, attributes = known
    if (fx_node.kwargs.get("inplace") or fx_node.target is operator.iadd) and len(fx_node.all_input_nodes[0].users) > 1:
        raise unknown(f"operation {kind!r} overwrites what is read again")
    arguments = [a for a in fx_node.args if a not in numbers] if fx_node.args else []
    keywords = {
        k: v
        for k, v in fx_node.kwargs.items()
        if v is not None and v is not False and k not in ("inplace", "_stacklevel")
    }
    attributes = {name: keywords.pop(_KEYWORDS.get(name, name), value) for name, value in attributes.items()}
    if any(not isinstance(value, str) and value <= 0 for value in attributes.values()):
        raise unknown(f"operation {kind!r} with {attributes}")
    if kind in ("softmax", "log_softmax"):
        dim = keywords.pop("dim", arguments.pop(0) if arguments else None)
        if not _last(dim):
            raise unknown(f"operation {kind!r} over dim={dim}")
    if kind == "add":
        if len(inputs) != 2 or arguments or keywords:
            raise unknown("an addition of something else than two layers' outputs")
    elif len(inputs) != 1 or arguments or keywords:
        raise unknown(f"operation {kind!r} with arguments {arguments or keywords}")
    return Node(kind, inputs, tuple(sorted(attributes.items()))), ()
