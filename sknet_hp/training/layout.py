"""Where a network's tensors lie, in a vector and in its row of a cohort's matrix."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.graph import Shape

_QUANTUM = 4  # floats: kernels are faster at rows that begin at multiples of 16 bytes


def flatten(tensors: dict[str, Tensor], order: list[tuple[str, Shape]]) -> np.ndarray:
    """Return one network's tensors as one float32 vector, in this order."""
    return np.concatenate(
        [np.zeros(0, np.float32), *[tensors[name].detach().cpu().numpy().ravel() for name, _ in order]]
    )


class Layout:
    """The places of a network's parameters, then its buffers, in rows of one length.

    Attributes
    ----------
    sizes : of the parameters.
    n_parameters : all of them together.
    """

    def __init__(self, parameters: list[tuple[str, Shape]], buffers: list[tuple[str, Shape]]):
        self.tensors = [*parameters, *buffers]
        self.sizes = [math.prod(shape) for _, shape in parameters]
        self.n_parameters = sum(self.sizes)
        self.end = self.n_parameters + sum(math.prod(shape) for _, shape in buffers)

    def stack(self, vectors: Sequence[tuple[np.ndarray, np.ndarray]], device: torch.device) -> Tensor:
        """Stack each member's (parameters, buffers) as rows, (members, length)."""
        rows = torch.zeros(len(vectors), -(-self.end // _QUANTUM) * _QUANTUM, dtype=torch.float32)
        rows[:, : self.end] = torch.from_numpy(np.stack([np.concatenate(pair) for pair in vectors]))
        return rows.to(device)

    def make_views(self, rows: Tensor) -> dict[str, Tensor]:
        """Return views of the tensors by name, each (members, *shape)."""
        sizes = [math.prod(shape) for _, shape in self.tensors]
        parts = rows[:, : self.end].split(sizes, 1)
        return {
            name: part.unflatten(1, shape) if shape else part[:, 0]
            for (name, shape), part in zip(self.tensors, parts, strict=True)
        }

    def copy_member(self, row: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return a copy of one member's (parameters, buffers)."""
        vector = row[: self.end].cpu().numpy().copy()
        return vector[: self.n_parameters], vector[self.n_parameters :]
