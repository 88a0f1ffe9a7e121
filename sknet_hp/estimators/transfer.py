"""Networks that start from others: which layers are taken, which stay as they are, which learn at a lower rate."""

import os
from typing import Any

import numpy as np

from sknet_hp.fusion.backend import Network
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.init import initial_buffers, initial_parameters
from sknet_hp.training.job import State, TrainingJob
from sknet_hp.training.layout import flatten
from sknet_hp.training.optimizers import OPTIMIZERS


def source_of(net: Any) -> Any:
    """The fitted estimator that `init_from` gives, or None."""
    source = net.init_from
    if isinstance(source, (str, os.PathLike)):
        from sknet_hp.estimators.persistence import load

        source = load(source)
    if source is None:
        return None
    if not isinstance(source, Network) or not hasattr(source, "parameters_"):
        raise ValueError(f"init_from={net.init_from!r} must be a fitted NetClassifier or NetRegressor, or a file that sknet_hp.save wrote of one")
    return source


def start_from(source: Any, job: TrainingJob, graph: Graph) -> State:
    """Where training begins, with the layers of a fitted estimator that match."""
    own = initial_parameters(graph, job.seed, job.init) | initial_buffers(graph)
    both, taken = transferred(source, own)
    if not taken:
        raise ValueError(f"no layer of init_from={source!r} matches this network's; give it the same n_layers, width and normalization")
    vector, rest = flatten(both, graph.parameters), flatten(both, graph.buffers)
    return State(vector, rest, np.zeros((OPTIMIZERS[job.optimizer].slots, len(vector)), np.float32))


def layer_numbers(graph: Graph) -> list[int]:
    """For each parameter tensor, the number of its layer: a linear map with the normalisation that follows it."""
    numbers, layer = [], -1
    for node in graph.nodes:
        layer += node.kind == "linear"
        numbers += [layer] * len(node.parameters)
    return numbers


def lr_factors(net: Any, graph: Graph) -> tuple[float, ...] | None:
    """Factors on the learning rates of the parameter tensors, 0 where they are frozen; None for ones."""
    numbers, names = layer_numbers(graph), [name for name, _ in graph.parameters]
    last = max(numbers)
    factors = [float(net.lr_layer_decay) ** (last - number) for number in numbers]
    if isinstance(net.freeze, str):
        frozen = [number < last for number in numbers]
    elif isinstance(net.freeze, (list, tuple)):
        unknown = [name for name in net.freeze if not any(own.startswith(name) for own in names)]
        if unknown:
            raise ValueError(f"freeze={net.freeze!r} names {unknown[0]!r}, which begins no parameter's name of this network; they are {names}")
        frozen = [any(own.startswith(name) for name in net.freeze) for own in names]
    else:
        if net.freeze is not None and net.freeze > last:
            raise ValueError(f"freeze={net.freeze!r} leaves nothing to train: the network has {last + 1} layers, the output's included")
        frozen = [net.freeze is not None and number < net.freeze for number in numbers]
    if all(frozen):
        raise ValueError(f"freeze={net.freeze!r} leaves nothing to train")
    factors = [0.0 if still else factor for still, factor in zip(frozen, factors, strict=True)]
    return None if all(factor == 1 for factor in factors) else tuple(factors)


def transferred(source: Any, own: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(`own` tensors with those of a fitted network in place of equal name and shape, the names of those taken)."""
    known = dict(source.net_.module_.named_parameters()) | dict(source.net_.module_.named_buffers())
    taken = [name for name, tensor in own.items() if name in known and known[name].shape == tensor.shape]
    return own | {name: known[name].detach() for name in taken}, taken
