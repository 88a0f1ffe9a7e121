"""What stages try: changes of a network's parameters, as pure functions of its values.

Names are those of the network alone; a guide puts the prefix of a pipeline before them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sknet_hp.search.spaces.values import Params

_BY_ROOT = ("adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "lion")
"""Optimizers whose rate goes with the root of the batch size (Malladi et al. 2022)."""

_LEAST_BATCH, _MOST_BATCH = 8, 2048

_USUAL = {"width": 128, "n_layers": 2, "module": "mlp"}

_INPUTS, _COST_OF_ROWS = 64, 10_000
"""Inputs that a network is taken to have, and what a row costs besides, in weights."""


class Change(NamedTuple):
    """Parameters that a stage tries, and what that is in words."""

    text: str
    params: Params


def list_rates(suggestion: float, current: float) -> list[Change]:
    """Return rates on a log scale around what a range test suggests.

    The suggestion comes first, then a third and three times of it. What lies within a
    quarter of the current rate, which is known already, is left out.

    Parameters
    ----------
    suggestion : of the range test.
    current : the network's rate.
    """
    rates = [round_rate(suggestion * factor) for factor in (1, 1 / 3, 3)]
    return [Change(f"lr={rate:g}", {"lr": rate}) for rate in rates if not 0.8 < rate / current < 1.25]


def round_rate(rate: float) -> float:
    """Return a rate with two digits, which people can read."""
    return float(f"{rate:.2g}")


def list_batch_sizes(batch_size: int, lr: float, optimizer: str, n_rows: int) -> list[Change]:
    """Return half and twice the batch size, with rates scaled as their optimizer wants.

    With the root of the ratio for optimizers that divide by the gradient's size
    (Malladi et al. 2022), with the ratio for the others (Goyal et al. 2017).

    Parameters
    ----------
    batch_size : rows.
    lr, optimizer : of the network.
    n_rows : that it trains on.
    """
    changes = []
    for factor in (2, 0.5):
        size = round(batch_size * factor)
        if not _LEAST_BATCH <= size <= min(_MOST_BATCH, n_rows // 4):
            continue
        rate = round_rate(lr * (factor**0.5 if optimizer in _BY_ROOT else factor))
        changes.append(Change(f"batch_size={size} with lr={rate:g}", {"batch_size": size, "lr": rate}))
    return changes


def list_architectures(current: Mapping[str, Any]) -> list[Change]:
    """Return other kinds of networks, and of numbers as these see them.

    They are what gained most on real tables, the cheapest first: piecewise linear and
    periodic embeddings (Gorishniy et al. 2022, Holzmüller et al. 2024), a residual
    network, and TabM (Gorishniy et al. 2025) with few heads.

    Parameters
    ----------
    current : the network's parameters.
    """
    if current["module"] not in ("mlp", "resnet", "tabm") or current["hidden_layer_sizes"] is not None:
        return []
    changes = []
    if current["num_embedding"] in (None, "none", "ple") and current["num_embedding_dim"] is None:
        for embedding, dim in (("ple", 8), ("pbld", 4)):
            params = {"num_embedding": embedding, "num_embedding_dim": dim}
            changes.append(Change(f"num_embedding={embedding} with num_embedding_dim={dim}", params))
    if current["module"] == "mlp":
        changes.append(Change("module=resnet", {"module": "resnet"}))
        more = {"module": "tabm", "n_heads": 8, "num_embedding": "ple", "num_embedding_dim": 4}
        changes.append(Change("module=tabm with n_heads=8 and num_embedding_dim=4", more))
    return changes


def estimate_cost(params: Mapping[str, Any]) -> float:
    """Return how long an epoch takes, in arbitrary units, by the network's parameters.

    About in line with its weights, and with a constant for all that is done for each
    row besides. Measured on one core, of networks with 64 to 512 units a layer: seldom
    off by more than a half.

    Parameters
    ----------
    params : of the network; those that are missing count as the defaults.
    """
    width, n_layers, module = (params.get(name, usual) for name, usual in _USUAL.items())
    if params.get("hidden_layer_sizes") is not None or not isinstance(width, int):
        return float(_COST_OF_ROWS)
    matrices = 2 * params.get("hidden_factor", 2.0) * n_layers if module == "resnet" else n_layers - 1
    weights = width * (_INPUTS + width * matrices)
    if params.get("num_embedding_dim") is not None:
        weights += width * _INPUTS
    if module == "tabm":
        weights *= 1.5 * params.get("n_heads", 32)
    return float(_COST_OF_ROWS + weights)


def list_recipes(current: Mapping[str, Any]) -> list[Change]:
    """Return settings that often help, of size, regularisation and optimizer.

    Parameters
    ----------
    current : the network's parameters.
    """
    changes = []
    if current["module"] in ("mlp", "resnet", "tabm") and current["hidden_layer_sizes"] is None:
        width, dropout = int(current["width"]), float(current["dropout"])
        more = min(0.5, round(dropout + 0.15, 2))
        changes += [
            Change(f"width={2 * width} with dropout={more:g}", {"width": 2 * width, "dropout": more}),
            Change(f"dropout={more:g}", {"dropout": more}),
            Change(f"width={max(8, width // 2)}", {"width": max(8, width // 2)}),
            Change(f"n_layers={current['n_layers'] + 1}", {"n_layers": int(current["n_layers"]) + 1}),
        ]
    decay = round_rate(max(1e-3, current["weight_decay"] * 10))
    changes.append(Change(f"weight_decay={decay:g}", {"weight_decay": decay}))
    if current["optimizer"] in ("adam", "adamw"):
        # Chen et al. 2023: a rate 3 to 10 times smaller, and decay as many times larger.
        rate, decay = round_rate(current["lr"] / 5), round_rate(current["weight_decay"] * 5)
        lion = {"optimizer": "lion", "lr": rate, "weight_decay": decay}
        changes.append(Change(f"optimizer=lion with lr={rate:g}", lion))
    return changes


def list_schedules(n_epochs: int, current: Mapping[str, Any]) -> list[Change]:
    """Return schedules over as many epochs as networks train now, and more patience.

    Parameters
    ----------
    n_epochs : that the network trained for until it stopped.
    current : the network's parameters.
    """
    changes = []
    for schedule, warmup in (("cosine", 0.05), ("flat_cos", 0.0)):
        if schedule != current["lr_schedule"]:
            params = {"lr_schedule": schedule, "lr_warmup": warmup, "schedule_epochs": max(2, n_epochs)}
            risen = ", after a warm-up" if warmup else ""
            changes.append(Change(f"lr_schedule={schedule} over {params['schedule_epochs']} epochs{risen}", params))
    if current["early_stopping"]:
        patience = 2 * int(current["patience"])
        changes.append(Change(f"patience={patience}", {"patience": patience}))
    return changes
