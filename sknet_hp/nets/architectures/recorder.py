"""What a module's forward does, recorded call by call."""

import copy
import inspect
from typing import Any

import torch
import torch.fx
from torch import nn

from sknet_hp.nets.layers.kinds import KIND_OF_MODULE


class UnknownLayerError(TypeError):
    """A module holds something that is none of the layers known here.

    The message names it.
    """


class Recorder(torch.fx.Tracer):
    """Records what a forward does.

    `torch.fx.Tracer.trace` replaces `nn.Module.__call__` in the whole process while it
    works: predictions in other threads would fail.
    """

    def record(self, module: nn.Module, training: bool) -> torch.fx.Graph:
        """Record the calls of one forward, in training or in prediction."""
        self.training = training
        self.graph = torch.fx.Graph()
        self.names = {id(tensor): name for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
        inputs: list[Any] = []
        for parameter in inspect.signature(module.forward).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or (
                inputs and parameter.default is not parameter.empty
            ):
                continue  # left out by who calls it with a batch alone
            inputs.append(self.create_proxy("placeholder", parameter.name, (), {}))
        output = self._copy_recording(module, "", {}).forward(*inputs)
        self.create_node("output", "output", (self.create_arg(output),), {})
        return self.graph

    def _copy_recording(self, module: nn.Module, name: str, known: dict[int, nn.Module]) -> nn.Module:
        """Make a shallow copy of a module whose layers note that they are called."""
        if id(module) not in known:
            if (
                name
                and not isinstance(module, (nn.ModuleList, nn.ModuleDict))
                and (type(module) in KIND_OF_MODULE or self.is_leaf_module(module, name))
            ):
                known[id(module)] = _RecordedLayer(self, name)
            else:
                twin = known[id(module)] = copy.copy(module)
                children = {
                    key: child and self._copy_recording(child, f"{name}.{key}" if name else key, known)
                    for key, child in module._modules.items()
                }
                # What its forward assigns, and that is no tensor now, must not be the module's.
                own = {kind: dict(module.__dict__[kind]) for kind in ("_parameters", "_buffers")}
                twin.__dict__ |= {"_modules": children, "training": self.training, **own}
        return known[id(module)]

    def create_arg(self, a: Any) -> Any:
        """Refuse a tensor that is no layer's output; see `torch.fx`."""
        if isinstance(a, torch.Tensor):
            raise UnknownLayerError(f"its forward uses a tensor by itself, {self.names.get(id(a), 'a constant')!r}")
        return torch.fx.proxy.TracerBase.create_arg(self, a)


class _RecordedLayer(nn.Module):
    """In place of a layer: notes that it is called, and computes nothing."""

    def __init__(self, recorder: Recorder, name: str):
        super().__init__()
        self.recorder, self.name = recorder, name

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.recorder.create_proxy("call_module", self.name, args, kwargs)
