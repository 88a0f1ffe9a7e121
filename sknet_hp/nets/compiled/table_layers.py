"""Which kernels run the layers for tables.

These are embeddings of numbers, bins and categories, learned factors, and TabM's heads.
`layers` says what such a function takes and gives.
"""

from sknet_hp.nets.compiled.builder import ProgramBuilder, register_layer
from sknet_hp.nets.compiled.kernels import cells, embeddings, heads, pointwise
from sknet_hp.nets.compiled.linear_map import LinearMap
from sknet_hp.nets.compiled.outputs import ColumnBlock, Gradient, NodeOutput, make_matrix_output
from sknet_hp.nets.compiled.pointwise_pass import PointwisePass
from sknet_hp.nets.compiled.tape import BINS, NOTHING, ORDER, Place, RowCount, Space
from sknet_hp.nets.graph import Node


def _replace_first(number: int, x: NodeOutput, place: Place, width: int, grown: int) -> NodeOutput:
    """Make the output of a node that has replaced the first block of x.

    The new block is a matrix of `width` columns, and the whole has `grown` columns more
    than x.
    """
    others = [block._replace(first=block.first + grown) for block in x.blocks[1:]]
    blocks = [ColumnBlock(place, width, width, 0), *others]
    return NodeOutput(number, x.width + grown, blocks, cells=x.cells, shift=x.shift + grown)


# ---- tables --------------------------------------------------------------------------------------------------------


class _Periodic:
    """The waves of the first columns, which are floats, and a linear map of them."""

    def __init__(self, b: ProgramBuilder, node: Node, source: ColumnBlock):
        self.b, self.node, self.source = b, node, source
        self.n, self.dim = node.n_numeric, node.dim
        self.k, self.learned = node.get_shape("frequency")[1], node.get_shape("weight")[2]
        self.has_phase = node.has_parameter("phase")
        self.wave_width = self.k if self.has_phase else 2 * self.k
        self.rest = source.width - self.n
        self.width = self.n * self.dim + self.rest
        self.cosines = b.allocate(self.n * self.wave_width)
        self.sines = b.allocate(self.n * self.wave_width) if self.has_phase else self.cosines.skip(self.k)
        self.fields = {
            "rows": RowCount(),
            "n": self.n,
            "k": self.k,
            "x": source.place,
            "x_width": source.stride,
            "cosines": self.cosines,
            "sines": self.sines,
            "wave_width": self.wave_width,
        }

    def add_forward(self) -> Place:
        """Append the waves, their maps, and a copy of the columns that pass."""
        b, node, n, dim, learned = self.b, self.node, self.n, self.dim, self.learned
        phase = b.find_parameter(node, "phase") if self.has_phase else NOTHING
        frequency = b.find_parameter(node, "frequency")
        b.tape.add(embeddings.compute_waves, **self.fields, frequency=frequency, phase=phase)
        self.out = out = b.allocate(self.width)
        self.weight, bias = b.find_parameter(node, "weight"), b.find_parameter(node, "bias")
        for f in range(n):
            at = f * self.wave_width
            of_a = {"a": self.cosines.skip(at), "a_row": n * self.wave_width, "a_inner": 1, "inner": self.wave_width}
            of_b = {"b": self.weight.skip(at * learned), "b_inner": learned, "b_column": 1, "n": learned}
            b.multiply(m=RowCount(), **of_a, **of_b, c=out.skip(f * dim), c_row=self.width, add=False)
        source = self.source
        finish = {"x": source.place if self.has_phase else NOTHING, "x_width": source.stride}
        into = {"out": out, "out_width": self.width}
        b.tape.add(embeddings.finish_waves, rows=RowCount(), n=n, dim=dim, **into, bias=bias, **finish)
        b.copy_columns(source.place.skip(n), source.stride, self.rest, out.skip(n * dim), self.width)
        return out

    def add_backward(self, gradient: Gradient) -> None:
        """Append the gradients of the layer's tensors; what comes in has none."""
        b, node, n, dim, learned = self.b, self.node, self.n, self.dim, self.learned
        g, stride = gradient[0].place, gradient[0].stride
        fields = {"g": g, "out_width": stride, "of_bias": b.find_gradient(node, "bias"), "clipped": not self.has_phase}
        into = {"out": self.out, "own_width": self.width}
        b.tape.add(embeddings.finish_waves_backward, rows=RowCount(), n=n, dim=dim, **into, **fields)
        of_waves = b.allocate(n * self.wave_width)
        of_weight = b.find_gradient(node, "weight")
        all_waves = n * self.wave_width
        for f in range(n):
            at = f * self.wave_width
            of_a = {"a": self.cosines.skip(at), "a_row": 1, "a_inner": all_waves, "m": self.wave_width}
            of_b = {"b": g.skip(f * dim), "b_inner": stride, "b_column": 1, "n": learned}
            b.multiply(inner=RowCount(), **of_a, **of_b, c=of_weight.skip(at * learned), c_row=learned, add=False)
            of_a = {"a": g.skip(f * dim), "a_row": stride, "a_inner": 1, "inner": learned}
            of_b = {"b": self.weight.skip(at * learned), "b_inner": 1, "b_column": learned, "n": self.wave_width}
            b.multiply(m=RowCount(), **of_a, **of_b, c=of_waves.skip(at), c_row=all_waves, add=False)
        of = {
            "of_cosines": of_waves,
            "of_sines": NOTHING if self.has_phase else of_waves.skip(self.k),
            "of_frequency": b.find_gradient(node, "frequency"),
            "of_phase": b.find_gradient(node, "phase") if self.has_phase else NOTHING,
        }
        b.tape.add(embeddings.compute_waves_backward, **self.fields, **of)


