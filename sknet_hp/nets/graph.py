"""What a network is, as plain data: a graph of known layers.

Two networks may be stacked exactly if their graphs are equal. A graph is hashable and
picklable and holds no tensors.
"""

import math
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """One layer: what it does, to which outputs, with which tensors.

    Attributes
    ----------
    kind : of the layer, in `nets.layers.kinds`.
    inputs : the numbers of the nodes whose outputs it takes; 0 is the network's input.
    attributes : other numbers and words of the layer, by name; each is an attribute of
        the node, too.
    parameters, buffers : of each tensor, its role in the layer, its name in the module,
        its shape.
    n_rates : how many of the member's rates (numbers that may differ within a cohort)
        this layer takes.
    """

    kind: str
    inputs: tuple[int, ...]
    attributes: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[tuple[str, str, Shape], ...] = ()
    buffers: tuple[tuple[str, str, Shape], ...] = ()
    n_rates: int = 0

    def __getattr__(self, name: str) -> Any:
        for key, value in self.__dict__.get("attributes", ()):
            if key == name:
                return value
        raise AttributeError(name)

    def get_shape(self, role: str) -> Shape:
        """Return the shape of a parameter."""
        return next(shape for own, _, shape in self.parameters if own == role)

    def get_name(self, role: str) -> str:
        """Return the name of a parameter or buffer in the module."""
        return next(name for own, name, _ in (*self.parameters, *self.buffers) if own == role)

    def has_parameter(self, role: str) -> bool:
        """Return whether there is such a parameter."""
        return any(own == role for own, _, _ in self.parameters)


@dataclass(frozen=True)
class Graph:
    """A network of known layers.

    Node i of `nodes` is number i + 1; the last one is the output.
    """

    nodes: tuple[Node, ...]

    @property
    def parameters(self) -> list[tuple[str, Shape]]:
        return [(name, shape) for node in self.nodes for _, name, shape in node.parameters]

    @property
    def buffers(self) -> list[tuple[str, Shape]]:
        return [(name, shape) for node in self.nodes for _, name, shape in node.buffers]

    @property
    def n_parameters(self) -> int:
        return sum(math.prod(shape) for _, shape in self.parameters)

    @property
    def n_heads(self) -> int:
        """How many predictions it makes for each row, side by side in its output."""
        return self.nodes[-1].n_heads if self.nodes[-1].kind == "ensemble_output" else 1

    @property
    def n_codes(self) -> int:
        """How many columns, the last ones, are numbers of categories."""
        return next((node.n_columns for node in self.nodes if node.kind == "categories"), 0)
