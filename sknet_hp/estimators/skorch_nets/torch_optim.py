"""Rates and memory of torch's optimizers, read as ours and written back."""

from typing import Any

import numpy as np
import torch
from torch import nn

from sknet_hp.training.job import Rates, State
from sknet_hp.training.rules.optimizers import compute_nadam_momentum


class UnsupportedNetError(Exception):
    """A net that the engine can not train; skorch's own loop does."""


# Our name, how our rates follow from a parameter group, torch's names of the memory, and what a group must
# say for the rule to be ours.
_RULES: dict[type[torch.optim.Optimizer], tuple[str, dict[str, str], tuple[str, ...], dict[str, Any]]] = {
    torch.optim.SGD: ("sgd", {"momentum": "momentum"}, ("momentum_buffer",), {"dampening": 0}),
    torch.optim.RMSprop: (
        "rmsprop",
        {"alpha": "alpha", "eps": "eps"},
        ("square_avg",),
        {"momentum": 0, "centered": False},
    ),
    torch.optim.Adagrad: ("adagrad", {"eps": "eps"}, ("sum",), {"lr_decay": 0, "initial_accumulator_value": 0}),
    torch.optim.Adam: (
        "adam",
        {"eps": "eps"},
        ("exp_avg", "exp_avg_sq"),
        {"amsgrad": False, "decoupled_weight_decay": False},
    ),
    torch.optim.AdamW: ("adamw", {"eps": "eps"}, ("exp_avg", "exp_avg_sq"), {"amsgrad": False}),
    torch.optim.NAdam: (
        "nadam",
        {"eps": "eps"},
        ("exp_avg", "exp_avg_sq"),
        {"momentum_decay": 4e-3, "decoupled_weight_decay": False},
    ),
    torch.optim.RAdam: ("radam", {"eps": "eps"}, ("exp_avg", "exp_avg_sq"), {"decoupled_weight_decay": False}),
}


def read_optimizer(optimizer: Any, module: nn.Module, names: list[str]) -> tuple[str, Rates, np.ndarray, int]:
    """Read a torch optimizer over a module's parameters.

    Returns
    -------
    name : str
        Of our optimizer.
    rates : Rates
    slots : (n_slots, n_parameters) float32
        Its memory.
    step : int
        How many steps were taken.

    Raises
    ------
    UnsupportedNetError
        If its rule is not one of ours.
    """
    rule = _RULES.get(type(optimizer))
    if rule is None or len(optimizer.param_groups) != 1:
        raise UnsupportedNetError("an optimizer of another kind, or with parameter groups")
    name, rates, memory, required = rule
    group = optimizer.param_groups[0]
    if group.get("maximize") or any(key in group and group[key] != value for key, value in required.items()):
        raise UnsupportedNetError("optimizer settings")
    parameters = dict(module.named_parameters())
    if {id(p) for p in group["params"]} != {id(p) for p in parameters.values()}:
        raise UnsupportedNetError("an optimizer over other parameters than the module's")
    values = {ours: float(group[theirs]) for ours, theirs in rates.items()}
    if "betas" in group:
        values["beta1"], values["beta2"] = map(float, group["betas"])
    if group.get("nesterov"):
        name = "nesterov"
    slots, step = [], 0
    for key in memory:
        parts = []
        for parameter in (parameters[n] for n in names):
            state = optimizer.state.get(parameter, {})
            known = state.get(key) if _has_memory(optimizer) else None
            parts.append(
                np.zeros(parameter.numel(), np.float32) if known is None else known.detach().cpu().numpy().ravel()
            )
            step = max(step, int(state.get("step", 0)))
        slots.append(np.concatenate([np.zeros(0, np.float32), *parts]))
    return (
        name,
        Rates(lr=float(group["lr"]), weight_decay=float(group["weight_decay"]), **values),
        np.stack(slots),
        step,
    )


def write_optimizer(optimizer: Any, module: nn.Module, names: list[str], state: State) -> None:
    """Write a network's memory to where the torch optimizer would have it."""
    optimizer._opt_called = True  # or torch's schedulers warn that they came before the first step
    if not _has_memory(optimizer):
        return
    _, _, memory, _ = _RULES[type(optimizer)]
    memory = memory[: len(state.slots)]
    parameters = dict(module.named_parameters())
    offset = 0
    for parameter in (parameters[n] for n in names):
        size = parameter.numel()
        entry = optimizer.state[parameter]
        if type(optimizer) is not torch.optim.SGD:
            entry["step"] = torch.tensor(float(state.step), dtype=torch.float32, device="cpu")
        if type(optimizer) is torch.optim.NAdam:
            beta1 = optimizer.param_groups[0]["betas"][0]
            product = float(np.prod(compute_nadam_momentum(beta1, np.arange(1, state.step + 1))))
            entry["mu_product"] = torch.tensor(product, dtype=torch.float32, device="cpu")
        for key, slot in zip(memory, state.slots, strict=True):
            entry[key] = torch.from_numpy(slot[offset : offset + size].copy()).view_as(parameter).to(parameter.device)
        offset += size


def _has_memory(optimizer: Any) -> bool:
    """Return whether the rule has a memory.

    torch keeps none where there is no momentum, and begins anew where it comes later.
    """
    return type(optimizer) is not torch.optim.SGD or bool(optimizer.param_groups[0]["momentum"])


_GROUP = ("lr", "weight_decay", "momentum", "eps", "alpha")  # named alike in torch's groups


def set_rates(optimizer: Any, rates: dict[str, float]) -> None:
    """Write numbers, by the names of `Rates`, into a torch optimizer.

    Those that it does not know are left out.
    """
    for group in optimizer.param_groups:
        group.update({name: value for name, value in rates.items() if name in _GROUP and name in group})
        if "betas" in group:
            beta1, beta2 = group["betas"]
            group["betas"] = (rates.get("beta1", beta1), rates.get("beta2", beta2))
