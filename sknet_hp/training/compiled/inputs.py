"""How kernels find a table's rows, and the numbers of a network's layers."""

from typing import Any

import numpy as np

from sknet_hp.nets.compiled.builder import get_batch_place
from sknet_hp.nets.compiled.kernels import cells, masks, pointwise
from sknet_hp.nets.compiled.tape import BINS, ORDER, SPARSE, Place, RowCount, Space, Tape
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs

EVALUATION_ROWS = 512
"""Rows that are validated or predicted at a time.

Few enough for their activations to stay in cache. It does not change the results.
"""


def make_rate_cells(graph: Graph, rates: tuple[float, ...], factor: float = 1.0) -> np.ndarray:
    """Return two cells for each rate of a graph, (n, 2) float32.

    `factor` is on the rates of dropouts.
    """
    kinds = [node.kind for node in graph.nodes for _ in range(node.n_rates)]
    both = [
        masks.encode_dropout_rate(rate * factor) if kind == "dropout" else np.array([rate, 0])
        for kind, rate in zip(kinds, rates, strict=True)
    ]
    return np.array(both, np.float32).reshape(-1, 2)


def get_table_addresses(inputs: Inputs) -> dict[Space, int]:
    """Return the addresses of a table's arrays."""
    arrays = {
        Space.FLOATS: inputs.floats,
        Space.BINS: inputs.bins,
        Space.SHARES: inputs.shares,
        Space.STARTS: inputs.starts,
        Space.HOT: inputs.hot,
        Space.SPARSE_STARTS: inputs.sparse_starts,
        Space.SPARSE_COLUMNS: inputs.sparse_columns,
        Space.SPARSE_VALUES: inputs.sparse_values,
        Space.CODES: inputs.codes,
    }
    return {space: array.ctypes.data for space, array in arrays.items()}


def add_wide_batch(tape: Tape, inputs: Inputs) -> None:
    """Write a batch out as wide rows, where programs with `dense` find it."""
    form, out = inputs.form, get_batch_place()
    tape.add(pointwise.fill, n=RowCount(form.width), x=out, value=0.0)
    wide: dict[str, Any] = {"rows": RowCount(), **ORDER, "out_width": form.width}
    if form.n_floats:
        tape.add(cells.gather, width=form.n_floats, table=Place(Space.FLOATS), **wide, out=out)
    if form.n_binned:
        tape.add(cells.widen_bins, n=form.n_binned, **BINS, **wide, out=out.skip(form.n_floats))
    if form.n_hot:
        tape.add(cells.widen_rows, n=form.n_hot, codes=Place(Space.HOT), **wide, out=out)
    if form.sparse:
        tape.add(cells.widen_sparse, **SPARSE, **wide, out=out)
