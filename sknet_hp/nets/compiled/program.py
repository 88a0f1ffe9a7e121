"""A network's graph as the kernels of a training step, there and back, or of a
prediction.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from sknet_hp.nets.compiled.arrangement import Arrangement, compute_offsets
from sknet_hp.nets.compiled.kernels import cells, embeddings, half_products, pointwise, products
from sknet_hp.nets.compiled.tape import Memory, Place, Rows, Space, Tape
from sknet_hp.nets.graph import Graph, Node
from sknet_hp.nets.inputs import Form


class ColumnBlock(NamedTuple):
    """Columns of an output that lie beside each other: the array's first `width`
    columns of `stride`, which are the output's from `first` on.
    """

    place: Place
    width: int
    stride: int
    first: int


@dataclass
class NodeOutput:
    """The output of a node, (rows · heads, width): columns in parts, and cells of the
    table.

    Attributes
    ----------
    producer : the number of the node.
    cells : which cells are still to be looked up: "bins", "hot", "sparse".
    shift : how many columns behind those of the table the output's columns of hot and
        sparse cells are.
    """

    producer: int
    width: int
    parts: list[ColumnBlock]
    heads: int = 1
    cells: frozenset[str] = frozenset()
    shift: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is one matrix."""
        return not self.cells and len(self.parts) == 1 and self.parts[0].width == self.parts[0].stride == self.width


Gradient = list[ColumnBlock]
LayerBuilder = Callable[["ProgramBuilder", int, Node, NodeOutput], NodeOutput]

COMPILED_LAYERS: dict[str, LayerBuilder] = {}
"""By the kind of a node, what it adds to a program."""

ORDER = {"order": Place(Space.ORDER), "cursor": Place(Space.CURSOR)}
BINS = {"starts": Place(Space.STARTS), "bins": Place(Space.BINS), "shares": Place(Space.SHARES)}
SPARSE = {
    "starts": Place(Space.SPARSE_STARTS),
    "columns": Place(Space.SPARSE_COLUMNS),
    "values": Place(Space.SPARSE_VALUES),
}
ACTIVATIONS = {*pointwise.FORWARD, "parametric"} - {"identity", "gelu_tanh"}


def register_layer(*kinds: str) -> Callable[[LayerBuilder], LayerBuilder]:
    """Register how nodes of these kinds are run."""

    def register(function: LayerBuilder) -> LayerBuilder:
        COMPILED_LAYERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@dataclass(frozen=True)
class Program:
    """The tapes of a network.

    Attributes
    ----------
    forward, backward : tapes; the latter begins with the gradient of the output and is
        empty for prediction.
    output, gradient : where the output lies, (rows, width), and where its gradient is
        to be.
    width : of the output.
    floats : how much memory it works in.
    parameters, buffers : where the network's tensors lie.
    """

    forward: Tape
    backward: Tape
    output: Place
    gradient: Place
    width: int
    floats: int
    parameters: Arrangement
    buffers: Arrangement


@lru_cache(maxsize=256)
def compile_program(
    graph: Graph, form: Form, rows: int, parts: int, *, training: bool, dense: bool = False, half: bool = False
) -> Program:
    """The program of a graph for batches of at most so many rows, on at most so many
    cores.

    With `dense`, the batch is taken as wide rows that lie where `get_batch_place` says:
    those who change inputs write there. With `half`, hidden layers multiply in
    bfloat16.
    """
    builder = ProgramBuilder(graph, form, rows, parts, training, dense, half)
    if training:  # weights lie as they do in prediction, by which training is validated
        builder.turned |= compile_program(graph, form, rows, parts, training=False, half=half).parameters.turned
    return builder.built()


def get_batch_place() -> Place:
    """Where a program with wide rows finds its batch, (rows, width)."""
    return Place(Space.WORK, 0)


