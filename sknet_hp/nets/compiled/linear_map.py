"""Products with a weight matrix: one there, two on the way back."""

from sknet_hp.nets.compiled.builder import ProgramBuilder
from sknet_hp.nets.compiled.kernels import cells, pointwise, products
from sknet_hp.nets.compiled.outputs import ColumnBlock, Gradient, NodeOutput
from sknet_hp.nets.compiled.tape import BINS, ORDER, SPARSE, Place, RowCount, Space
from sknet_hp.nets.graph import Node


class LinearMap:
    """x W for a weight matrix W, of an output that may have cells.

    Parameters
    ----------
    b, node : the builder, and the node with a parameter "weight", (n_outputs,
        n_inputs).
    x : what comes in.
    factor : what the matrix is multiplied by first.
    """

    def __init__(self, b: ProgramBuilder, node: Node, x: NodeOutput, factor: float = 1.0):
        self.b, self.node, self.x, self.factor = b, node, x, factor
        self.n_outputs, self.n_inputs = node.get_shape("weight")
        # Few columns of weights are more use as rows, and cells look rows of inputs up.
        name = node.get_name("weight")
        self.is_transposed = self.n_outputs > products.FEW or not x.is_matrix or name in b.transposed
        self.half = b.half and self.is_transposed and node is not b.graph.nodes[-1]
        if self.is_transposed:
            b.transposed.add(name)
        self.weight = b.find_parameter(node, "weight")

    # ---- there -----------------------------------------------------------------------------------------------------

    def add_forward(self) -> Place:
        """Append the product, (rows · heads, n_outputs)."""
        b, x, n = self.b, self.x, self.n_outputs
        if self.factor != 1:
            scaled = b.memory.take(n * self.n_inputs)
            b.tape.add(pointwise.scale, n=n * self.n_inputs, x=self.weight, factor=self.factor, out=scaled)
            self.weight = scaled
        z = b.allocate(n, x.heads)
        if not self.is_transposed:
            block = x.blocks[0]
            fields = {"a": block.place, "a_row": block.stride, "b": self.weight, "c": z}
            b.tape.add(products.multiply_few_columns, m=RowCount(x.heads), n=n, inner=self.n_inputs, **fields)
            return z
        for number, block in enumerate(x.blocks):
            a = {"a": block.place, "a_row": block.stride, "a_inner": 1, "inner": block.width}
            of_b = {"b": self.weight.skip(block.first * n), "b_inner": n, "b_column": 1}
            self._multiply_rows(**a, **of_b, n=n, c=z, c_row=n, add=number > 0)
        if not x.blocks:
            b.tape.add(pointwise.fill, n=RowCount(n), x=z, value=0.0)
        self._look_up(z)
        return z

    def _multiply_rows(self, **fields: object) -> None:
        """Append c = a b, in which a has a row for each of a batch."""
        self.b.multiply(self.half, m=RowCount(self.x.heads), **fields)

    def _look_up(self, z: Place) -> None:
        """Append what adds the weights of the input's cells to z."""
        b, form, width = self.b, self.b.form, self.n_outputs
        into = {"out": z, "out_width": width, "step": 0}
        if "bins" in self.x.cells:
            weight = self.weight.skip((form.n_floats + self.x.shift) * width)
            sums, starts = b.memory.take((form.n_bins + form.n_binned) * width), Place(Space.STARTS)
            b.tape.add(cells.sum_bins, n=form.n_binned, starts=starts, width=width, weight=weight, sums=sums)
            fields = {"n": form.n_binned, "width": width, "sums": sums, "room": b.entries}
            b.tape.add(cells.add_bins, rows=RowCount(), **fields, **BINS, **ORDER, **into)
        shifted = self.weight.skip(self.x.shift * width)
        if "hot" in self.x.cells:
            codes = {"n": form.n_hot, "codes": Place(Space.HOT)}
            b.tape.add(cells.add_rows, rows=RowCount(), width=width, weight=shifted, **codes, **ORDER, **into)
        if "sparse" in self.x.cells:
            b.tape.add(cells.add_sparse, rows=RowCount(), width=width, weight=shifted, **SPARSE, **ORDER, out=z)

    # ---- back ------------------------------------------------------------------------------------------------------

    def add_weight_gradient(self, g: Place) -> None:
        """Append the gradient of the matrix, from that of what came out."""
        b, x, n = self.b, self.x, self.n_outputs
        gradient, rows = b.find_gradient(self.node, "weight"), RowCount(x.heads)
        if self.is_transposed:
            for block in x.blocks:
                a = {"a": block.place, "a_row": 1, "a_inner": block.stride, "m": block.width}
                of_b = {"b": g, "b_inner": n, "b_column": 1, "n": n}
                into = {"c": gradient.skip(block.first * n), "c_row": n, "add": False}
                b.multiply(self.half, inner=rows, **a, **of_b, **into)
            self._look_up_backward(g, gradient)
        else:
            (block,) = x.blocks
            a = {"a": g, "a_row": 1, "a_inner": n, "m": n}
            of_b = {"b": block.place, "b_inner": block.stride, "b_column": 1, "n": self.n_inputs}
            b.multiply(inner=rows, **a, **of_b, c=gradient, c_row=self.n_inputs, add=False)
        if self.factor != 1:
            b.tape.add(pointwise.scale, n=n * self.n_inputs, x=gradient, factor=self.factor, out=gradient)

    def add_input_gradient(self, g: Place) -> Gradient:
        """Append the gradient of x, from that of what came out."""
        b, x, n = self.b, self.x, self.n_outputs
        gradient = []
        for block in x.blocks:
            place = b.allocate(block.width, x.heads)
            weight = self.weight.skip(block.first * (n if self.is_transposed else 1))
            b_inner, b_column = (1, n) if self.is_transposed else (self.n_inputs, 1)
            of_b = {"b": weight, "b_inner": b_inner, "b_column": b_column, "n": block.width}
            self._multiply_rows(a=g, a_row=n, a_inner=1, inner=n, **of_b, c=place, c_row=block.width, add=False)
            gradient.append(ColumnBlock(place, block.width, block.width, block.first))
        return gradient

    def _look_up_backward(self, g: Place, gradient: Place) -> None:
        """Append what adds to the gradient of those weights that cells looked up."""
        b, form, width, x = self.b, self.b.form, self.n_outputs, self.x
        if not x.cells:
            return
        behind_bins = form.n_floats + form.n_bins
        first, last = (behind_bins + x.shift) * width, (form.width + x.shift) * width
        if "bins" not in x.cells and x.shift == 0:
            first = form.n_floats * width
        if last > first:
            b.tape.add(pointwise.fill, n=last - first, x=gradient.skip(first), value=0.0)
        if "bins" in x.cells:
            weight = gradient.skip((form.n_floats + x.shift) * width)
            # A place beside the sums, which the caches of other cores hold.
            of_sums = b.memory.take((form.n_bins + form.n_binned) * width)
            of = {"of_weight": weight, "of_sums": of_sums, "g": g, "g_width": width, "step": 0, "room": b.entries}
            b.tape.add(cells.add_bins_backward, rows=RowCount(), n=form.n_binned, width=width, **BINS, **ORDER, **of)
        shifted = gradient.skip(x.shift * width)
        if "hot" in x.cells:
            of = {"n": form.n_hot, "codes": Place(Space.HOT), "of_weight": shifted, "g": g, "g_width": width, "step": 0}
            b.tape.add(cells.add_rows_backward, rows=RowCount(), width=width, **ORDER, **of)
        if "sparse" in x.cells:
            b.tape.add(
                cells.add_sparse_backward, rows=RowCount(), width=width, of_weight=shifted, **SPARSE, **ORDER, g=g
            )
