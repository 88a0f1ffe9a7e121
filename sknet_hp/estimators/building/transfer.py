"""Transfer: layers that are taken from another network, frozen, or slowed down."""

import os
from typing import Any

from torch import Tensor, nn

from sknet_hp.estimators.building.fitted import FittedNetwork
from sknet_hp.estimators.building.user_modules import collect_tensors
from sknet_hp.estimators.parameters.protocols import CommonParameters, UpdateParameters
from sknet_hp.estimators.persistence import load
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.layers.kinds import KINDS
from sknet_hp.nets.stacked.networks import get_trained_shapes
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.start import make_state
from sknet_hp.training.state import State


def load_source(net: CommonParameters) -> FittedNetwork | None:
    """Return the fitted estimator that `init_from` names, or None.

    Raises
    ------
    ValueError
        If it is no such estimator, or its encoding is none for this network.
    """
    source = net.init_from
    if isinstance(source, (str, os.PathLike)):
        try:
            source = load(source)
        except OSError as error:
            raise ValueError(
                f"init_from={net.init_from!r} can not be read: {error.strerror}; give a file that sknet_hp.save wrote"
            ) from error
    if source is None:
        if net.freeze is not None:
            raise ValueError(
                f"freeze={net.freeze!r} keeps weights as they start, which are random; give init_from, or train on "
                f"with warm_start=True"
            )
        return None
    _check_fitted(net, source)
    _check_encoding(net, source)
    fitted: FittedNetwork = source
    return fitted


def _check_fitted(net: CommonParameters, source: Any) -> None:
    """Refuse a source that is no fitted estimator of ours."""
    if not isinstance(source, TrainsNetworks) or not hasattr(source, "parameters_"):
        raise ValueError(
            f"init_from={net.init_from!r} must be a fitted NetClassifier or NetRegressor, or a file that "
            f"sknet_hp.save wrote of one"
        )


def _check_encoding(net: CommonParameters, source: FittedNetwork) -> None:
    """Refuse a network that can not take what the source's encoder makes of a table.

    The source's encoder is kept.
    """
    encoder, ours = source.encoder_, isinstance(net.module, str)
    if encoder.n_codes and not (ours and net.cat_embedding_dim > 0):
        raise ValueError(
            f"init_from={source!r} gives categories as numbers of learned vectors, which module={net.module!r} with "
            f"cat_embedding_dim={net.cat_embedding_dim!r} has not; "
            + ("give it the source's cat_embedding_dim" if ours else "use a module of ours")
        )
    if (
        ours
        and net.num_embedding == "ple"
        and net.num_embedding_dim is not None
        and encoder.n_bins
        and not encoder.equal_bins
    ):
        raise ValueError(
            f"num_embedding_dim={net.num_embedding_dim!r} needs numbers of equally many bins, but those of "
            f"init_from={source!r} differ; give it the source's num_embedding_dim"
        )


def make_transferred_state(
    net: CommonParameters, source: FittedNetwork, job: TrainingJob, own: dict[str, Tensor]
) -> State:
    """Return the state of a network that starts from a fitted estimator's weights.

    It has the tensors of the source that match by name and shape, and its `own` for the
    rest.
    """
    both, taken = _take_matching_tensors(source, own)
    if not any(own[name].ndim > 1 for name in taken):  # the bias of an output alone is no layer
        raise ValueError(
            f"no layer of init_from={source!r} matches this network's; give it the same n_layers, width and "
            f"normalization"
        )
    names, frozen = _list_parameter_names(job.graph), _find_frozen(net, job.graph)
    random = [name for name, still in zip(names, frozen, strict=True) if still and name not in taken]
    if random:
        raise ValueError(
            f"freeze={net.freeze!r} would keep {random[0]!r} at random weights: init_from={source!r} has no tensor of "
            f"this name and shape. It has {', '.join(taken)}; freeze only of these, or give the network the source's "
            f"n_layers, width and normalization"
        )
    return make_state(job, both)