class ProgramBuilder:
    """Goes through a graph, node by node; each adds its kernels, and notes what is to
    be done on the way back.

    Attributes
    ----------
    tape : the way there.
    offsets : of each parameter and buffer, by name, in floats.
    """

    def __init__(self, graph: Graph, form: Form, rows: int, parts: int, training: bool, dense: bool, half: bool):
        self.graph, self.form, self.rows, self.parts, self.training, self.dense = (
            graph,
            form,
            rows,
            parts,
            training,
            dense,
        )
        self.half = half
        self.tape, self.memory = Tape(), Memory()
        self.undo: list[tuple[int, Callable[[Gradient], None]]] = []
        self.gradients: dict[int, Gradient] = {}
        self.consumers = [sum(i in node.inputs for node in graph.nodes) for i in range(len(graph.nodes) + 1)]
        self.offsets: dict[str, int] = {}
        for tensors in (graph.parameters, graph.buffers):
            self.offsets |= compute_offsets(tensors)[0]
        self.values: dict[int, NodeOutput] = {}
        self.done: set[int] = set()  # nodes that an earlier one has taken along
        self.turned: set[str] = set()
        self.rates: dict[int, int] = {}  # of each node the number of its first
        for number in range(1, len(graph.nodes) + 1):
            self.rates[number] = sum(earlier.n_rates for earlier in graph.nodes[: number - 1])
        widest = max([form.width, *(max(shape, default=1) for _, shape in graph.parameters)])
        if dense:
            self.memory.take(rows * form.width)
        self.scratch = self.memory.take(
            parts * (max(products.SCRATCH, half_products.SCRATCH) if half else products.SCRATCH)
        )
        self.mask = self.memory.take(parts * widest)
        self.entries = self.memory.take(parts * 32 * form.n_binned)
        self.zeros = self.memory.take(widest)
        self.ones = self.memory.take(widest)
        self.tape.add(pointwise.fill, n=widest, x=self.zeros, value=0.0)
        self.tape.add(pointwise.fill, n=widest, x=self.ones, value=1.0)

    def built(self) -> Program:
        self.values[0] = self._input()
        for number, node in enumerate(self.graph.nodes, 1):
            if number not in self.done:
                self._check(node, number)
                value = COMPILED_LAYERS[node.kind](self, number, node, self.values[node.inputs[0]])
                self.values[value.producer] = value
        last = self.values[len(self.graph.nodes)]
        output = self.matrix(last)
        forward, self.tape = self.tape, Tape()
        gradient = self.memory.take(self.rows * last.width * last.heads) if self.training else output
        if self.training:
            self.gradients[last.producer] = [ColumnBlock(gradient, last.width, last.width, 0)]
            for number, back in reversed(self.undo):
                own = self.gradients.pop(number, None)
                if own is not None:
                    back(own)
        tensors = Arrangement(self.graph.parameters, frozenset(self.turned)), Arrangement(self.graph.buffers)
        return Program(forward, self.tape, output, gradient, last.width, self.memory.floats, *tensors)

    def _check(self, node: Node, number: int) -> None:
        """Make sure that what comes in has as many columns as the node's parameters:
        kernels take that on trust.
        """
        width = self.values[node.inputs[0]].width
        shapes = {role: shape for role, _, shape in node.parameters}
        wanted = width
        if node.kind in ("linear", "ntk_linear", "ensemble_linear"):
            wanted = shapes["weight"][1]
        elif node.kind == "ensemble_output":
            wanted = shapes["weight"][2]
        elif node.kind in ("batch_norm", "layer_norm", "feature_scale", "parametric"):
            wanted = shapes["weight"][0]
        elif node.kind == "add":
            wanted = self.values[node.inputs[1]].width
        elif node.kind in ("periodic", "bins"):
            wanted = max(
                width, node.n_numeric if node.kind == "periodic" else node.first_bin + node.n_numeric * node.n_bins
            )
        if wanted != width:
            raise ValueError(
                f"layer {number} of the network, {node.kind}, takes {wanted} columns, and is given {width}"
            )

    # ---- what layers use -------------------------------------------------------------------------------------------

    def parameter(self, node: Node, role: str, space: Space = Space.PARAMETERS) -> Place:
        """Where a node's parameter lies, or its gradient."""
        return Place(space, 4 * self.offsets[next(name for own, name, _ in node.parameters if own == role)])

    def gradient_of(self, node: Node, role: str) -> Place:
        return self.parameter(node, role, Space.GRADIENTS)

    def buffer(self, node: Node, role: str) -> Place:
        return Place(Space.BUFFERS, 4 * self.offsets[next(name for own, name, _ in node.buffers if own == role)])

    @staticmethod
    def shape(node: Node, role: str) -> tuple[int, ...]:
        return next(shape for own, _, shape in node.parameters if own == role)

    @staticmethod
    def has(node: Node, role: str) -> bool:
        return any(own == role for own, _, _ in node.parameters)

    def rate(self, number: int, which: int = 0) -> Place:
        """Where a node's rate stands."""
        return Place(Space.RATES, 8 * (self.rates[number] + which))

    def room(self, width: int, heads: int = 1) -> Place:
        """Room for (rows · heads, width)."""
        return self.memory.take(self.rows * heads * width)

    def plain(self, number: int, place: Place, width: int, heads: int = 1) -> NodeOutput:
        """The value of a node that is one matrix."""
        return NodeOutput(number, width, [ColumnBlock(place, width, width, 0)], heads)

    def on_the_way_back(self, number: int, back: Callable[[Gradient], None]) -> None:
        """What is to be done with the gradient of a node's output, once it is complete."""
        if self.training:
            self.undo.append((number, back))

    def wants_gradient(self, value: NodeOutput) -> bool:
        """Whether what made a value has anything to learn."""
        return value.producer != 0

    def pass_on(self, value: NodeOutput, gradient: Gradient, *, own: bool = True) -> None:
        """Add to the gradient of a value; `own` says that nobody else will look at
        these arrays, so that they can be kept.
        """
        if not self.wants_gradient(value):
            return
        known = self.gradients.get(value.producer)
        if known is None and own:
            self.gradients[value.producer] = gradient
            return
        if known is None:
            copies = []
            for part in gradient:
                place = self.room(part.width, value.heads)
                self.copy(part.place, part.stride, part.width, place, part.width, Rows(value.heads))
                copies.append(ColumnBlock(place, part.width, part.width, part.first))
            self.gradients[value.producer] = copies
            return
        for to, part in zip(known, gradient, strict=True):
            self.tape.add(
                pointwise.add_columns,
                rows=Rows(value.heads),
                width=part.width,
                x=part.place,
                x_width=part.stride,
                out=to.place,
                out_width=to.stride,
            )

    def followers(self, number: int) -> list[int]:
        """The activation and the dropout that are all that becomes of a node's output,
        in this order; either may be missing.
        """
        found: list[int] = []
        for wanted in (ACTIVATIONS, {"dropout"}):
            if self.consumers[number] != 1:
                break
            after = next(k for k, node in enumerate(self.graph.nodes, 1) if number in node.inputs)
            if self.graph.nodes[after - 1].kind in wanted:
                found.append(after)
                number = after
        return found

    # ---- the input -------------------------------------------------------------------------------------------------

    def _input(self) -> NodeOutput:
        form = self.form
        if self.dense:
            return NodeOutput(0, form.width, [ColumnBlock(get_batch_place(), form.width, form.width, 0)])
        parts = []
        if form.n_floats:
            place = self.room(form.n_floats)
            self.tape.add(
                cells.gather,
                rows=Rows(),
                width=form.n_floats,
                table=Place(Space.FLOATS),
                **ORDER,
                out=place,
                out_width=form.n_floats,
            )
            parts.append(ColumnBlock(place, form.n_floats, form.n_floats, 0))
        kinds = {"bins": form.n_binned > 0, "hot": form.n_hot > 0, "sparse": form.sparse}
        spare = form.width > form.n_floats
        return NodeOutput(
            0, form.width, parts, cells=frozenset([name for name, there in kinds.items() if there] + ["spare"] * spare)
        )

    def matrix(self, value: NodeOutput) -> Place:
        """A value as one matrix, (rows · heads, width)."""
        if value.is_plain:
            return value.parts[0].place
        place = self.room(value.width, value.heads)
        if value.cells:
            self.tape.add(pointwise.fill, n=Rows(value.width), x=place, value=0.0)
        for part in value.parts:
            self.copy(part.place, part.stride, part.width, place.skip(part.first), value.width, Rows(value.heads))
        self._widen(value, place)
        return place

    def with_leading(self, value: NodeOutput, n: int) -> NodeOutput:
        """A value whose first part holds the first n columns at least: those of a
        sparse table are written out.
        """
        if value.parts and value.parts[0].width >= n:
            return value
        return replace(value, parts=[ColumnBlock(self.matrix(value), value.width, value.width, 0)], cells=frozenset())

    def _widen(self, value: NodeOutput, place: Place) -> None:
        """Write the cells of a value into its matrix."""
        out = {**ORDER, "rows": Rows(), "out_width": value.width}
        shifted = place.skip(value.shift)
        if "bins" in value.cells:
            self.tape.add(
                cells.widen_bins,
                n=self.form.n_binned,
                **BINS,
                **out,
                out=place.skip(self.form.n_floats + value.shift),
            )
        if "hot" in value.cells:
            self.tape.add(cells.widen_rows, n=self.form.n_hot, codes=Place(Space.HOT), **out, out=shifted)
        if "sparse" in value.cells:
            self.tape.add(cells.widen_sparse, **SPARSE, **out, out=shifted)

    def copy(self, x: Place, x_width: int, n: int, out: Place, out_width: int, rows: Rows = Rows()) -> None:  # noqa: B008
        """Copy n columns."""
        if n:
            self.tape.add(embeddings.copy_columns, rows=rows, n=n, x=x, x_width=x_width, out=out, out_width=out_width)

    def multiply(self, half: bool = False, /, **fields: Any) -> None:
        """Append a product, in float32 or of operands in bfloat16."""
        if half:
            self.tape.add(half_products.multiply_halves, **fields, scratch=self.scratch)
        else:
            self.tape.add(products.multiply, **fields, scratch=self.scratch, column=products.multiply_columns)

    def overwritable(self, value: NodeOutput) -> Place:
        """A value as a matrix that may be written over."""
        if (
            self.consumers[value.producer] == 1
            and value.is_plain
            and self.graph.nodes[value.producer - 1].kind in ("linear", "ntk_linear", "add")
        ):
            return value.parts[0].place
        place = self.room(value.width, value.heads)
        self.copy(self.matrix(value), value.width, value.width, place, value.width, Rows(value.heads))
        return place

    def split(self, value: NodeOutput, gradient: Place, width: int) -> Gradient:
        """The gradient of a value, (rows · heads, width), in its parts."""
        return [ColumnBlock(gradient.skip(part.first), part.width, width, part.first) for part in value.parts]
