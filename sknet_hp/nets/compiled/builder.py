"""How a graph becomes tapes: node by node there, and in the opposite order back."""

from collections.abc import Callable
from dataclasses import replace

from sknet_hp.nets.compiled.arrangement import compute_offsets
from sknet_hp.nets.compiled.kernels import cells, embeddings, half_products, pointwise, products
from sknet_hp.nets.compiled.outputs import ColumnBlock, Gradient, NodeOutput
from sknet_hp.nets.compiled.tape import BINS, ORDER, SPARSE, Memory, Place, RowCount, Space, Tape
from sknet_hp.nets.graph import Graph, Node
from sknet_hp.nets.inputs import Form
from sknet_hp.nets.layers.kinds import KINDS

LayerBuilder = Callable[["ProgramBuilder", int, Node, NodeOutput], NodeOutput]
"""Of a builder, a node's number, the node, and its first input: the node's output."""

COMPILED_LAYERS: dict[str, LayerBuilder] = {}
"""By the kind of a node, what adds its kernels to a program."""

ACTIVATION_KINDS = frozenset({name for name, kind in KINDS.items() if kind.is_activation} | {"parametric"})
_OVERWRITABLE = frozenset({"linear", "ntk_linear", "add"})  # kinds that do not look at their output on the way back


def register_layer(*kinds: str) -> Callable[[LayerBuilder], LayerBuilder]:
    """Register a function as what adds the kernels of these kinds of layers."""

    def register(function: LayerBuilder) -> LayerBuilder:
        COMPILED_LAYERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def get_batch_place() -> Place:
    """Return where a program with wide rows finds its batch, (rows, width)."""
    return Place(Space.WORK, 0)


