"""What the nodes of a graph give to each other while a program is built."""

from dataclasses import dataclass
from typing import NamedTuple

from sknet_hp.nets.compiled.tape import Place


class ColumnBlock(NamedTuple):
    """Columns of an output that lie beside each other.

    They are the first `width` columns of an array whose rows have `stride`; among the
    output's columns they begin at `first`.
    """

    place: Place
    width: int
    stride: int
    first: int


Gradient = list[ColumnBlock]
"""The gradient of an output, block by block."""


@dataclass
class NodeOutput:
    """The output of a node, (rows · heads, width): blocks of columns, and cells.

    Attributes
    ----------
    producer : the number of the node.
    blocks : the columns that are written out.
    cells : which cells of the table are still to be looked up: "bins", "hot", "sparse".
    shift : how many columns behind those of the table the output's columns of hot and
        sparse cells are.
    """

    producer: int
    width: int
    blocks: list[ColumnBlock]
    heads: int = 1
    cells: frozenset[str] = frozenset()
    shift: int = 0

    @property
    def is_matrix(self) -> bool:
        """Whether it is one matrix, without gaps."""
        if self.cells or len(self.blocks) != 1:
            return False
        return self.blocks[0].width == self.blocks[0].stride == self.width

    def split_gradient(self, gradient: Place) -> Gradient:
        """Return the blocks of its gradient, which is one matrix as wide as it is."""
        return [ColumnBlock(gradient.skip(block.first), block.width, self.width, block.first) for block in self.blocks]


def make_matrix_output(number: int, place: Place, width: int, heads: int = 1) -> NodeOutput:
    """Make the output of node `number` that is one matrix."""
    return NodeOutput(number, width, [ColumnBlock(place, width, width, 0)], heads)
