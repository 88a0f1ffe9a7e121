"""Checks of what kernels do not check: they read and write where they are told to."""

from typing import NamedTuple

import numpy as np

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import Rows, TrainingJob
from sknet_hp.training.rules.torch_loss import get_loss_class


class CheckedRows(NamedTuple):
    """Rows as kernels read them.

    Attributes
    ----------
    y : (all rows,) int64 class numbers, or (all rows, n_outputs) float32.
    weight : (all rows,) float32, or None.
    numbers : int64 row numbers, or None for all in order.
    """

    y: np.ndarray
    weight: np.ndarray | None
    numbers: np.ndarray | None


def check_inputs(graph: Graph, inputs: Inputs) -> None:
    """Refuse inputs with rows that a network has not.

    Raises
    ------
    ValueError
        If columns or categories are others than the network's.
    """
    n_codes = inputs.codes.shape[1]
    if n_codes != graph.n_codes:
        raise ValueError(
            f"the network takes {graph.n_codes} columns of categories with learned vectors, and is given {n_codes}"
        )
    if n_codes:
        n_vectors = next(
            shape[0] for node in graph.nodes if node.kind == "categories" for _, _, shape in node.parameters
        )
        _check_range(inputs.codes, n_vectors, "a category with a learned vector")
    if inputs.hot.size:
        _check_range(np.maximum(inputs.hot, 0), inputs.width, "a column of a category")
    _check_range(inputs.sparse_columns, inputs.width, "a column of a sparse table")
    for bins, count in zip(inputs.bins.T, np.diff(inputs.starts), strict=True):
        _check_range(bins, int(count), "a bin")


def check_rows(rows: Rows, job: TrainingJob) -> CheckedRows:
    """Check the targets, weights and numbers of rows, and return them for kernels.

    Raises
    ------
    ValueError
        If a class is none of the network's, targets have another shape than its
        outputs, or a row is none of the table's.
    """
    table, n = rows.table, job.n_outputs
    if get_loss_class(job.loss).has_accuracy:
        y: np.ndarray = np.ascontiguousarray(table.y, np.int64)
        wanted: tuple[int, ...] = (len(table.X),)
        _check_range(y, n, "the number of a class")
    else:
        y = np.ascontiguousarray(table.y, np.float32).reshape(len(table.y), -1)
        wanted = len(table.X), n
    if y.shape != wanted:
        raise ValueError(f"targets have shape {y.shape}, but must be {wanted} for {len(table.X)} rows and {n} outputs")
    weight = None if table.weight is None else np.ascontiguousarray(table.weight, np.float32)
    if weight is not None and weight.shape != (len(table.X),):
        raise ValueError(f"weights have shape {weight.shape}, but there are {len(table.X)} rows")
    numbers = None if rows.index is None else np.ascontiguousarray(rows.index, np.int64)
    if numbers is not None:
        _check_range(numbers, len(table.X), "the number of a row")
    return CheckedRows(y, weight, numbers)


def _check_range(numbers: np.ndarray, end: int, what: str) -> None:
    if numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= end):
        worst = int(numbers.min()) if int(numbers.min()) < 0 else int(numbers.max())
        raise ValueError(f"{worst} is {what}, of which there are {end}, counted from 0")
