"""Tapes: rows of kernels and of what they work on.

A network in training has one for a step's way there and back, one for prediction. A
tape says where arrays lie relative to spaces whose places are known later: it is made
once for each kind of network, and bound to a network's own parameters, tables and
memory when that trains.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from sknet_hp.nets.compiled.kernel import MOST_FIELDS, Kernel, encode_field


class Space(IntEnum):
    """What the fields of a tape are relative to."""

    NUMBER = 0  # nothing: they are numbers
    PARAMETERS = 1
    GRADIENTS = 2
    BUFFERS = 3
    WORK = 4  # memory of the step's own
    RATES = 5  # two cells for each dropout
    KEY = 6  # of the step's random numbers
    FLOATS = 7  # arrays of the table, see `training.table`
    BINS = 8
    SHARES = 9
    STARTS = 10
    HOT = 11
    SPARSE_STARTS = 12
    SPARSE_COLUMNS = 13
    SPARSE_VALUES = 14
    CODES = 15
    ORDER = 16  # row numbers
    CURSOR = 17  # where in them the batch begins
    WEIGHT = 18  # of the batch's rows


_ROWS = len(Space)  # the field is so many times the number of rows


@dataclass(frozen=True)
class Place:
    """Where an array begins: so many bytes behind the beginning of a space."""

    space: Space
    offset: int = 0

    def skip(self, floats: int) -> "Place":
        """Return the place so many floats further on."""
        return Place(self.space, self.offset + 4 * floats)


ORDER = {"order": Place(Space.ORDER), "cursor": Place(Space.CURSOR)}
BINS = {"starts": Place(Space.STARTS), "bins": Place(Space.BINS), "shares": Place(Space.SHARES)}
SPARSE = {
    "starts": Place(Space.SPARSE_STARTS),
    "columns": Place(Space.SPARSE_COLUMNS),
    "values": Place(Space.SPARSE_VALUES),
}
"""Fields of kernels that read a table: the rows of a batch, bins, sparse columns."""


class RowCount(NamedTuple):
    """So many times the number of a batch's rows."""

    times: int = 1


NOTHING = 0
"""In place of an array that a kernel can do without."""


class Tape:
    """Kernels to run one after the other."""

    def __init__(self) -> None:
        self.kernels: list[Kernel] = []
        self.fields: list[list[int]] = []
        self.spaces: list[list[int]] = []

    def add(self, kernel: Kernel, **fields: object) -> None:
        """Append a kernel; its fields are places, rows, whole numbers, and floats."""
        values, spaces = [0] * MOST_FIELDS, [0] * MOST_FIELDS
        for i, name in enumerate(kernel.fields):
            field = fields.pop(name)
            if isinstance(field, Place):
                values[i], spaces[i] = field.offset, int(field.space)
            elif isinstance(field, RowCount):
                values[i], spaces[i] = field.times, _ROWS
            else:
                values[i] = encode_field(field)
        if fields:
            raise TypeError(f"{kernel.name} has no fields {sorted(fields)}")
        self.kernels.append(kernel)
        self.fields.append(values)
        self.spaces.append(spaces)

    def __add__(self, other: "Tape") -> "Tape":
        both = Tape()
        both.kernels, both.fields = self.kernels + other.kernels, self.fields + other.fields
        both.spaces = self.spaces + other.spaces
        return both

    def __len__(self) -> int:
        return len(self.kernels)

    def bind(self, bases: dict[Space, int], rows: int) -> np.ndarray:
        """Return the tape for spaces at these addresses and batches of so many rows.

        An array (kernels, 1 + MOST_FIELDS) int64: each row is the address of a kernel's
        machine code, then its fields.
        """
        fields = np.array(self.fields, np.int64).reshape(-1, MOST_FIELDS)
        spaces = np.array(self.spaces).reshape(-1, MOST_FIELDS)
        addresses = np.zeros(len(Space) + 1, np.int64)
        for space, base in bases.items():
            addresses[space] = base
        tape = np.empty((len(self), 1 + MOST_FIELDS), np.int64)
        tape[:, 0] = [kernel.address for kernel in self.kernels]
        np.add(fields, addresses[spaces], out=tape[:, 1:])
        np.multiply(fields, rows, out=tape[:, 1:], where=spaces == _ROWS)
        return tape


LINE = 16
"""Floats of a line of the cache, with which arrays begin: reads of whole registers are
fastest so, and two cores never write into one line.
"""


def allocate_lines(n: int) -> np.ndarray:
    """Make zeros, (n,) float32, that begin with a line of the cache."""
    floats = np.zeros(n + LINE, np.float32)
    first = -floats.ctypes.data % (4 * LINE) // 4
    return floats[first : first + n]


class Memory:
    """Floats that arrays share, one after the other, as they are needed."""

    def __init__(self) -> None:
        self.floats = 0

    def take(self, floats: int) -> Place:
        """Reserve room for an array."""
        place = Place(Space.WORK, 4 * self.floats)
        self.floats += -(-floats // LINE) * LINE
        return place
