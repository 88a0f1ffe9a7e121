"""From an estimator's parameters to its network: the structure, the module, the graph,
and the numbers of its layers.
"""

import copy
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.nets.architectures import ARCHITECTURES
from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.tracing import UnknownLayerError, trace
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.init import Init
from sknet_hp.nets.layers.modules import EnsembleOutput
from sknet_hp.nets.stacked.networks import BATCH_COUNTER
from sknet_hp.training.rules.torch_loss import TorchLoss, get_loss_class

NUMBERS = ("dropout", "input_dropout", "residual_dropout", "norm_momentum", "norm_eps")
"""Numbers of layers. They move no weight, so a network that is trained on may change
them. Whether there is such a layer is structure.
"""

_STAND_IN = {
    "dropout": 0.5,
    "input_dropout": 0.25,
    "residual_dropout": 0.75,
    "norm_momentum": 0.125,
    "norm_eps": 2.0**-20,
}
"""Values by which a traced graph's numbers are told apart."""

NTK = ("ntk", "ntk_normal")
"""Ways to start that come with the neural-tangent parametrisation."""

_ENCODING = ("numeric_transform", "max_one_hot", "text_encoding", "num_embedding", "num_bins")
_BESIDE = ("optimizer", "loss", "precision", *_ENCODING)  # part of what must stay, and no argument of a module

_WAVES = {"plr": (48, 24, 0.01), "pbld": (16, 4, 0.1)}
"""Frequencies, width and sigma of periodic embeddings (Gorishniy et al. 2022;
Holzmüller et al. 2024).
"""


class Network(NamedTuple):
    """What trains: the structure that a cohort shares, the numbers of its layers, and
    how it starts if not by `Init`.
    """

    graph: Graph | nn.Module
    rates: tuple[float, ...]
    module: nn.Module | None = None


# ---- structure -----------------------------------------------------------------------------------------------------


def structure(
    net: Any, encoder: TableEncoder, n_features: int, n_outputs: int, loss: str | TorchLoss
) -> dict[str, Any]:
    """What must stay while a network is trained on: the module and its arguments, and
    what its optimizer's memory depends on.
    """
    beside = {"optimizer": net.optimizer, "loss": loss, "precision": net.precision, **_encoding(net)}
    shape = {"module": net.module, "n_features": n_features, "n_outputs": n_outputs}
    if not isinstance(net.module, str):
        return shape | {"module_params": copy.copy(net.module_params or {})} | beside
    return shape | _ARGUMENTS[net.module](net) | {"front": tuple(_front(net, encoder))} | beside


def _encoding(net: Any) -> dict[str, Any]:
    """The parameters that the encoding of the table follows from, which is kept while a
    network is trained on.
    """
    embedding = net.num_embedding or "none"
    given = {
        "numeric_transform": net.numeric_transform or "none",
        "max_one_hot": net.max_one_hot,
        "text_encoding": net.text_encoding,
    }
    return given | {"num_embedding": embedding} | ({"num_bins": net.num_bins} if embedding == "ple" else {})


def lasting(structure: dict[str, Any]) -> dict[str, Any]:
    """What of a structure a network that is trained on must keep: all but its dropouts,
    which hold no weights and may come and go.
    """
    whole = Front(*structure["front"])._asdict() | structure if "front" in structure else structure
    return {
        name: value
        for name, value in whole.items()
        if name not in ("front", "dropout", "input_dropout", "residual_dropout")
    }


def _place(net: Any, name: str) -> float:
    return _STAND_IN[name] if getattr(net, name) > 0 else 0.0


def _hidden(net: Any) -> tuple[int, ...]:
    return (
        (int(net.width),) * int(net.n_layers)
        if net.hidden_layer_sizes is None
        else tuple(map(int, net.hidden_layer_sizes))
    )


def _common(net: Any) -> dict[str, Any]:
    return {
        "activation": net.activation or "none",
        "parametric_activation": bool(net.parametric_activation),
        "dropout": _place(net, "dropout"),
    }


def _normalization(net: Any) -> dict[str, Any]:
    return {
        "normalization": net.normalization or "none",
        "norm_momentum": _STAND_IN["norm_momentum"],
        "norm_eps": _STAND_IN["norm_eps"],
    }


_ARGUMENTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "mlp": lambda net: (
        {"hidden_layer_sizes": _hidden(net), "ntk": net.init in NTK} | _common(net) | _normalization(net)
    ),
    "resnet": lambda net: (
        {"n_layers": int(net.n_layers), "width": int(net.width), "hidden_factor": float(net.hidden_factor)}
        | {"residual_dropout": _place(net, "residual_dropout")}
        | _common(net)
        | _normalization(net)
    ),
    "tabm": lambda net: {"hidden_layer_sizes": _hidden(net), "n_heads": int(net.n_heads)} | _common(net),
}


