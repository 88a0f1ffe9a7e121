"""The numbers of all members of a cohort, a row for each."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sknet_hp.training.job import TrainingJob
from sknet_hp.training.layout import Layout
from sknet_hp.training.rules.averaging import Average, Averages
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.state import State


class Stack:
    """What changes while members train.

    Attributes
    ----------
    weights : (members, length), by `layout`.
    slots : the optimizer's memory, each (members, parameters).
    averages : of the weights, or None.
    """

    def __init__(self, layout: Layout, weights: Tensor, slots: list[Tensor], averages: Averages | None):
        self.layout, self.weights, self.slots, self.averages = layout, weights, slots, averages

    @property
    def predicting(self) -> Tensor:
        """The weights that predict: the averages, where there are some."""
        return self.weights if self.averages is None else self.averages.weights

    def select(self, keep: list[int]) -> "Stack":
        """Return a copy of the rows of the members in `keep`."""
        averages = None if self.averages is None else self.averages.select(keep)
        return Stack(self.layout, self.weights[keep], [slot[keep] for slot in self.slots], averages)

    def copy(self) -> "Stack":
        """Return a copy."""
        return self.select(list(range(len(self.weights))))

    def find_finite(self) -> np.ndarray:
        """Return whether all weights of each member are finite, (members,) bool."""
        finite = torch.isfinite(self.weights).all(1)
        if self.averages is not None:
            finite &= torch.isfinite(self.averages.weights).all(1)
        return finite.cpu().numpy()

    def read_state(self, k: int, state: State) -> State:
        """Return a member's state with the numbers of its row."""
        parameters, buffers = self.layout.copy_member(self.weights[k])
        slots = np.array([slot[k].cpu().numpy() for slot in self.slots]).reshape(len(self.slots), -1)
        averages, average = self.averages, None
        if averages is not None:
            average = Average(averages.kind, *self.layout.copy_member(averages.weights[k]), int(averages.counts[k]))
        return replace(state, parameters=parameters, buffers=buffers, slots=slots, average=average)

    def write_state(self, k: int, state: State) -> None:
        """Write a state's weights and memory into a member's row."""
        self.weights[k] = self.layout.stack([(state.parameters, state.buffers)], self.weights.device)[0]
        for own, slot in zip(state.slots, self.slots, strict=True):
            slot[k] = torch.from_numpy(own)


def make_stack(jobs: list[TrainingJob], states: list[State], layout: Layout, device: torch.device) -> Stack:
    """Stack the states of some jobs."""
    weights = layout.stack([(s.parameters, s.buffers) for s in states], device)
    slots = [
        torch.from_numpy(np.stack([s.slots[i] for s in states])).to(device)
        for i in range(OPTIMIZERS[jobs[0].optimizer].slots)
    ]
    return Stack(layout, weights, slots, _make_averages(jobs, states, layout, device))


def _make_averages(
    jobs: list[TrainingJob], states: list[State], layout: Layout, device: torch.device
) -> Averages | None:
    kind = jobs[0].averaging.kind
    if kind == "none":
        return None
    averages = [
        s.average if s.average is not None and s.average.kind == kind else Average("", s.parameters, s.buffers)
        for s in states
    ]
    weights = layout.stack([(a.parameters, a.buffers) for a in averages], device)
    return Averages([job.averaging for job in jobs], weights, np.array([a.count for a in averages]))
