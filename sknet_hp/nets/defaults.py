"""Type and device of tensors that are made without saying them.

Torch's defaults belong to the whole process, which may have changed them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode


def find_default_device() -> torch.device:
    """Return the device of tensors that are made without saying theirs.

    `torch.get_default_device()` fails in torch 2.6 and older after
    `torch.set_default_device(None)`.
    """
    return torch.empty(0).device


@contextmanager
def use_float32_on_cpu() -> Iterator[None]:
    """Make tensors that say neither type nor device float32 on the CPU, in this thread.

    For code that is not ours: torch's layers, modules and losses of users, skorch.
    Nothing is set that other threads would see, and nothing at all where these are the
    defaults, for it costs time in every call of torch's.
    """
    with ExitStack() as entered:
        if torch.get_default_dtype() != torch.float32:
            entered.enter_context(_Float32())
        if find_default_device().type != "cpu":
            entered.enter_context(torch.device("cpu"))
        yield


_SHAPED = (
    torch.empty,
    torch.empty_permuted,
    torch.empty_strided,
    torch.zeros,
    torch.ones,
    torch.eye,
    torch.linspace,
    torch.logspace,
)
_MADE = frozenset([*_SHAPED, torch.rand, torch.randn, torch.normal])
"""What makes tensors of the default type. They are made of ours from the beginning:
random numbers differ by the type that they are drawn in.
"""

_CONVERSIONS = frozenset(
    [torch.Tensor.double, torch.Tensor.half, torch.Tensor.bfloat16, torch.Tensor.to, torch.Tensor.type]
)


class _Float32(TorchFunctionMode):
    """Within it, what would be of the default type is float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in _MADE and kwargs.get("dtype") is None and not any(isinstance(arg, torch.Tensor) for arg in args):
            return func(*args, **kwargs | {"dtype": torch.float32})
        made = func(*args, **kwargs)
        if not isinstance(made, torch.Tensor) or made.dtype != torch.get_default_dtype() or func in _CONVERSIONS:
            return made
        if _is_type_asked_for([*args, *kwargs.values()]):
            return made
        try:  # once more, in float32: what was computed in float16 has lost digits
            if any(isinstance(arg, torch.Tensor) for arg in args):
                return func(
                    *(arg.to(torch.float32) if isinstance(arg, torch.Tensor) else arg for arg in args), **kwargs
                )
            return func(*args, **kwargs | {"dtype": torch.float32})
        except (TypeError, RuntimeError):  # it takes no such numbers, or no type
            return made.to(torch.float32)


def _is_type_asked_for(value: Any) -> bool:
    """Return whether a result has the default type because of an argument.

    That is one that asks for a type, or has this one itself.
    """
    if isinstance(value, (list, tuple)):
        return any(map(_is_type_asked_for, value))
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return str(value.dtype).removeprefix("torch.") == str(torch.get_default_dtype()).removeprefix("torch.")
    return isinstance(value, torch.dtype)
