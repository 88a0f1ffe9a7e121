"""A module's graph run by its tapes for one batch, and the module in float64 that it
must agree with.
"""

import copy

import numpy as np
import torch
from torch import nn

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.compiled.kernels import masks, pointwise
from sknet_hp.nets.compiled.program import compile_program
from sknet_hp.nets.compiled.tape import Space, Tape, allocate_lines
from sknet_hp.nets.compiled.tape_walk import BARRIER, run_tape
from sknet_hp.training.compiled.inputs import add_wide_batch, get_table_addresses, make_rate_cells
from sknet_hp.training.threads import run_in_threads
from tests.helpers.kernels import run_kernel

KEY = 77


def draw_weights(module, seed=0):
    """Fill parameters and buffers with numbers at random."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point():
            tensor.data.copy_(torch.randn(tensor.shape, generator=generator) * 0.4 + 0.2)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_var.abs_().add_(0.1)
    return module


class Compiled:
    """A module's program, bound to a table and to memory of its own.

    Parameters
    ----------
    batch_rows : how many rows the program is made for.
    """

    def __init__(self, module, table, batch_rows, parts=1, training=True, dense=False):
        self.graph, rates = trace(module)
        self.table, self.parts, self.dense = table, parts, dense
        self.program = compile_program(self.graph, table.form, batch_rows, parts, training=training, dense=dense)
        self.of_parameters, self.of_buffers = self.program.parameters, self.program.buffers
        state = {name: tensor.float().numpy().ravel() for name, tensor in module.state_dict().items()}
        vectors = [
            np.concatenate([np.zeros(0, np.float32), *(state[name] for name, _ in names)])
            for names in (self.graph.parameters, self.graph.buffers)
        ]
        self.gradients, self.work = allocate_lines(self.of_parameters.size), allocate_lines(self.program.floats)
        self.work[:] = np.nan  # nobody may read what nobody has written
        self.arrays = {
            Space.PARAMETERS: self.of_parameters.arrange(vectors[0]),
            Space.BUFFERS: self.of_buffers.arrange(vectors[1]),
            Space.GRADIENTS: self.gradients,
            Space.WORK: self.work,
            Space.RATES: make_rate_cells(self.graph, rates),
            Space.KEY: np.array([KEY]),
        }

    def walk(self, tape, batch):
        arrays = self.arrays | {Space.ORDER: batch.astype(np.int32), Space.CURSOR: np.zeros(1, np.int64)}
        arrays[Space.WEIGHT] = np.full(len(batch), 1 / len(batch), np.float32)
        bases = {space: array.ctypes.data for space, array in arrays.items()} | get_table_addresses(self.table)
        own, barrier = tape.bind(bases, len(batch)), np.zeros(BARRIER, np.int64)
        run_in_threads(
            self.parts, lambda part, parts: run_tape(part=part, parts=parts, tape=own, n=len(own), barrier=barrier)
        )

    def room(self, place, rows):
        return self.work[place.offset // 4 :][: rows * self.program.width].reshape(rows, self.program.width)

    def forward(self, batch):
        tape = Tape()
        if self.dense:
            add_wide_batch(tape, self.table)
        self.walk(tape + self.program.forward, batch)
        return self.room(self.program.output, len(batch)).copy()

    def backward(self, batch, g):
        """Gradients by name."""
        self.room(self.program.gradient, len(batch))[:] = g
        self.gradients[:] = np.nan
        self.walk(self.program.backward, batch)
        return self.named(self.of_parameters.undo(self.gradients), self.graph.parameters)

    def buffers(self):
        return self.named(self.of_buffers.undo(self.arrays[Space.BUFFERS]), self.graph.buffers)

    @staticmethod
    def named(vector, names):
        parts = np.split(vector, np.cumsum([int(np.prod(shape)) for _, shape in names])[:-1]) if names else []
        return {name: part.reshape(shape) for (name, shape), part in zip(names, parts, strict=True)}


class Masked(nn.Module):
    """A dropout that drops what a compiled one does."""

    def __init__(self, rate, layer):
        super().__init__()
        self.rate, self.layer = rate, layer

    def forward(self, x):
        rows, width = x.shape
        z, mask = np.ones((rows, width), np.float32), np.zeros((rows, width), np.float32)
        fields = {"rows": rows, "width": width, "z": z, "bias": np.zeros(width, np.float32), "out": mask, "alpha": 0.0}
        cells, key, room = masks.encode_dropout_rate(self.rate), np.array([KEY]), np.zeros(width, np.float32)
        run_kernel(pointwise.FORWARD["identity"], **fields, rate=cells, key=key, layer=self.layer, mask=room)
        return x * torch.tensor(mask, dtype=x.dtype)


def make_reference(module):
    """The module in float64, with the compiled half's dropout."""
    graph, _ = trace(module)
    before = np.cumsum([0, *(node.n_rates for node in graph.nodes)])
    numbers = iter([int(first) for first, node in zip(before, graph.nodes, strict=False) if node.kind == "dropout"])

    def replaced(layer):
        if type(layer) is nn.Dropout:
            return Masked(layer.p, next(numbers))
        for name, child in layer.named_children():
            setattr(layer, name, replaced(child))
        return layer

    return replaced(copy.deepcopy(module).double())


def widen(table, batch):
    return torch.tensor(table.widen(batch), dtype=torch.float64)
