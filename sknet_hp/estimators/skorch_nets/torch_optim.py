"""Rates and memory of torch's optimizers, read as ours and written back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from sknet_hp.training.rules.optimizer import Optimizer
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.torch_twin import TorchTwin
from sknet_hp.training.state import Rates, State


class UnsupportedNetError(Exception):
    """A net that the engine can not train; skorch's own loop does."""


def read_optimizer(optimizer: Any, module: nn.Module, names: list[str]) -> tuple[str, Rates, np.ndarray, int]:
    """Read the state of a torch optimizer over a module's parameters.

    Returns
    -------
    name : our optimizer's.
    rates : its numbers.
    memory : (n_slots, n_parameters).
    steps : how many it has taken.

    Raises
    ------
    UnsupportedNetError
        If its rule is not one of ours.
    """
    if _find_twin(optimizer) is None or len(optimizer.param_groups) != 1:
        raise UnsupportedNetError("an optimizer of another kind, or with parameter groups")
    group = optimizer.param_groups[0]
    name = _find_rule(optimizer, group)
    parameters = dict(module.named_parameters())
    if {id(p) for p in group["params"]} != {id(p) for p in parameters.values()}:
        raise UnsupportedNetError("an optimizer over other parameters than the module's")
    memory, step = _read_memory(optimizer, OPTIMIZERS[name].twin, [parameters[n] for n in names])
    return name, _read_rates(OPTIMIZERS[name], group), memory, step


def _find_twin(optimizer: Any) -> TorchTwin | None:
    """Return what we know of a torch optimizer's class."""
    twins = (rule.twin for rule in OPTIMIZERS.values())
    return next((twin for twin in twins if twin.kind is type(optimizer)), None)


def _find_rule(optimizer: Any, group: dict[str, Any]) -> str:
    for name, rule in OPTIMIZERS.items():
        if rule.twin.fits(optimizer, group):
            return name
    raise UnsupportedNetError("optimizer settings")


def _read_rates(rule: type[Optimizer], group: dict[str, Any]) -> Rates:
    values = {name: float(group[name]) for name in ("lr", "weight_decay", *rule.own_rates) if name in group}
    if "betas" in group:
        values["beta1"], values["beta2"] = map(float, group["betas"])
    return Rates(**values)


def _read_memory(optimizer: Any, twin: TorchTwin, parameters: list[nn.Parameter]) -> tuple[np.ndarray, int]:
    """Return the memory, (n_slots, n_parameters), and the steps taken."""
    has_memory = twin.has_memory(optimizer.param_groups[0])
    slots, step = [], 0
    for key in twin.memory:
        parts = []
        for parameter in parameters:
            state = optimizer.state.get(parameter, {})
            known = state.get(key) if has_memory else None
            parts.append(
                np.zeros(parameter.numel(), np.float32) if known is None else known.detach().cpu().numpy().ravel()
            )
            step = max(step, int(state.get("step", 0)))
        slots.append(np.concatenate([np.zeros(0, np.float32), *parts]))
    return np.stack(slots) if slots else np.zeros((0, sum(p.numel() for p in parameters)), np.float32), step


def write_optimizer(optimizer: Any, module: nn.Module, names: list[str], state: State) -> None:
    """Write a network's memory to where the torch optimizer would have it."""
    optimizer._opt_called = True  # or torch's schedulers warn that they came before the first step
    twin, group = _find_twin(optimizer), optimizer.param_groups[0]
    if twin is None or not twin.has_memory(group):
        return
    memory = twin.memory[: len(state.slots)]
    numbers = {"step": float(state.step)} if twin.counts_steps else {}
    numbers |= twin.make_extras(group, state.step)
    parameters = dict(module.named_parameters())
    offset = 0
    for parameter in (parameters[n] for n in names):
        size = parameter.numel()
        entry = optimizer.state[parameter]
        for key, number in numbers.items():
            entry[key] = torch.tensor(number, dtype=torch.float32, device="cpu")
        for key, slot in zip(memory, state.slots, strict=True):
            entry[key] = torch.from_numpy(slot[offset : offset + size].copy()).view_as(parameter).to(parameter.device)
        offset += size


def set_rates(optimizer: Any, rates: dict[str, float]) -> None:
    """Write numbers, by the names of `Rates`, into a torch optimizer.

    Those that it does not know are left out.
    """
    for group in optimizer.param_groups:
        group.update({name: value for name, value in rates.items() if name in group})
        if "betas" in group:
            beta1, beta2 = group["betas"]
            group["betas"] = (rates.get("beta1", beta1), rates.get("beta2", beta2))


def make_optimizer_settings(name: str, rates: Mapping[str, float]) -> dict[str, Any]:
    """Return the arguments of torch's optimizer in place of ours, but for the rate.

    Parameters
    ----------
    name : in `OPTIMIZERS`.
    rates : by the names of `Rates`.
    """
    rule, twin = OPTIMIZERS[name], OPTIMIZERS[name].twin
    settings: dict[str, Any] = {"weight_decay": rates["weight_decay"]}
    if twin.is_exact:
        settings |= {key: rates[key] for key in rule.own_rates if key not in ("beta1", "beta2")}
        if "beta1" in rule.own_rates:
            settings["betas"] = (rates["beta1"], rates["beta2"])
    return settings | {key: twin.settings[key] for key in twin.made_with}
