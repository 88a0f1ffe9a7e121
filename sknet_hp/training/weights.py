"""Parameters and buffers of a stack: one set of them for each purpose, what trains, what was best, what is averaged."""

import numpy as np
import torch
from torch import Tensor

from sknet_hp.training.layout import Layout


class Weights:
    """The parameters and the buffers of all members, each in one flat tensor.

    Parameters
    ----------
    layout, buffer_layout : where each member's lie.
    parameters, buffers : the flat tensors; zeros if None.
    """

    def __init__(self, layout: Layout, buffer_layout: Layout, parameters: Tensor | None = None, buffers: Tensor | None = None):
        self.layout, self.buffer_layout = layout, buffer_layout
        self.parameters = layout.zeros() if parameters is None else parameters
        self.buffers = buffer_layout.zeros() if buffers is None else buffers

    @property
    def flats(self) -> tuple[Tensor, Tensor]:
        return self.parameters, self.buffers

    def assign(self, vectors: list[tuple[np.ndarray, np.ndarray]]) -> "Weights":
        """Take each member's (parameters, buffers)."""
        self.layout.assign(self.parameters, np.stack([p for p, _ in vectors]))
        self.buffer_layout.assign(self.buffers, np.stack([b for _, b in vectors]))
        return self

    def member(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """One member's (parameters, buffers), copied out."""
        return self.layout.member(k, self.parameters), self.buffer_layout.member(k, self.buffers)

    def copy(self) -> "Weights":
        return Weights(self.layout, self.buffer_layout, self.parameters.clone(), self.buffers.clone())

    def copy_(self, other: "Weights") -> None:
        for to, source in zip(self.flats, other.flats, strict=True):
            to.copy_(source)

    def copy_member(self, k: int, other: "Weights") -> None:
        for layout, to, source in zip((self.layout, self.buffer_layout), self.flats, other.flats, strict=True):
            for block, from_block in zip(layout.blocks(to), layout.blocks(source), strict=True):
                block[k].copy_(from_block[k])

    def select(self, keep: list[int]) -> "Weights":
        """Those of the members in `keep` only."""
        layout, buffer_layout = (Layout(each.tensors, len(keep), each.device) for each in (self.layout, self.buffer_layout))
        return Weights(layout, buffer_layout, self.layout.select(keep, self.parameters), self.buffer_layout.select(keep, self.buffers))

    def finite(self) -> Tensor:
        """(members,) whether all of a member's are."""
        ok = torch.ones(self.layout.members, dtype=torch.bool, device=self.layout.device)
        for block in self.layout.blocks(self.parameters) + self.buffer_layout.blocks(self.buffers):
            ok &= torch.isfinite(block).all(1)
        return ok
