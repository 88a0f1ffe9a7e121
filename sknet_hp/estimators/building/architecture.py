"""From a structure to what trains: the module, and the graph of its layers."""

import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn

from sknet_hp.estimators.building.structure import NO_ARGUMENTS, STAND_INS, Structure
from sknet_hp.estimators.building.user_modules import check_trainable, make_user_module
from sknet_hp.nets.architectures import ARCHITECTURES
from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.tracing import UnknownLayerError, trace
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.layers.modules import EnsembleOutput
from sknet_hp.nets.stacked.networks import BATCH_COUNTER
from sknet_hp.training.rules.torch_loss import get_loss_class


class Architecture(NamedTuple):
    """What trains, without the weights of networks of ours.

    Attributes
    ----------
    graph : the layers that a cohort shares; or a user's module that could not be read.
    rates : the numbers of the layers, in the order of the graph's nodes.
    module : of the user, with the weights it starts from; None for networks of ours,
        whose weights start by `Init`.
    """

    graph: Graph | nn.Module
    rates: tuple[float, ...]
    module: nn.Module | None = None


def make_architecture(structure: Structure, numbers: dict[str, float], seed: int) -> Architecture:
    """Return the architecture of a structure, with these numbers of layers.

    The weights of a user's module follow from `seed`.
    """
    if isinstance(structure["module"], str):
        graph, names = _trace_ours(tuple(_select_arguments(structure).items()))
        return Architecture(graph, tuple(numbers[name] for name in names))
    with OwnGenerator(seed):
        own = _make_module(structure)
    try:
        return Architecture(*trace(own), own)
    except UnknownLayerError as error:
        warn_trained_alone(error)
        check_trainable(structure, own)
        return Architecture(own, (), own)


@lru_cache(maxsize=256)
def _trace_ours(arguments: tuple[tuple[str, Any], ...]) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph of a network of ours, and its numbers' parameters by name."""
    graph, rates = trace(_make_module(dict(arguments)))
    names = {value: name for name, value in STAND_INS.items()}
    return graph, tuple(names[rate] for rate in rates)


def _make_module(structure: Structure, numbers: dict[str, float] | None = None) -> nn.Module:
    """Return the module of a structure, with numbers of layers or what stands for them.

    Networks of ours have no weights yet: they are on torch's device "meta".
    """
    arguments = _select_arguments(structure)
    kind = arguments.pop("module")
    if not isinstance(kind, str):
        return make_user_module(kind, **arguments)
    front = Front(*arguments.pop("front"))
    if numbers is not None:
        arguments |= {name: value for name, value in numbers.items() if arguments.get(name)}
        front = front._replace(input_dropout=numbers["input_dropout"] if front.input_dropout else 0.0)
    return ARCHITECTURES[kind](**arguments, front=front, device="meta")


def _select_arguments(structure: Structure) -> dict[str, Any]:
    """Return the arguments of a module, and which one it is, out of its structure."""
    return {name: value for name, value in structure.items() if name not in NO_ARGUMENTS}


def make_empty_module(structure: Structure, numbers: dict[str, float], seed: int) -> nn.Module:
    """Return the module as torch runs it, on the CPU, before it is given weights."""
    if not isinstance(structure["module"], str):
        with OwnGenerator(seed):
            return _make_module(structure)
    made = _make_module(structure, numbers).to_empty(device="cpu")
    made.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in made.state_dict().items()})
    for layer in made.modules():
        if isinstance(layer, EnsembleOutput):
            layer.together = get_loss_class(structure["loss"]).combine_heads
    return made


def set_batch_counters(graph: Graph | nn.Module, step: int) -> None:
    """Set the counters of batches in a user's module to the number of steps trained.

    Its batch normalisations average over the batches they have seen, so a training that
    goes on must go on counting. A graph has no counters.
    """
    if not isinstance(graph, Graph):
        for name, buffer in graph.named_buffers():
            if name.endswith(BATCH_COUNTER):
                buffer.fill_(step)


_WARNED: set[str] = set()


def warn_trained_alone(error: UnknownLayerError) -> None:
    """Warn, once for each reason, that such networks are not compiled or stacked."""
    message = (
        f"{error}: networks of this kind can not be compiled or stacked, so they train through torch, each by itself"
    )
    if message not in _WARNED:
        _WARNED.add(message)
        warnings.warn(message, UserWarning, stacklevel=2)