def _front(net: Any, encoder: TableEncoder) -> Front:
    embedding = net.num_embedding or "none"
    first_bin, n_bins = 0, 0
    if embedding == "ple":
        learned = net.num_embedding_dim is not None
        first_bin, n_bins = encoder.bins if learned else (0, 0)
        embedding = "bins" if n_bins else "none"
    frequencies, dim, _ = _WAVES.get(embedding, (0, 0, 0.0))
    return Front(
        n_numeric=encoder.n_numeric,
        num_embedding=embedding,
        num_frequencies=int(net.num_frequencies or frequencies),
        num_embedding_dim=int(net.num_embedding_dim or dim),
        first_bin=first_bin,
        n_bins=n_bins,
        n_codes=encoder.n_codes,
        n_categories=encoder.n_categories,
        cat_embedding_dim=int(net.cat_embedding_dim),
        feature_scale=bool(net.feature_scale),
        input_dropout=_place(net, "input_dropout"),
    )


def encoder(net: Any) -> TableEncoder:
    """What makes a table into what the network takes."""
    inside = isinstance(net.module, str)  # embeddings are part of our own networks
    return TableEncoder(
        max_categories=net.max_one_hot,
        numeric_transform=net.numeric_transform,
        n_bins=net.num_bins if net.num_embedding == "ple" else 0,
        equal_bins=inside and net.num_embedding_dim is not None,
        codes=inside and net.cat_embedding_dim > 0,
        words=net.text_encoding == "words",
        round_width=True,
    )


# ---- module and graph ----------------------------------------------------------------------------------------------


def numbers(net: Any) -> dict[str, float]:
    """The numbers of an estimator's layers, by parameter."""
    return {name: float(getattr(net, name)) for name in NUMBERS}


def module(structure: dict[str, Any], numbers: dict[str, float] | None = None, device: str = "meta") -> nn.Module:
    """The module of a structure, with numbers or what stands in for them."""
    arguments = {name: value for name, value in structure.items() if name not in _BESIDE}
    kind = arguments.pop("module")
    if not isinstance(kind, str):
        return _own_module(kind, arguments)
    front = Front(*arguments.pop("front"))
    if numbers is not None:
        arguments |= {name: value for name, value in numbers.items() if arguments.get(name)}
        front = front._replace(input_dropout=numbers["input_dropout"] if front.input_dropout else 0.0)
    return ARCHITECTURES[kind](**arguments, front=front, device=device)


@lru_cache(maxsize=256)
def _traced(parameters: tuple[tuple[str, Any], ...]) -> tuple[Graph, tuple[str, ...]]:
    """The graph of one of our networks, and the name of the parameter that each number
    of its layers is.
    """
    graph, rates = trace(module(dict(parameters)))
    names = {value: name for name, value in _STAND_IN.items()}
    return graph, tuple(names[rate] for rate in rates)


def network(structure: dict[str, Any], numbers: dict[str, float], seed: int) -> Network:
    """The network of a structure, with these numbers; the weights of a module that is
    not ours follow from `seed`.
    """
    if isinstance(structure["module"], str):
        graph, names = _traced(tuple((name, value) for name, value in structure.items() if name not in _BESIDE))
        return Network(graph, tuple(numbers[name] for name in names))
    with OwnGenerator(seed):
        own = module(structure)
    try:
        return Network(*trace(own), own)
    except UnknownLayerError as error:
        warn_trained_alone(error)
        if not any(p.requires_grad for p in own.parameters()) or any(
            p.dtype != torch.float32 for p in own.parameters()
        ):
            default = torch.get_default_dtype()
            why = (
                ""
                if default == torch.float32
                else f"; torch.Tensor(...) makes them {default}, the default; use torch.empty(...), which does not"
            )
            raise ValueError(f"module={structure['module']!r} must have float32 parameters to train{why}") from None
        return Network(own, (), own)


@use_float32_on_cpu()
def check_buffers(structure: dict[str, Any], own: nn.Module) -> None:
    """Refuse a module that changes a state which would be lost, as far as a step on two
    rows of zeros shows it.
    """

    def others() -> dict[str, torch.Tensor]:
        return {
            name: b.clone()
            for name, b in tried.named_buffers()
            if not b.is_floating_point() and not name.endswith(BATCH_COUNTER)
        }

    tried = copy.deepcopy(own).train()
    before = others()
    try:
        with torch.no_grad(), OwnGenerator(0):
            tried(torch.zeros(2, structure["n_features"], dtype=torch.float32))
    except Exception:  # in training it wants more than these two rows
        return
    changed = [name for name, b in others().items() if not torch.equal(b, before[name])]
    if changed:
        raise ValueError(
            f"module={structure['module']!r} changes its buffer {changed[0]!r} of {before[changed[0]].dtype} in "
            f"training, but only buffers of floating point are kept; make it one of float32"
        )