@register_layer("periodic")
def add_periodic_embedding(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add waves of learned frequencies of the first columns, which are floats."""
    x = b.join_leading(x, node.n_numeric)
    periodic = _Periodic(b, node, x.blocks[0])
    out = periodic.add_forward()
    b.register_backward(number, periodic.add_backward)
    return _replace_first(number, x, out, periodic.width, periodic.width - x.blocks[0].width)


class _Bins:
    """A linear map of each number and its bins, which are looked up or written out."""

    def __init__(self, b: ProgramBuilder, node: Node, source: ColumnBlock, looked_up: bool):
        self.b, self.node, self.source, self.looked_up = b, node, source, looked_up
        self.n, self.dim, self.n_bins, self.first_bin = node.n_numeric, node.dim, node.n_bins, node.first_bin
        self.flags = self.first_bin - self.n
        self.rest = 0 if looked_up else source.width - self.first_bin - self.n * self.n_bins  # of wide rows
        self.width = self.n * self.dim + self.flags + self.rest
        self.numbers = {
            "rows": RowCount(),
            "n": self.n,
            "dim": self.dim,
            "x": source.place,
            "x_width": source.stride,
        }

    def add_forward(self) -> Place:
        """Append the maps, and a copy of the columns that pass."""
        b, n, dim, width, source = self.b, self.n, self.dim, self.width, self.source
        self.out = out = b.allocate(width)
        slope, bias = b.find_parameter(self.node, "slope"), b.find_parameter(self.node, "bias")
        weight = b.find_parameter(self.node, "weight")
        b.tape.add(embeddings.map_numbers, **self.numbers, slope=slope, bias=bias, out=out, out_width=width)
        if self.looked_up:
            self._look_up(weight, out)
        else:
            for f in range(n):
                a = source.place.skip(self.first_bin + f * self.n_bins)
                of_a = {"a": a, "a_row": source.stride, "a_inner": 1, "inner": self.n_bins}
                of_b = {"b": weight.skip(f * self.n_bins * dim), "b_inner": dim, "b_column": 1, "n": dim}
                b.multiply(m=RowCount(), **of_a, **of_b, c=out.skip(f * dim), c_row=width, add=True)
        b.copy_columns(source.place.skip(n), source.stride, self.flags, out.skip(n * dim), width)
        behind = source.place.skip(self.first_bin + n * self.n_bins)
        b.copy_columns(behind, source.stride, self.rest, out.skip(n * dim + self.flags), width)
        return out

    def _look_up(self, weight: Place, out: Place) -> None:
        """Append the sums of weights that the cells of bins look up."""
        b, form = self.b, self.b.form
        self.sums = b.memory.take((form.n_bins + form.n_binned) * self.dim)
        each = {"n": self.n, "width": self.dim}
        b.tape.add(cells.sum_bins, **each, starts=Place(Space.STARTS), weight=weight, sums=self.sums)
        into = {"out": out, "out_width": self.width, "step": self.dim, "room": b.entries}
        b.tape.add(cells.add_bins, rows=RowCount(), **each, sums=self.sums, **BINS, **ORDER, **into)

    def add_backward(self, gradient: Gradient) -> None:
        """Append the gradients of the layer's tensors; what comes in has none."""
        b, n, dim, n_bins, source = self.b, self.n, self.dim, self.n_bins, self.source
        g, stride = gradient[0].place, gradient[0].stride
        of = {"of_slope": b.find_gradient(self.node, "slope"), "of_bias": b.find_gradient(self.node, "bias")}
        b.tape.add(embeddings.map_numbers_backward, **self.numbers, **of, g=g, g_width=stride)
        of_weight = b.find_gradient(self.node, "weight")
        if self.looked_up:
            into = {"of_weight": of_weight, "of_sums": self.sums, "room": b.entries}
            from_ = {"g": g, "g_width": stride, "step": dim}
            b.tape.add(cells.add_bins_backward, rows=RowCount(), n=n, width=dim, **BINS, **ORDER, **into, **from_)
            return
        for f in range(n):
            a = source.place.skip(self.first_bin + f * n_bins)
            of_a = {"a": a, "a_row": 1, "a_inner": source.stride, "m": n_bins}
            of_b = {"b": g.skip(f * dim), "b_inner": stride, "b_column": 1, "n": dim}
            b.multiply(inner=RowCount(), **of_a, **of_b, c=of_weight.skip(f * n_bins * dim), c_row=dim, add=False)


@register_layer("bins")
def add_bin_embedding(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add a linear map of its own for each number and its bins."""
    x = b.join_leading(x, node.first_bin)
    bins = _Bins(b, node, x.blocks[0], "bins" in x.cells)
    out = bins.add_forward()
    b.register_backward(number, bins.add_backward)
    grown = bins.n * bins.dim - bins.n - bins.n * bins.n_bins
    output = _replace_first(number, x, out, bins.width, grown)
    output.cells -= {"bins"}
    return output


@register_layer("categories")
def add_category_embedding(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add the learned vectors whose numbers the last columns are, in their place."""
    n, dim = node.n_columns, node.dim
    size = node.get_shape("weight")[0] * dim
    out, weight = b.allocate(n * dim), b.find_parameter(node, "weight")
    codes = {"rows": RowCount(), "n": n, "width": dim, "codes": Place(Space.CODES), "step": dim}
    b.tape.add(pointwise.fill, n=RowCount(n * dim), x=out, value=0.0)
    b.tape.add(cells.add_rows, **codes, **ORDER, weight=weight, out=out, out_width=n * dim)

    def add_backward(gradient: Gradient) -> None:
        *others, own = gradient
        of_weight = b.find_gradient(node, "weight")
        b.tape.add(pointwise.fill, n=size, x=of_weight, value=0.0)
        b.tape.add(cells.add_rows_backward, **codes, **ORDER, of_weight=of_weight, g=own.place, g_width=own.stride)
        b.pass_gradient(x, others)

    b.register_backward(number, add_backward)
    blocks = [*x.blocks, ColumnBlock(out, n * dim, n * dim, x.width)]
    return NodeOutput(number, x.width + n * dim, blocks, cells=x.cells, shift=x.shift)


@register_layer("feature_scale")
def add_feature_scale(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add a learned factor for each column."""
    inside, out = b.make_matrix(x), b.allocate(x.width)
    fields = {"rows": RowCount(), "width": x.width, "x": inside, "factor": b.find_parameter(node, "weight")}
    b.tape.add(embeddings.scale_columns, **fields, out=out)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        b.tape.add(embeddings.scale_columns_backward, **fields, g=g, of_factor=b.find_gradient(node, "weight"))
        b.pass_gradient(x, x.split_gradient(g))

    b.register_backward(number, add_backward)
    return make_matrix_output(number, out, x.width)


# ---- TabM ----------------------------------------------------------------------------------------------------------


@register_layer("ensemble_linear")
def add_ensemble_linear(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add one map for all heads, with factors of each before and behind it."""
    n_heads, shared = node.n_heads, node.first
    sizes = {"rows": RowCount(), "heads": n_heads}
    inside, scaled = b.make_matrix(x), b.allocate(x.width, n_heads)
    factor = b.find_parameter(node, "input_factor")
    inner = {"width": x.width, "x": inside, "shared": shared, "factor": factor}
    b.tape.add(heads.scale_inputs, **sizes, **inner, out=scaled)
    map_ = LinearMap(b, node, make_matrix_output(number, scaled, x.width, n_heads))
    mapped, width = map_.add_forward(), map_.n_outputs
    z, bias = b.allocate(width, n_heads), b.find_parameter(node, "bias")
    outer = {"width": width, "x": mapped, "factor": b.find_parameter(node, "output_factor")}
    b.tape.add(heads.scale_outputs, **sizes, **outer, bias=bias, out=z)
    nodes = b.find_followers(number)
    follow = PointwisePass(b, nodes, width, n_heads) if nodes else None
    output = make_matrix_output(number, z, width, n_heads) if follow is None else follow.add_forward(z, None)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        if follow is not None:
            follow.add_backward(g, None)
        of = {"of_factor": b.find_gradient(node, "output_factor"), "of_bias": b.find_gradient(node, "bias")}
        b.tape.add(heads.scale_outputs_backward, **sizes, **outer, g=g, **of)
        map_.add_weight_gradient(g)
        (block,) = map_.add_input_gradient(g)
        together = b.allocate(x.width) if shared and b.needs_gradient(x) else NOTHING
        of = {"of_factor": b.find_gradient(node, "input_factor")}
        b.tape.add(heads.scale_inputs_backward, **sizes, **inner, g=block.place, **of, of_x=together)
        b.pass_gradient(x, x.split_gradient(together if isinstance(together, Place) else block.place))

    b.register_backward(output.producer, add_backward)
    return output


@register_layer("ensemble_output")
def add_ensemble_output(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add a map of its own for each head; what they give lies side by side."""
    n_heads, n_outputs, n_inputs = node.get_shape("weight")
    inside, width, all_inputs = b.make_matrix(x), n_heads * n_outputs, n_heads * n_inputs
    out, weight, bias = b.allocate(width), b.find_parameter(node, "weight"), b.find_parameter(node, "bias")
    for h in range(n_heads):
        of_a = {"a": inside.skip(h * n_inputs), "a_row": all_inputs, "a_inner": 1, "inner": n_inputs}
        of_b = {"b": weight.skip(h * n_outputs * n_inputs), "b_inner": 1, "b_column": n_inputs, "n": n_outputs}
        b.multiply(m=RowCount(), **of_a, **of_b, c=out.skip(h * n_outputs), c_row=width, add=False)
    b.tape.add(pointwise.add_bias, rows=RowCount(), width=width, x=out, bias=bias)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        b.tape.add(pointwise.sum_rows, rows=RowCount(), width=width, g=g, total=b.find_gradient(node, "bias"))
        of_weight, of_x = b.find_gradient(node, "weight"), b.allocate(n_inputs, n_heads)
        for h in range(n_heads):
            own, matrix = g.skip(h * n_outputs), h * n_outputs * n_inputs
            of_a = {"a": own, "a_row": 1, "a_inner": width, "m": n_outputs}
            of_b = {"b": inside.skip(h * n_inputs), "b_inner": all_inputs, "b_column": 1, "n": n_inputs}
            b.multiply(inner=RowCount(), **of_a, **of_b, c=of_weight.skip(matrix), c_row=n_inputs, add=False)
            of_a = {"a": own, "a_row": width, "a_inner": 1, "inner": n_outputs}
            of_b = {"b": weight.skip(matrix), "b_inner": n_inputs, "b_column": 1, "n": n_inputs}
            b.multiply(m=RowCount(), **of_a, **of_b, c=of_x.skip(h * n_inputs), c_row=all_inputs, add=False)
        b.pass_gradient(x, [ColumnBlock(of_x, n_inputs, n_inputs, 0)])

    b.register_backward(number, add_backward)
    return make_matrix_output(number, out, width)
