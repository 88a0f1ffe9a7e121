"""From an estimator's parameters to the structure of its network.

The structure is what must stay while a network is trained on; the numbers of its layers
and how its weights start may change.
"""

import copy
from collections.abc import Callable
from typing import Any, TypeAlias

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.parameters.protocols import CommonParameters, InputParameters, NetworkParameters
from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.layers.starts import Init
from sknet_hp.training.rules.torch_loss import TorchLoss

Structure: TypeAlias = dict[str, Any]
"""Module and arguments, encoding, loss and optimizer, by name."""

LAYER_NUMBERS = ("dropout", "input_dropout", "residual_dropout", "norm_momentum", "norm_eps")
"""Numbers of layers, which a network that is trained on may change.

They change no weight's shape. Whether there is such a layer is structure.
"""

STAND_INS = {
    "dropout": 0.5,
    "input_dropout": 0.25,
    "residual_dropout": 0.75,
    "norm_momentum": 0.125,
    "norm_eps": 2.0**-20,
}
"""Values, each another, by which the numbers in a traced graph are told apart."""

NTK = ("ntk", "ntk_normal")
"""Ways to start that come with the neural-tangent parametrisation."""

_ENCODING = ("numeric_transform", "max_one_hot", "text_encoding", "num_embedding", "num_bins")
NO_ARGUMENTS = ("optimizer", "loss", "precision", *_ENCODING)
"""Parts of a structure that are no arguments of a module."""

_PERIODIC = {"plr": (48, 24, 0.01), "pbld": (16, 4, 0.1)}
"""Frequencies, width and sigma of periodic embeddings.

After Gorishniy et al. 2022 and Holzmüller et al. 2024.
"""

_INIT_OF_ACTIVATION = {"selu": "lecun_normal", "tanh": "xavier_uniform", "sigmoid": "xavier_uniform"}


# ---- structure -----------------------------------------------------------------------------------------------------


def make_structure(
    net: CommonParameters, encoder: TableEncoder, n_features: int, n_outputs: int, loss: str | TorchLoss
) -> Structure:
    """Return what must stay while a network is trained on.

    That is the module and its arguments, and what its optimizer's memory depends on.
    """
    beside = {"optimizer": net.optimizer, "loss": loss, "precision": net.precision, **_read_encoding(net)}
    shape = {"module": net.module, "n_features": n_features, "n_outputs": n_outputs}
    if not isinstance(net.module, str):
        return shape | {"module_params": copy.copy(net.module_params or {})} | beside
    return shape | _MAKE_ARGUMENTS[net.module](net) | {"front": tuple(_make_front(net, encoder))} | beside


def check_unchanged(before: Structure, after: Structure) -> None:
    """Refuse a structure that a network trained with another one can not take."""
    before, after = _drop_dropouts(before), _drop_dropouts(after)
    changed = (
        [name for name in after if after[name] != before.get(name, after[name])]
        if before["module"] == after["module"]
        else ["module"]
    )
    if changed:
        what = ", ".join(f"{name}={before[name]!r} has become {after[name]!r}" for name in changed)
        raise ValueError(
            f"a network that is trained on must keep its shape, encoding and optimizer, but {what}; set "
            f"warm_start=False to start again"
        )


def _drop_dropouts(structure: Structure) -> Structure:
    """Return a structure without dropouts: they have no weights and may come and go."""
    whole = Front(*structure["front"])._asdict() | structure if "front" in structure else structure
    return {
        name: value
        for name, value in whole.items()
        if name not in ("front", "dropout", "input_dropout", "residual_dropout")
    }


def read_layer_numbers(net: NetworkParameters) -> dict[str, float]:
    """Return the numbers of an estimator's layers, by parameter."""
    return {name: float(getattr(net, name)) for name in LAYER_NUMBERS}


# ---- arguments of our own modules ----------------------------------------------------------------------------------