def _number_layers(net: CommonParameters, graph: Graph | nn.Module) -> list[int]:
    """Return the number of the layer that each parameter tensor belongs to.

    A layer is a linear map with what follows it; embeddings belong to the first.
    """
    if not isinstance(graph, Graph):
        if net.lr_layer_decay != 1 or (net.freeze is not None and not isinstance(net.freeze, (list, tuple))):
            raise ValueError(
                f"module={net.module!r} has layers that nothing is known of, so freeze={net.freeze!r} and "
                f"lr_layer_decay={net.lr_layer_decay!r} can not count them; freeze takes names of parameters"
            )
        return [0] * len(get_trained_shapes(graph)[0])
    numbers, layer = [], -1
    for node in graph.nodes:
        layer += KINDS[node.kind].is_map
        numbers += [max(0, layer)] * len(node.parameters)
    return numbers


def make_role_factors(net: UpdateParameters, graph: Graph | nn.Module) -> tuple[float, ...] | None:
    """Return factors on the learning rates of the parameter tensors by their roles.

    Roles are those of `lr_factor_bias` and its like. None stands for ones.
    """
    if not isinstance(graph, Graph):
        return None

    def find_factor(kind: str, role: str) -> float:
        name = KINDS[kind].get_rule(role).lr_factor
        return 1.0 if name is None else float(getattr(net, f"lr_factor_{name}"))

    factors = tuple(find_factor(node.kind, role) for node in graph.nodes for role, _, _ in node.parameters)
    return None if all(each == 1 for each in factors) else factors


def _list_parameter_names(graph: Graph | nn.Module) -> list[str]:
    return [name for name, _ in (graph.parameters if isinstance(graph, Graph) else get_trained_shapes(graph)[0])]


def _find_frozen(net: CommonParameters, graph: Graph | nn.Module) -> list[bool]:
    """Return, for each parameter tensor, whether `freeze` keeps it as it is."""
    numbers, names = _number_layers(net, graph), _list_parameter_names(graph)
    last = max(numbers)
    if isinstance(net.freeze, str):
        return [number < last for number in numbers]
    if isinstance(net.freeze, (list, tuple)):
        unknown = [
            name for name in net.freeze if not isinstance(name, str) or not any(own.startswith(name) for own in names)
        ]
        if unknown:
            raise ValueError(
                f"freeze={net.freeze!r} names {unknown[0]!r}, which begins no parameter's name of this network; they "
                f"are {names}"
            )
        return [any(own.startswith(name) for name in net.freeze) for own in names]
    if net.freeze is not None and net.freeze > last:
        raise ValueError(
            f"freeze={net.freeze!r} leaves nothing to train: the network has {last + 1} layers, the output's included"
        )
    return [net.freeze is not None and number < net.freeze for number in numbers]


def make_lr_factors(net: CommonParameters, graph: Graph | nn.Module) -> tuple[float, ...] | None:
    """Return factors on the learning rates of the parameter tensors, 0 for frozen ones.

    None stands for ones.
    """
    if net.freeze is None and net.lr_layer_decay == 1:
        return make_role_factors(net, graph)
    numbers, frozen = _number_layers(net, graph), _find_frozen(net, graph)
    if all(frozen):
        raise ValueError(f"freeze={net.freeze!r} leaves nothing to train")
    last = max(numbers)
    factors = [float(net.lr_layer_decay) ** (last - number) for number in numbers]
    roles = make_role_factors(net, graph) or (1.0,) * len(numbers)
    factors = [0.0 if still else factor * role for still, factor, role in zip(frozen, factors, roles, strict=True)]
    return None if all(factor == 1 for factor in factors) else tuple(factors)


def _take_matching_tensors(source: FittedNetwork, own: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Return `own` tensors with those of a source in place of equal name and shape.

    Also return the names of those taken.
    """
    known = collect_tensors(source.net_.module_)
    taken = [name for name, tensor in own.items() if name in known and known[name].shape == tensor.shape]
    return own | {name: known[name].detach() for name in taken}, taken
