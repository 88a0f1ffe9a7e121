"""How any `nn.Module` that is made of known layers is read as a graph."""

import operator
from dataclasses import replace
from typing import Any

import torch
import torch.fx
from torch import nn

from sknet_hp.nets.architectures import widths
from sknet_hp.nets.architectures.recorder import Recorder, UnknownLayerError
from sknet_hp.nets.graph import Graph, Node, Shape
from sknet_hp.nets.layers.kinds import KIND_OF_FUNCTION, KIND_OF_MODULE, LayerKind, is_last_axis

Rates = tuple[float, ...]


def trace(module: nn.Module) -> tuple[Graph, Rates]:
    """Read a module as a graph.

    Returns
    -------
    graph : of its layers.
    rates : numbers, such as dropout probabilities, that may differ between stacked
        networks, in the order of the graph's nodes.

    Raises
    ------
    UnknownLayerError
        If the module holds a layer or an operation that is not known to treat each row
        and each member by itself.
    """
    if type(module) in KIND_OF_MODULE:  # a tracer looks into the root, so a lone layer needs one around it
        graph, rates = trace(nn.Sequential(module))
        return Graph(tuple(_strip_prefix(node, "0.") for node in graph.nodes)), rates
    try:
        traced = _read_graph(module)
        if _read_graph(module, training=False) != traced:
            raise UnknownLayerError(
                f"{type(module).__name__}: its forward does something else in training than in prediction"
            )
        return traced
    except UnknownLayerError as error:
        # A layer says more than the operation that tracing stumbled over.
        for name, layer in module.named_modules():
            # A subclass may do anything.
            foreign = type(layer).__module__.startswith("torch.nn.") or isinstance(layer, tuple(KIND_OF_MODULE))
            if foreign and not list(layer.children()) and type(layer) not in KIND_OF_MODULE:
                raise UnknownLayerError(f"{type(module).__name__}: layer {name!r} ({type(layer).__name__})") from error
        raise


