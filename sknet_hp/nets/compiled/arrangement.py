"""Where the tensors of a network lie while kernels work on them."""

import math

import numpy as np

from sknet_hp.nets.compiled.tape import LINE, allocate_lines
from sknet_hp.nets.graph import Shape


def compute_offsets(tensors: list[tuple[str, Shape]]) -> tuple[dict[str, int], int]:
    """Compute where tensors begin among all, each with a line of the cache.

    Returns
    -------
    begins : of each tensor by name, in floats.
    size : how many floats there are.
    """
    begins, end = {}, 0
    for name, shape in tensors:
        begins[name] = end
        end += -(-math.prod(shape) // LINE) * LINE
    return begins, end


class Arrangement:
    """Where tensors lie while kernels work on them.

    Each begins with a line of the cache, and some matrices are transposed.

    Attributes
    ----------
    transposed : the names of the matrices that lie (n_inputs, n_outputs) here; torch
        has it the other way round.
    size : floats of all, those between them included.
    places : of each tensor, where it lies in a state, where here, and its shape in the
        state if it lies transposed here.
    """

    def __init__(self, tensors: list[tuple[str, Shape]], transposed: frozenset[str] = frozenset()):
        self.transposed = transposed
        begins, self.size = compute_offsets(tensors)
        self.places: list[tuple[slice, slice, Shape | None]] = []
        end = 0
        for name, shape in tensors:
            size = int(np.prod(shape))
            own, here = slice(end, end + size), slice(begins[name], begins[name] + size)
            self.places.append((own, here, shape if name in transposed else None))
            end += size
        self.n_floats = end

    def arrange(self, vector: np.ndarray) -> np.ndarray:
        """Return a vector of a state as it lies here."""
        out = allocate_lines(self.size)
        for own, here, shape in self.places:
            out[here] = vector[own] if shape is None else vector[own].reshape(shape).T.ravel()
        return out

    def undo(self, vector: np.ndarray) -> np.ndarray:
        """Return a vector that lies here as it lies in a state."""
        out = np.empty(self.n_floats, np.float32)
        for own, here, shape in self.places:
            out[own] = vector[here] if shape is None else vector[here].reshape(shape[::-1]).T.ravel()
        return out
