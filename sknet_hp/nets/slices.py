"""Large batches in slices of rows: each slice has a program of its own, which may run on a core of its own, and gradients are added up in order.

How a batch is sliced follows from the graph and the number of rows, never from the number of cores or the stack's height: it decides the bits.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets import cores, kernels
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.program import Program, Slope

MAX_SLICES = 8
"""Of one batch: each has gradients of its own, which are added up after every step."""

_WORTH_SLICING = 1 << 24
"""So many multiplications of its forward make a slice worth the calls that it takes."""

_PRODUCT_ROWS = 128
"""And so many rows in its products: fewer are slower."""

_DISTANCE = 1 << 40
"""How many words of random numbers lie between the dropout masks of two slices: more than any takes."""


def rows_per_slice(graph: Graph, rows: int, device: torch.device) -> int:
    """How many rows the slices have of a batch with so many; as many as that where it is not sliced."""
    if device.type != "cpu" or any(node.kind == "batch_norm" for node in graph.nodes):  # whose statistics are those of all rows
        return rows
    slices = min(MAX_SLICES, rows * multiplications(graph) // _WORTH_SLICING, rows * graph.n_heads // _PRODUCT_ROWS)
    return kernels.padded_rows(-(-rows // max(1, slices)))


def multiplications(graph: Graph) -> int:
    """What one row's forward takes, in the products of weights."""
    total = 0
    for node in graph.nodes:
        heads = node.n_heads if node.kind == "ensemble_linear" else 1  # others' weights are of each head
        total += heads * sum(int(np.prod(shape)) for role, _, shape in node.parameters if role == "weight" and node.kind != "categories")
    return total


class Sliced:
    """Programs of one stack, one for each slice of its batches.

    Parameters
    ----------
    programs : bound to the same parameters, each to gradients of its own.
    gradients : the flat buffers of these gradients; the first ends up with the sum of all.
    rows : how many a slice has; the last one may have fewer.
    """

    def __init__(self, programs: Sequence[Program], gradients: Sequence[Tensor], rows: int):
        self.programs, self.gradients, self.rows = programs, gradients, rows
        self.n_keys = programs[0].n_keys

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        for program in self.programs:
            program.scale_dropout(factors)

    def _slices(self, rows: int) -> list[slice]:
        return [slice(begin, min(begin + self.rows, rows)) for begin in range(0, rows, self.rows)]

    def step(self, x: Tensor, weight: Tensor, keys: Tensor, slope: Slope) -> None:
        """As `Program.step`."""
        slices = self._slices(x.shape[1])
        filled = [weight[:, rows].any(1).tolist() for rows in slices]  # for each slice, whether it holds rows of each member

        def learn(number: int, rows: slice) -> None:
            if not any(filled[number]):
                self.gradients[number].zero_()
                return
            program, own_keys = self.programs[number], kernels.later(keys, number * _DISTANCE)
            program.step(x[:, rows].contiguous(), weight[:, rows], own_keys, lambda outputs, _: slope(outputs, rows))
            if not all(filled[number]):  # as it is for those members alone
                for gradient in program.gradients.values():
                    gradient[[not its for its in filled[number]]] = 0

        cores.run([partial(learn, number, rows) for number, rows in enumerate(slices)])
        whole = self.gradients[0]
        for other in self.gradients[1:]:
            whole.add_(other)

    def evaluate(self, x: Tensor, n_rows: int | None = None) -> Tensor:
        """As `Program.evaluate`."""
        slices = self._slices(x.shape[1])
        outputs: list[Tensor] = [x] * len(slices)

        def evaluate(first: int, program: Program) -> None:
            for number in range(first, len(slices), len(self.programs)):
                outputs[number] = program.evaluate(x[:, slices[number]].contiguous()).clone()

        cores.run([partial(evaluate, *pair) for pair in zip(range(len(slices)), self.programs, strict=False)])
        return torch.cat(outputs, 1)
