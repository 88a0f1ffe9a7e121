"""The state of a skorch net, in the engine's form and in torch's.

It is what the net holds between fits: weights, buffers, counters and the optimizer's
memory.
"""

from typing import NamedTuple

import skorch
import torch
from torch import nn

from sknet_hp.estimators.skorch_nets.torch_optim import read_optimizer, write_optimizer
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.stacked.networks import BATCH_COUNTER, get_trained_shapes
from sknet_hp.training.layout import flatten
from sknet_hp.training.state import Rates, State


class NetReading(NamedTuple):
    """What a net holds: its state, and the name and the rates of its optimizer."""

    state: State
    optimizer: str
    rates: Rates


class NetState:
    """The tensors of a skorch net that a job trains.

    Parameters
    ----------
    net : an initialized skorch net.
    graph : of the job.
    step : how many steps the net has been trained for, as the job counts them (torch's
        SGD does not); counters of batches go on from theirs.
    """

    def __init__(self, net: skorch.NeuralNet, graph: Graph | nn.Module, step: int = 0):
        self.net = net
        self.parameters, self.buffers = (
            (graph.parameters, graph.buffers) if isinstance(graph, Graph) else get_trained_shapes(graph)
        )
        self.counters = {
            name: int(buffer) - step for name, buffer in net.module_.named_buffers() if name.endswith(BATCH_COUNTER)
        }

    def read(self, epoch: int = 0) -> NetReading:
        """Return what the net holds now.

        Raises
        ------
        UnsupportedNetError
            If its optimizer is not one of ours.
        """
        net = self.net
        optimizer, rates, slots, step = read_optimizer(net.optimizer_, net.module_, self._trained_names)
        tensors = self._read_tensors()
        state = State(flatten(tensors, self.parameters), flatten(tensors, self.buffers), slots, epoch=epoch, step=step)
        return NetReading(state, optimizer, rates)

    def write(self, state: State, *, with_slots: bool = True) -> None:
        """Put a state into the net; without slots, its optimizer begins anew."""
        tensors = self._read_tensors()
        with torch.no_grad():
            for shapes, vector in ((self.parameters, state.parameters), (self.buffers, state.buffers)):
                offset = 0
                for name, _ in shapes:
                    target = tensors[name]
                    target.copy_(torch.from_numpy(vector[offset : offset + target.numel()]).view_as(target))
                    offset += target.numel()
            for name, before in self.counters.items():
                tensors[name].fill_(before + state.step)
        if state.step and with_slots:
            write_optimizer(self.net.optimizer_, self.net.module_, self._trained_names, state)

    @property
    def _trained_names(self) -> list[str]:
        return [name for name, _ in self.parameters]

    def _read_tensors(self) -> dict[str, torch.Tensor]:
        return dict(self.net.module_.named_parameters()) | dict(self.net.module_.named_buffers())