class ProgramBuilder:
    """Goes through a graph, node by node.

    Each node adds its kernels, and leaves a function that will add those of the way
    back.

    Parameters
    ----------
    rows, parts : how many rows a batch has at most, and on how many cores it is
        computed.
    training : whether there is a way back.
    dense : whether the batch is written out as wide rows, at `get_batch_place`.
    half : whether hidden layers multiply in bfloat16.

    Attributes
    ----------
    tape : the kernels so far, of the way there or, later, of the way back.
    outputs : of the nodes so far, by number; 0 is the network's input.
    transposed : names of the weight matrices that lie (n_inputs, n_outputs).
    first_rate : of each node, the number of its first rate.
    absorbed : numbers of nodes that the kernels of an earlier one compute as well.
    """

    def __init__(self, graph: Graph, form: Form, rows: int, parts: int, training: bool, dense: bool, half: bool):
        self.graph, self.form, self.rows, self.parts = graph, form, rows, parts
        self.training, self.dense, self.half = training, dense, half
        self.tape, self.memory = Tape(), Memory()
        self.outputs: dict[int, NodeOutput] = {}
        self.gradients: dict[int, Gradient] = {}
        self.absorbed: set[int] = set()
        self.transposed: set[str] = set()
        self._backwards: list[tuple[int, Callable[[Gradient], None]]] = []
        self._consumers = [sum(i in node.inputs for node in graph.nodes) for i in range(len(graph.nodes) + 1)]
        self._offsets: dict[str, int] = {}
        for tensors in (graph.parameters, graph.buffers):
            self._offsets |= compute_offsets(tensors)[0]
        self.first_rate: dict[int, int] = {}
        for number in range(1, len(graph.nodes) + 1):
            self.first_rate[number] = sum(earlier.n_rates for earlier in graph.nodes[: number - 1])
        self._allocate_shared()

    def _allocate_shared(self) -> None:
        """Reserve the memory that the kernels of all nodes share."""
        widest = max([self.form.width, *(max(shape, default=1) for _, shape in self.graph.parameters)])
        if self.dense:
            self.memory.take(self.rows * self.form.width)
        scratch = max(products.SCRATCH, half_products.SCRATCH) if self.half else products.SCRATCH
        self.scratch = self.memory.take(self.parts * scratch)
        self.mask = self.memory.take(self.parts * widest)
        self.entries = self.memory.take(self.parts * 32 * self.form.n_binned)
        self.zeros = self.memory.take(widest)
        self.ones = self.memory.take(widest)
        self.tape.add(pointwise.fill, n=widest, x=self.zeros, value=0.0)
        self.tape.add(pointwise.fill, n=widest, x=self.ones, value=1.0)

    # ---- the two ways ----------------------------------------------------------------------------------------------

    def build_forward(self) -> tuple[Tape, NodeOutput, Place]:
        """Build the way there.

        Returns
        -------
        tape : its kernels.
        output : of the network.
        place : where that lies as one matrix.
        """
        self.outputs[0] = self._gather_input()
        for number, node in enumerate(self.graph.nodes, 1):
            if number not in self.absorbed:
                self._check_width(node, number)
                output = COMPILED_LAYERS[node.kind](self, number, node, self.outputs[node.inputs[0]])
                self.outputs[output.producer] = output
        output = self.outputs[len(self.graph.nodes)]
        place = self.make_matrix(output)
        return self.tape, output, place

    def build_backward(self, output: NodeOutput) -> tuple[Tape, Place]:
        """Build the way back: (its kernels, the place of the output's gradient)."""
        self.tape = Tape()
        gradient = self.memory.take(self.rows * output.width * output.heads)
        self.gradients[output.producer] = [ColumnBlock(gradient, output.width, output.width, 0)]
        for number, add_backward in reversed(self._backwards):
            own = self.gradients.pop(number, None)
            if own is not None:
                add_backward(own)
        return self.tape, gradient

    def register_backward(self, number: int, add_backward: Callable[[Gradient], None]) -> None:
        """Note what adds a node's kernels of the way back, given its gradient."""
        if self.training:
            self._backwards.append((number, add_backward))

    def _check_width(self, node: Node, number: int) -> None:
        """Make sure that what comes in has as many columns as the node's parameters.

        Kernels take that on trust.
        """
        kind, width = KINDS[node.kind], self.outputs[node.inputs[0]].width
        wanted = width
        if kind.input_axis is not None:
            wanted = node.get_shape("weight")[kind.input_axis]
        elif kind.n_inputs > 1:
            wanted = self.outputs[node.inputs[1]].width
        elif kind.least_width is not None:
            wanted = max(width, kind.least_width(node))
        if wanted != width:
            raise ValueError(
                f"layer {number} of the network, {node.kind}, takes {wanted} columns, and is given {width}"
            )

    # ---- where things lie ------------------------------------------------------------------------------------------

    def find_parameter(self, node: Node, role: str, space: Space = Space.PARAMETERS) -> Place:
        """Find where a node's parameter lies, or its gradient."""
        return Place(space, 4 * self._offsets[node.get_name(role)])

    def find_gradient(self, node: Node, role: str) -> Place:
        """Find where the gradient of a node's parameter lies."""
        return self.find_parameter(node, role, Space.GRADIENTS)

    def find_buffer(self, node: Node, role: str) -> Place:
        """Find where a node's buffer lies."""
        return self.find_parameter(node, role, Space.BUFFERS)

    def find_rate(self, number: int, which: int = 0) -> Place:
        """Find where a node's rate lies."""
        return Place(Space.RATES, 8 * (self.first_rate[number] + which))

    def allocate(self, width: int, heads: int = 1) -> Place:
        """Reserve memory for (rows · heads, width)."""
        return self.memory.take(self.rows * heads * width)

    def find_followers(self, number: int) -> list[int]:
        """Find the activation and the dropout that are all that a node's output is for.

        They come in this order; either may be missing.
        """
        found: list[int] = []
        for wanted in (ACTIVATION_KINDS, {"dropout"}):
            if self._consumers[number] != 1:
                break
            after = next(k for k, node in enumerate(self.graph.nodes, 1) if number in node.inputs)
            if self.graph.nodes[after - 1].kind in wanted:
                found.append(after)
                number = after
        return found

    # ---- gradients -------------------------------------------------------------------------------------------------

    def needs_gradient(self, output: NodeOutput) -> bool:
        """Return whether what made an output has anything to learn."""
        return output.producer != 0

    def pass_gradient(self, output: NodeOutput, gradient: Gradient, *, own: bool = True) -> None:
        """Add to the gradient of an output.

        `own` says that nobody else will look at these arrays, so that they can be kept.
        """
        if not self.needs_gradient(output):
            return
        known = self.gradients.get(output.producer)
        if known is None and own:
            self.gradients[output.producer] = gradient
            return
        if known is None:
            copies = []
            for block in gradient:
                place = self.allocate(block.width, output.heads)
                self.copy_columns(block.place, block.stride, block.width, place, block.width, RowCount(output.heads))
                copies.append(ColumnBlock(place, block.width, block.width, block.first))
            self.gradients[output.producer] = copies
            return
        for to, block in zip(known, gradient, strict=True):
            source = {"x": block.place, "x_width": block.stride}
            into = {"out": to.place, "out_width": to.stride}
            self.tape.add(pointwise.add_columns, rows=RowCount(output.heads), width=block.width, **source, **into)

    # ---- the input, and outputs as matrices ------------------------------------------------------------------------

    def _gather_input(self) -> NodeOutput:
        form = self.form
        if self.dense:
            return NodeOutput(0, form.width, [ColumnBlock(get_batch_place(), form.width, form.width, 0)])
        blocks = []
        if form.n_floats:
            place, table = self.allocate(form.n_floats), Place(Space.FLOATS)
            into = {"out": place, "out_width": form.n_floats}
            self.tape.add(cells.gather, rows=RowCount(), width=form.n_floats, table=table, **ORDER, **into)
            blocks.append(ColumnBlock(place, form.n_floats, form.n_floats, 0))
        found = {
            "bins": form.n_binned > 0,
            "hot": form.n_hot > 0,
            "sparse": form.sparse,
            "spare": form.width > form.n_floats,  # columns of zeros, if nothing else
        }
        return NodeOutput(0, form.width, blocks, cells=frozenset(name for name, is_there in found.items() if is_there))

    def make_matrix(self, output: NodeOutput) -> Place:
        """Make an output one matrix, (rows · heads, width), unless it is."""
        if output.is_matrix:
            return output.blocks[0].place
        place, rows = self.allocate(output.width, output.heads), RowCount(output.heads)
        if output.cells:
            self.tape.add(pointwise.fill, n=RowCount(output.width), x=place, value=0.0)
        for block in output.blocks:
            self.copy_columns(block.place, block.stride, block.width, place.skip(block.first), output.width, rows)
        self._widen_cells(output, place)
        return place

    def make_overwritable(self, output: NodeOutput) -> Place:
        """Make an output a matrix that may be written over: itself, or a copy."""
        only = self._consumers[output.producer] == 1 and output.is_matrix
        if only and self.graph.nodes[output.producer - 1].kind in _OVERWRITABLE:
            return output.blocks[0].place
        place = self.allocate(output.width, output.heads)
        source = self.make_matrix(output)
        self.copy_columns(source, output.width, output.width, place, output.width, RowCount(output.heads))
        return place

    def join_leading(self, output: NodeOutput, n: int) -> NodeOutput:
        """Make the first block of an output hold its first n columns at least.

        Those of a sparse table are written out.
        """
        if output.blocks and output.blocks[0].width >= n:
            return output
        block = ColumnBlock(self.make_matrix(output), output.width, output.width, 0)
        return replace(output, blocks=[block], cells=frozenset())

    def _widen_cells(self, output: NodeOutput, place: Place) -> None:
        """Write the cells of an output into its matrix."""
        into = {**ORDER, "rows": RowCount(), "out_width": output.width}
        shifted = place.skip(output.shift)
        if "bins" in output.cells:
            own = place.skip(self.form.n_floats + output.shift)
            self.tape.add(cells.widen_bins, n=self.form.n_binned, **BINS, **into, out=own)
        if "hot" in output.cells:
            self.tape.add(cells.widen_rows, n=self.form.n_hot, codes=Place(Space.HOT), **into, out=shifted)
        if "sparse" in output.cells:
            self.tape.add(cells.widen_sparse, **SPARSE, **into, out=shifted)

    # ---- kernels that many layers use ------------------------------------------------------------------------------

    def copy_columns(
        self,
        x: Place,
        x_width: int,
        n: int,
        out: Place,
        out_width: int,
        rows: RowCount = RowCount(),  # noqa: B008
    ) -> None:
        """Append a copy of n columns."""
        if n:
            self.tape.add(embeddings.copy_columns, rows=rows, n=n, x=x, x_width=x_width, out=out, out_width=out_width)

    def multiply(self, half: bool = False, /, **fields: object) -> None:
        """Append a product, in float32 or of operands in bfloat16."""
        if half:
            self.tape.add(half_products.multiply_halves, **fields, scratch=self.scratch)
        else:
            self.tape.add(products.multiply, **fields, scratch=self.scratch, column=products.multiply_columns)
