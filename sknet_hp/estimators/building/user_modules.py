"""Modules of users: how they are made, and what is asked of them."""

import copy
from typing import Any

import torch
from torch import nn

from sknet_hp.estimators.building.structure import Structure
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.stacked.networks import BATCH_COUNTER


@use_float32_on_cpu()
def make_user_module(
    kind: type[nn.Module], n_features: int, n_outputs: int, module_params: dict[str, Any]
) -> nn.Module:
    """Return an instance of a user's class of modules, tried on two rows of zeros."""
    try:
        own = kind(n_features=n_features, n_outputs=n_outputs, **module_params)
    except TypeError as error:
        raise ValueError(
            f"module={kind!r} could not be made with n_features={n_features}, n_outputs={n_outputs} and "
            f"module_params={module_params!r}: {error}"
        ) from error
    try:
        with torch.no_grad(), OwnGenerator(0):
            outputs = copy.deepcopy(own).eval()(torch.zeros(2, n_features, dtype=torch.float32))
    except Exception as error:  # whatever a user's own code raises
        raise ValueError(
            f"module={kind!r} does not take a batch of shape (rows, {n_features}), float32: {type(error).__name__}: "
            f"{error}"
        ) from error
    shape = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    if shape != (2, n_outputs):
        raise ValueError(
            f"module={kind!r} must give outputs of shape (rows, n_outputs), here (2, {n_outputs}) for a batch of 2 "
            f"rows, but gave {shape}; its class is called with n_features and n_outputs"
        )
    return own


def check_trainable(structure: Structure, own: nn.Module) -> None:
    """Refuse a module that has no parameters to train, or not of float32."""
    parameters = list(own.parameters())
    if any(p.requires_grad for p in parameters) and all(p.dtype == torch.float32 for p in parameters):
        return
    default = torch.get_default_dtype()
    why = (
        ""
        if default == torch.float32
        else f"; torch.Tensor(...) makes them {default}, the default; use torch.empty(...), which does not"
    )
    raise ValueError(f"module={structure['module']!r} must have float32 parameters to train{why}") from None


@use_float32_on_cpu()
def check_buffers(structure: Structure, own: nn.Module) -> None:
    """Refuse a module that in training changes a buffer which is not kept.

    Found out by a step on two rows of zeros, as far as that shows it.
    """
    tried = copy.deepcopy(own).train()
    before = _copy_buffers_not_kept(tried)
    try:
        with torch.no_grad(), OwnGenerator(0):
            tried(torch.zeros(2, structure["n_features"], dtype=torch.float32))
    except Exception:  # in training it wants more than these two rows
        return
    after = _copy_buffers_not_kept(tried)
    changed = [name for name, buffer in after.items() if not torch.equal(buffer, before[name])]
    if changed:
        raise ValueError(
            f"module={structure['module']!r} changes its buffer {changed[0]!r} of {before[changed[0]].dtype} in "
            f"training, but only buffers of floating point are kept; make it one of float32"
        )


def _copy_buffers_not_kept(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of the buffers that are not of floating point, counters aside."""
    return {
        name: buffer.clone()
        for name, buffer in module.named_buffers()
        if not buffer.is_floating_point() and not name.endswith(BATCH_COUNTER)
    }


def collect_tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return parameters and buffers by name."""
    return dict(module.named_parameters()) | dict(module.named_buffers())
