"""The flat buffer behind a cohort: every parameter of every member in one vector, parameter by parameter."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.graph import Shape
from sknet_hp.nets.kernels import ALIGNMENT


def flatten(tensors: dict[str, Tensor], order: list[tuple[str, Shape]]) -> np.ndarray:
    """One network's tensors as one float32 vector."""
    return np.concatenate([np.zeros(0, np.float32), *[tensors[name].detach().cpu().numpy().ravel() for name, _ in order]])


class Layout:
    """Where the tensors of `members` networks lie in a flat buffer: [parameter 1 of all members | parameter 2 of all members | …].

    An optimizer treats the whole buffer in one call, and where sizes are multiples of 16 a batched product writes its block directly.
    Buffers are whole vector registers long, so no kernel meets a tail.
    """

    def __init__(self, tensors: list[tuple[str, Shape]], members: int, device: torch.device):
        self.tensors = tensors
        self.members = members
        self.device = device
        self.sizes = [int(np.prod(shape)) for _, shape in tensors]
        self.padded = [-(-size // ALIGNMENT) * ALIGNMENT for size in self.sizes]
        self.length = -(-members * sum(self.padded) // 64) * 64

    def zeros(self) -> Tensor:
        return torch.zeros(self.length, dtype=torch.float32, device=self.device)

    def blocks(self, flat: Tensor) -> list[Tensor]:
        """(members, size) views, one for each tensor."""
        return [block[:, :size] for block, size in zip(self._padded_blocks(flat), self.sizes, strict=True)]

    def _padded_blocks(self, flat: Tensor) -> list[Tensor]:
        views, offset = [], 0
        for size in self.padded:
            views.append(flat[offset : offset + self.members * size].view(self.members, size))
            offset += self.members * size
        return views

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """(members, *shape) views by name."""
        return {name: block.view(self.members, *shape) for (name, shape), block in zip(self.tensors, self.blocks(flat), strict=True)}

    def member(self, k: int, flat: Tensor) -> np.ndarray:
        """One member's own vector, copied out."""
        parts = [block[k] for block in self.blocks(flat)]
        return torch.cat(parts).cpu().numpy() if parts else np.zeros(0, np.float32)

    def assign(self, flat: Tensor, vectors: np.ndarray) -> None:
        """The opposite of `vectors`."""
        source = torch.from_numpy(np.ascontiguousarray(vectors)).to(self.device)
        for block, part in zip(self.blocks(flat), source.split(self.sizes, 1), strict=True):
            block.copy_(part)

    def select(self, keep: list[int], flat: Tensor) -> Tensor:
        """The flat buffer of a layout with the members in `keep` only."""
        smaller = Layout(self.tensors, len(keep), self.device)
        target, index = smaller.zeros(), torch.tensor(keep, device=self.device)
        for block, kept in zip(self._padded_blocks(flat), smaller._padded_blocks(target), strict=True):
            torch.index_select(block, 0, index, out=kept)
        return target

    def factors(self, values: np.ndarray, each: np.ndarray | None = None) -> "Factors":
        """(steps, members) numbers, or (members,) for all steps alike, as factors for a flat buffer; times `each`, (members, tensors)."""
        return Factors(self, values, each)

    def fill(self, factor: Tensor, values: np.ndarray) -> None:
        """Write numbers, (members, 1 or tensors), over all elements of the members' tensors."""
        columns = torch.from_numpy(values).to(self.device)
        for j, block in enumerate(self._padded_blocks(factor)):
            block.copy_(columns[:, j % columns.shape[1], None])


class _PerStep:
    """Numbers of each step and member, float32: (steps, members), with a single step where all are alike."""

    def __init__(self, values: np.ndarray):
        values = np.atleast_2d(values).astype(np.float32)
        self.constant = bool((values == values[:1]).all())
        self.values = values[:1] if self.constant else values
        self.nonzero = bool(self.values.any())

    def any(self) -> bool:
        return self.nonzero


class Factors(_PerStep):
    """Step by step, a factor for a flat buffer: a number where all members agree, else one entry an element.

    The two give the same bits wherever they stand alone in one multiplication, addition or interpolation, because both are rounded to float32
    here.
    """

    def __init__(self, layout: Layout, values: np.ndarray, each: np.ndarray | None = None):
        super().__init__(values)
        self.layout = layout
        self.each = None if each is None or (each == 1).all() else each
        self.agree = self.each is None and bool((self.values == self.values[:, :1]).all())
        self.numbers: list[float] = self.values[:, 0].tolist() if self.agree else []
        self.full: Tensor | None = None
        self.filled = -1

    def __getitem__(self, step: int) -> float | Tensor:
        if self.constant:
            step = 0
        if self.agree:
            return self.numbers[step]
        if self.full is None:
            self.full = self.layout.zeros().fill_(1)  # the end that belongs to no one must stay finite
        if self.filled != step:
            column = self.values[step][:, None]
            self.layout.fill(self.full, column if self.each is None else (column * self.each).astype(np.float32))
            self.filled = step
        return self.full


class Columns(_PerStep):
    """Step by step, a factor for one tensor's block (members, size): a number where all members agree, else a column (members, 1)."""

    def __init__(self, layout: Layout, values: np.ndarray):
        super().__init__(values)
        agree = bool((self.values == self.values[:, :1]).all())
        self.steps: list[Any] = self.values[:, 0].tolist() if agree else list(torch.from_numpy(self.values).to(layout.device).unsqueeze(2).unbind(0))

    def __getitem__(self, step: int) -> float | Tensor:
        return self.steps[0 if self.constant else step]