def read_hidden_sizes(net: NetworkParameters) -> tuple[int, ...]:
    """Return the units of each hidden layer."""
    return (
        (int(net.width),) * int(net.n_layers)
        if net.hidden_layer_sizes is None
        else tuple(map(int, net.hidden_layer_sizes))
    )


def _make_mlp_arguments(net: NetworkParameters) -> dict[str, Any]:
    own = {"hidden_layer_sizes": read_hidden_sizes(net), "ntk": net.init in NTK}
    return own | _make_activation_arguments(net) | _make_normalization_arguments(net)


def _make_resnet_arguments(net: NetworkParameters) -> dict[str, Any]:
    own = {
        "n_layers": int(net.n_layers),
        "width": int(net.width),
        "hidden_factor": float(net.hidden_factor),
        "residual_dropout": _stand_in_for_dropout(net, "residual_dropout"),
    }
    return own | _make_activation_arguments(net) | _make_normalization_arguments(net)


def _make_tabm_arguments(net: NetworkParameters) -> dict[str, Any]:
    own = {"hidden_layer_sizes": read_hidden_sizes(net), "n_heads": int(net.n_heads)}
    return own | _make_activation_arguments(net)


_MAKE_ARGUMENTS: dict[str, Callable[[NetworkParameters], dict[str, Any]]] = {
    "mlp": _make_mlp_arguments,
    "resnet": _make_resnet_arguments,
    "tabm": _make_tabm_arguments,
}


def _make_activation_arguments(net: NetworkParameters) -> dict[str, Any]:
    return {
        "activation": net.activation or "none",
        "parametric_activation": bool(net.parametric_activation),
        "dropout": _stand_in_for_dropout(net, "dropout"),
    }


def _make_normalization_arguments(net: NetworkParameters) -> dict[str, Any]:
    return {
        "normalization": net.normalization or "none",
        "norm_momentum": STAND_INS["norm_momentum"],
        "norm_eps": STAND_INS["norm_eps"],
    }


def _stand_in_for_dropout(net: NetworkParameters, name: str) -> float:
    """Return what stands for a dropout rate; 0 where there is no such layer."""
    return STAND_INS[name] if getattr(net, name) > 0 else 0.0


# ---- encoding ------------------------------------------------------------------------------------------------------


def make_encoder(net: CommonParameters) -> TableEncoder:
    """Return the encoder, not fitted yet, of tables for a network."""
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


def _read_encoding(net: InputParameters) -> dict[str, Any]:
    """Return the parameters that the encoding of a table follows from."""
    embedding = net.num_embedding or "none"
    given = {
        "numeric_transform": net.numeric_transform or "none",
        "max_one_hot": net.max_one_hot,
        "text_encoding": net.text_encoding,
    }
    return given | {"num_embedding": embedding} | ({"num_bins": net.num_bins} if embedding == "ple" else {})


def _make_front(net: CommonParameters, encoder: TableEncoder) -> Front:
    """Return the first layer of our networks, which embeds the encoded table."""
    embedding = net.num_embedding or "none"
    first_bin, n_bins = 0, 0
    if embedding == "ple":
        learned = net.num_embedding_dim is not None
        first_bin, n_bins = encoder.bins if learned else (0, 0)
        embedding = "bins" if n_bins else "none"
    frequencies, dim, _ = _PERIODIC.get(embedding, (0, 0, 0.0))
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
        input_dropout=_stand_in_for_dropout(net, "input_dropout"),
    )


# ---- how it starts -------------------------------------------------------------------------------------------------


def make_init(net: CommonParameters) -> Init:
    """Return how the weights of one of our networks start."""
    if net.init == "auto":
        weights = _INIT_OF_ACTIVATION.get(net.activation or "none")
    else:
        weights = None if net.init in ("torch", *NTK) else net.init
    sigma = _PERIODIC.get(net.num_embedding or "none", (0, 0, 0.1))[2] if net.num_sigma is None else net.num_sigma
    return Init(weights, float(sigma), bool(net.zero_output), net.init == "ntk")
