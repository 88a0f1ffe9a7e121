"""Random numbers for code that takes no generator.

Torch's own generator belongs to the whole process, other threads included.
"""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class OwnGenerator(TorchDispatchMode):
    """Within it, in this thread, torch draws from generators of our own.

    There is one for each device, begun with `seed`, for all that is drawn without
    naming a generator. So dropout and initial weights of a user's module follow from a
    seed whatever other threads draw (skorch's data loaders do, in every prediction),
    and the process's generator stays as it was.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed
        self.generators: dict[torch.device, torch.Generator] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.ops.aten.native_dropout.default:  # what dropout is on CUDA; it takes no generator
            return self._drop(*args, **kwargs)
        if "generator" in (argument.name for argument in func._schema.arguments):
            if kwargs.get("generator") is None:
                kwargs["generator"] = self._get_generator(args, kwargs)
        elif torch.Tag.nondeterministic_seeded in func.tags and hasattr(func.overloadpacket, "generator"):
            func, kwargs["generator"] = func.overloadpacket.generator, self._get_generator(args, kwargs)
        return func(*args, **kwargs)

    def _drop(self, input: torch.Tensor, p: float, train: bool | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Drop numbers at random: (what is kept of the input, scaled; the mask)."""
        if train is False or p == 0:
            return input.clone(), torch.ones_like(input, dtype=torch.bool)
        kept = torch.empty_like(input, dtype=torch.bool).bernoulli_(1 - p, generator=self._get_generator((input,), {}))
        return input * kept * (1 / (1 - p) if p < 1 else 0.0), kept

    def _get_generator(self, args: Any, kwargs: Any) -> torch.Generator:
        device = next(
            (a.device for a in args if isinstance(a, torch.Tensor)), torch.device(kwargs.get("device") or "cpu")
        )
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self.generators[device]
