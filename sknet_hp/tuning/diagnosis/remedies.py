"""Changes of parameters, relative to a network's own."""

from typing import Any

from sknet_hp.tuning.diagnosis.thresholds import FEWEST_UNITS, RESTRAINTS

USUAL_RATES = {
    "adamw": 2e-3,
    "adam": 2e-3,
    "nadam": 2e-3,
    "radam": 2e-3,
    "rmsprop": 1e-3,
    "adagrad": 2e-2,
    "lion": 3e-4,
    "sgd": 2e-2,
    "nesterov": 2e-2,
    "momentum": 2e-2,
}
"""Where to start with an optimizer: the default of our estimators, and rates that stand
in the same relation to it as those that papers and libraries begin with."""

_OWN_SCALE = ("ntk", "ntk_normal")
"""Ways to start with which rates mean something else."""


def lower_rate(network: Any, factor: float) -> dict[str, float]:
    """Return a rate lower by a factor, and at most the usual one of the optimizer."""
    lr = network.lr / factor
    return {"lr": _round(lr if network.init in _OWN_SCALE else min(lr, USUAL_RATES[network.optimizer]))}


def raise_rate(network: Any, factor: float) -> dict[str, float]:
    """Return a rate higher by a factor, and at least the usual one of the optimizer."""
    lr = network.lr * factor
    return {"lr": _round(lr if network.init in _OWN_SCALE else max(lr, USUAL_RATES[network.optimizer]))}


def train_longer(network: Any, factor: int) -> dict[str, int]:
    """Return as many more epochs, for the schedule as well where it has its own."""
    longer = {"max_epochs": int(network.max_epochs) * factor}
    if network.lr_schedule == "step" and network.lr_step_epochs is not None:
        longer["lr_step_epochs"] = max(int(network.lr_step_epochs) * factor, longer["max_epochs"] // 3)
    if network.schedule_epochs is not None:
        longer["schedule_epochs"] = max(int(network.schedule_epochs), longer["max_epochs"])
    return longer


def regularise(network: Any) -> dict[str, Any]:
    """Return early stopping if there is none, more dropout and more weight decay."""
    stopping = {} if network.early_stopping else {"early_stopping": True}
    if not network.restore_best:
        stopping["restore_best"] = True
    stronger = {"weight_decay": max(0.01, network.weight_decay * 3)}
    if isinstance(network.module, str):
        stronger["dropout"] = round(min(0.5, network.dropout + 0.2), 3)
    return stopping | stronger


def is_held_back(network: Any) -> bool:
    """Return whether parameters alone make it likely that a network cannot learn."""
    if any(getattr(network, name) >= limit for name, limit in RESTRAINTS.items()):
        return True
    sizes = network.hidden_layer_sizes or ([network.width] if network.n_layers else [])
    return isinstance(network.module, str) and min(sizes, default=FEWEST_UNITS) < FEWEST_UNITS


def make_room(network: Any) -> dict[str, Any]:
    """Return what lets a network learn more: width, and less regularisation."""
    usual = type(network)().get_params()
    remedy: dict[str, Any] = {}
    for name in ("dropout", "input_dropout", "residual_dropout", "weight_decay", "l1", "input_noise", "mixup_alpha"):
        if getattr(network, name) > usual[name]:
            remedy[name] = usual[name]
    if not isinstance(network.module, str):
        return remedy
    if network.hidden_layer_sizes is not None:
        return remedy | {"hidden_layer_sizes": tuple(max(64, 2 * size) for size in network.hidden_layer_sizes)}
    if not remedy or network.width < 64:
        remedy["width"] = max(usual["width"], 2 * int(network.width))
    if network.n_layers < 1:
        remedy["n_layers"] = 2
    return remedy


def exceeds_usual_rate(network: Any) -> bool:
    """Return whether the rate is higher than the optimizer's usual one."""
    return bool(network.lr > USUAL_RATES[network.optimizer])


def _round(lr: float) -> float:
    return float(f"{lr:.3g}")