def _strip_prefix(node: Node, prefix: str) -> Node:
    def strip(tensors: tuple[tuple[str, str, Shape], ...]) -> tuple[tuple[str, str, Shape], ...]:
        return tuple((role, name.removeprefix(prefix), shape) for role, name, shape in tensors)

    return replace(node, parameters=strip(node.parameters), buffers=strip(node.buffers))


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_PARAMETER_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def _check_ownership(module: nn.Module) -> None:
    """Refuse what recording does not see.

    That is hooks, a layer's own way to switch to training, and two names of one tensor.
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


def _read_graph(module: nn.Module, training: bool = True) -> tuple[Graph, Rates]:
    _check_ownership(module)
    try:
        recorded = Recorder().record(module, training)
    except Exception as error:  # of any kind: user code runs under symbolic values
        raise UnknownLayerError(f"{type(module).__name__}: its forward cannot be traced ({error})") from error
    reader = _Reader(module)
    for call in recorded.nodes:
        reader.read(call)
    return reader.get_graph()


class _Reader:
    """Makes nodes of recorded calls, one after the other.

    Attributes
    ----------
    numbers : of each call whose output is known, the number of its node; 0 is the
        network's input.
    """

    def __init__(self, module: nn.Module):
        self.name = type(module).__name__
        self.submodules = dict(module.named_modules())
        self.numbers: dict[torch.fx.Node, int] = {}
        self.nodes: list[Node] = []
        self.rates: list[float] = []
        self.seen: set[str] = set()
        self.output: Any = None

    def read(self, call: torch.fx.Node) -> None:
        """Append the node of a call, and note what it is to those that follow."""
        if call.op == "placeholder":
            self._read_input(call)
            return
        if call.op == "output":
            self.output = call.args[0]
            return
        if call.op == "call_module":
            node, rates, kind = self._read_layer(call)
        else:
            node, rates, kind = self._read_function(call)
        if kind.is_left_out:
            self.numbers[call] = node.inputs[0]
            return
        for _, name, _ in node.parameters:
            if name in self.seen:
                raise self._refuse(f"parameter {name!r} is used more than once")
            self.seen.add(name)
        self.nodes.append(node)
        self.rates.extend(rates)
        self.numbers[call] = len(self.nodes)

    def get_graph(self) -> tuple[Graph, Rates]:
        """Return the graph of all calls, and its rates."""
        if not self.nodes or not isinstance(self.output, torch.fx.Node):
            raise self._refuse("its output is not that of one last layer")
        if self.numbers.get(self.output) != len(self.nodes):
            raise self._refuse("its output is not that of one last layer")
        if widths.has_unequal_sum(self.nodes):
            raise self._refuse("an addition of outputs of different widths")
        return Graph(tuple(self.nodes)), tuple(self.rates)

    def _refuse(self, what: str) -> UnknownLayerError:
        return UnknownLayerError(f"{self.name}: {what}")

    def _read_input(self, call: torch.fx.Node) -> None:
        if not self.numbers:
            self.numbers[call] = 0
        elif call.users:
            raise self._refuse(f"its forward uses a second input, {call.target!r}")

    def _list_inputs(self, call: torch.fx.Node) -> tuple[int, ...]:
        return tuple(self.numbers[a] for a in call.args if isinstance(a, torch.fx.Node) and a in self.numbers)

    def _read_layer(self, call: torch.fx.Node) -> tuple[Node, Rates, LayerKind]:
        layer, inputs = self.submodules[str(call.target)], self._list_inputs(call)
        named = f"layer {call.target!r} ({type(layer).__name__})"
        kind = KIND_OF_MODULE.get(type(layer))
        if kind is None or not kind.is_readable(layer):
            raise self._refuse(named)
        if len(call.args) != 1 or call.kwargs or len(inputs) != 1:
            raise self._refuse(f"{named} is called with more than one input")
        if getattr(layer, "inplace", False) and len(call.all_input_nodes[0].users) > 1:
            raise self._refuse(f"{named} overwrites what is read again")
        rates = kind.rates(layer)
        node = Node(
            kind.name,
            inputs,
            tuple(sorted(kind.attributes(layer).items())),
            tuple((role, f"{call.target}.{role}", tuple(p.shape)) for role, p in layer.named_parameters(recurse=False)),
            tuple(
                (role, f"{call.target}.{role}", tuple(b.shape))
                for role, b in layer.named_buffers(recurse=False)
                if b.is_floating_point()
            ),
            len(rates),
        )
        for p in layer.parameters(recurse=False):
            if p.dtype != torch.float32 or not p.requires_grad:
                raise self._refuse(f"{named} has frozen parameters or is not float32")
        if widths.is_misshapen(node):
            raise self._refuse(f"{named} has parameters of unusual shapes")
        return node, rates, kind

    def _read_function(self, call: torch.fx.Node) -> tuple[Node, Rates, LayerKind]:
        inputs, target = self._list_inputs(call), call.target
        found = KIND_OF_FUNCTION.get(target) if call.op in ("call_function", "call_method") else None
        if found is None:
            shown = target if isinstance(target, str) else getattr(target, "__name__", target)
            raise self._refuse(f"operation {shown!r}")
        named = f"operation {found.name!r}"
        if (call.kwargs.get("inplace") or target is operator.iadd) and len(call.all_input_nodes[0].users) > 1:
            raise self._refuse(f"{named} overwrites what is read again")
        arguments = [a for a in call.args if a not in self.numbers] if call.args else []
        keywords = {
            k: v
            for k, v in call.kwargs.items()
            if v is not None and v is not False and k not in ("inplace", "_stacklevel")
        }
        attributes = {name: keywords.pop(argument, default) for name, (argument, default) in found.arguments.items()}
        if any(not isinstance(value, str) and value <= 0 for value in attributes.values()):
            raise self._refuse(f"{named} with {attributes}")
        if found.takes_axis:
            axis = keywords.pop("dim", arguments.pop(0) if arguments else None)
            if not is_last_axis(axis):
                raise self._refuse(f"{named} over dim={axis}")
        if len(inputs) != found.n_inputs or arguments or keywords:
            if found.n_inputs > 1:
                raise self._refuse("an addition of something else than two layers' outputs")
            raise self._refuse(f"{named} with arguments {arguments or keywords}")
        return Node(found.name, inputs, tuple(sorted(attributes.items()))), (), found
