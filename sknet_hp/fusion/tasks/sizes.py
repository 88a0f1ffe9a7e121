"""How many bytes tasks may come to hold."""

import math
from typing import Any

from joblib.parallel import BatchedCalls


def estimate_bytes_of_batch(batch: BatchedCalls) -> int:
    """Return how many bytes a task may come to hold.

    As much as the arrays and frames it is given, since scikit-learn copies a split of
    them.
    """
    return sum(_estimate_bytes(value) for _, args, kwargs in batch.items for value in [*args, *kwargs.values()])


def _estimate_bytes(value: Any) -> int:
    if isinstance(value, tuple):  # as searches give a split
        return sum(map(_estimate_bytes, value))
    nbytes = getattr(value, "nbytes", None)
    if nbytes is None and hasattr(value, "estimated_size"):  # polars
        nbytes = value.estimated_size()
    if nbytes is None and hasattr(value, "memory_usage"):
        nbytes = getattr(value, "size", 0) * 8
    if nbytes is None and hasattr(value, "nnz"):  # a sparse table, which is dense once it is encoded, in float32
        nbytes = math.prod(value.shape) * 4
    return int(nbytes) if isinstance(nbytes, int) else 0