def counted(graph: Graph | nn.Module, step: int) -> Graph | nn.Module:
    """For a network that goes on from this step: if it is a module, the batches its
    normalisations have seen belong to their averages.
    """
    if not isinstance(graph, Graph):
        for name, buffer in graph.named_buffers():
            if name.endswith(BATCH_COUNTER):
                buffer.fill_(step)
    return graph


@use_float32_on_cpu()
def _own_module(kind: Any, arguments: dict[str, Any]) -> nn.Module:
    params = arguments.pop("module_params")
    try:
        own = kind(**arguments, **params)
    except TypeError as error:
        raise ValueError(
            f"module={kind!r} could not be made with n_features={arguments['n_features']}, "
            f"n_outputs={arguments['n_outputs']} and module_params={params!r}: {error}"
        ) from error
    n_features, n_outputs = arguments["n_features"], arguments["n_outputs"]
    try:
        with torch.no_grad(), OwnGenerator(0):
            made = copy.deepcopy(own).eval()(torch.zeros(2, n_features, dtype=torch.float32))
    except Exception as error:  # whatever a user's own code raises
        raise ValueError(
            f"module={kind!r} does not take a batch of shape (rows, {n_features}), float32: {type(error).__name__}: "
            f"{error}"
        ) from error
    shape = tuple(made.shape) if isinstance(made, torch.Tensor) else type(made).__name__
    if shape != (2, n_outputs):
        raise ValueError(
            f"module={kind!r} must give outputs of shape (rows, n_outputs), here (2, {n_outputs}) for a batch of 2 "
            f"rows, but gave {shape}; its class is called with n_features and n_outputs"
        )
    return own


def tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


_WARNED: set[str] = set()


def warn_trained_alone(error: UnknownLayerError) -> None:
    """Warn, once for each reason, that networks of a kind are neither compiled nor
    stacked.
    """
    message = (
        f"{error}: networks of this kind can not be compiled or stacked, so they train through torch, each by itself"
    )
    if message not in _WARNED:
        _WARNED.add(message)
        warnings.warn(message, UserWarning, stacklevel=2)


def empty(structure: dict[str, Any], numbers: dict[str, float], seed: int) -> nn.Module:
    """The module as torch runs it, on the CPU, before it is given weights."""
    if not isinstance(structure["module"], str):
        with OwnGenerator(seed):
            return module(structure)
    made = module(structure, numbers).to_empty(device="cpu")
    made.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in made.state_dict().items()})
    for layer in made.modules():
        if isinstance(layer, EnsembleOutput):
            layer.together = get_loss_class(structure["loss"]).together
    return made


# ---- how it starts -------------------------------------------------------------------------------------------------

_FITS = {"selu": "lecun_normal", "tanh": "xavier_uniform", "sigmoid": "xavier_uniform"}


def initialisation(net: Any) -> Init:
    """How one of our networks starts."""
    weights = (
        _FITS.get(net.activation or "none") if net.init == "auto" else None if net.init in ("torch", *NTK) else net.init
    )
    sigma = _WAVES.get(net.num_embedding or "none", (0, 0, 0.1))[2] if net.num_sigma is None else net.num_sigma
    return Init(weights, float(sigma), bool(net.zero_output), net.init == "ntk")


def check_architecture(net: Any) -> None:
    """Refuse values that are right alone and wrong together."""
    if isinstance(net.module, str):
        if net.module_params:
            raise ValueError(
                f"module_params={net.module_params!r} is for a module of your own, but module={net.module!r}"
            )
    elif not (isinstance(net.module, type) and issubclass(net.module, nn.Module)):
        raise ValueError(
            f"module={net.module!r} must be one of {sorted(ARCHITECTURES)} or a subclass of torch.nn.Module (the "
            f"class, not an instance: each fit makes its own, with n_features and n_outputs)"
        )
    if net.init in NTK and net.module != "mlp":
        raise ValueError(f"init={net.init!r} is for module='mlp', but module={net.module!r}")
    if net.module == "tabm":
        if (net.normalization or "none") != "none":
            raise ValueError(f"module='tabm' has no normalisation, but normalization={net.normalization!r}; use 'none'")
        if not _hidden(net):
            raise ValueError(
                f"module='tabm' needs a hidden layer, but n_layers={net.n_layers!r}, "
                f"hidden_layer_sizes={net.hidden_layer_sizes!r}"
            )
    if net.module == "resnet" and net.hidden_layer_sizes is not None:
        raise ValueError(
            "module='resnet' has blocks of equal width: set n_layers and width, and leave hidden_layer_sizes=None"
        )
    sizes = net.hidden_layer_sizes
    if sizes is not None and not all(
        isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= 1 for size in sizes
    ):
        raise ValueError(f"hidden_layer_sizes={sizes!r} must hold whole numbers from 1 on, for example (256, 128)")
    if net.num_embedding == "pbld" and net.num_embedding_dim == 1:
        raise ValueError(
            "num_embedding='pbld' puts the number itself beside what it learns, so num_embedding_dim must be 2 or more"
        )
