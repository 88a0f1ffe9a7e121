"""The layers for tables: embeddings of numbers, bins and categories, learned factors,
and TabM's heads. `layers` says what a layer does.
"""

from sknet_hp.nets.compiled.kernels import cells, embeddings, heads, pointwise
from sknet_hp.nets.compiled.layers import Pointwise, Product
from sknet_hp.nets.compiled.program import (
    BINS,
    ORDER,
    ColumnBlock,
    Gradient,
    NodeOutput,
    ProgramBuilder,
    register_layer,
)
from sknet_hp.nets.compiled.tape import NOTHING, Place, Rows, Space
from sknet_hp.nets.graph import Node

# ---- tables --------------------------------------------------------------------------------------------------------


@register_layer("periodic")
def add_periodic(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """The first columns, which are floats, through waves of learned frequencies."""
    x = b.with_leading(x, node.n_numeric)
    n, dim, source = node.n_numeric, node.dim, x.parts[0]
    k, learned = b.shape(node, "frequency")[1], b.shape(node, "weight")[2]
    has_phase = b.has(node, "phase")
    wave_width = k if has_phase else 2 * k
    cosines = b.room(n * wave_width)
    sines = b.room(n * wave_width) if has_phase else cosines.skip(k)
    numbers = {"x": source.place, "x_width": source.stride}
    sizes = {"rows": Rows(), "n": n, "k": k}
    phase = b.parameter(node, "phase") if has_phase else NOTHING
    waves = {"cosines": cosines, "sines": sines, "wave_width": wave_width}
    b.tape.add(
        embeddings.compute_waves, **sizes, **numbers, frequency=b.parameter(node, "frequency"), phase=phase, **waves
    )
    rest = source.width - n
    width = n * dim + rest
    out = b.room(width)
    weight, bias = b.parameter(node, "weight"), b.parameter(node, "bias")
    for f in range(n):
        of_a = {"a": cosines.skip(f * wave_width), "a_row": n * wave_width, "a_inner": 1}
        of_b = {"b": weight.skip(f * wave_width * learned), "b_inner": learned, "b_column": 1}
        b.multiply(m=Rows(), n=learned, inner=wave_width, **of_a, **of_b, c=out.skip(f * dim), c_row=width, add=False)
    finish = {"x": source.place if has_phase else NOTHING, "x_width": source.stride}
    b.tape.add(embeddings.finish_waves, rows=Rows(), n=n, dim=dim, out=out, out_width=width, bias=bias, **finish)
    b.copy(source.place.skip(n), source.stride, rest, out.skip(n * dim), width)

    def back(gradient: Gradient) -> None:
        g, stride = gradient[0].place, gradient[0].stride
        fields = {"g": g, "out_width": stride, "of_bias": b.gradient_of(node, "bias"), "clipped": not has_phase}
        b.tape.add(embeddings.finish_waves_backward, rows=Rows(), n=n, dim=dim, out=out, own_width=width, **fields)
        of_waves = b.room(n * wave_width)
        of_weight = b.gradient_of(node, "weight")
        for f in range(n):
            own = {
                "b": g.skip(f * dim),
                "b_inner": stride,
                "b_column": 1,
                "c": of_weight.skip(f * wave_width * learned),
                "c_row": learned,
            }
            b.multiply(
                m=wave_width,
                n=learned,
                inner=Rows(),
                a=cosines.skip(f * wave_width),
                a_row=1,
                a_inner=n * wave_width,
                **own,
                add=False,
            )
            own = {"b": weight.skip(f * wave_width * learned), "b_inner": 1, "b_column": learned}
            into = {"c": of_waves.skip(f * wave_width), "c_row": n * wave_width}
            b.multiply(
                m=Rows(),
                n=wave_width,
                inner=learned,
                a=g.skip(f * dim),
                a_row=stride,
                a_inner=1,
                **own,
                **into,
                add=False,
            )
        of_sines = NOTHING if has_phase else of_waves.skip(k)
        of = {
            "of_frequency": b.gradient_of(node, "frequency"),
            "of_phase": b.gradient_of(node, "phase") if has_phase else NOTHING,
        }
        b.tape.add(
            embeddings.compute_waves_backward, **sizes, **numbers, of_cosines=of_waves, of_sines=of_sines, **waves, **of
        )

    b.on_the_way_back(number, back)
    grown = width - source.width
    parts = [ColumnBlock(out, width, width, 0), *(part._replace(first=part.first + grown) for part in x.parts[1:])]
    return NodeOutput(number, x.width + grown, parts, cells=x.cells, shift=x.shift + grown)


@register_layer("bins")
def add_bins(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Each number and its bins through a linear map of its own."""
    x = b.with_leading(x, node.first_bin)
    n, dim, n_bins, first_bin, source, form = node.n_numeric, node.dim, node.n_bins, node.first_bin, x.parts[0], b.form
    looked_up = "bins" in x.cells
    flags = first_bin - n
    rest = 0 if looked_up else source.width - first_bin - n * n_bins  # of wide rows
    width = n * dim + flags + rest
    out = b.room(width)
    slope, bias, weight = b.parameter(node, "slope"), b.parameter(node, "bias"), b.parameter(node, "weight")
    numbers = {"rows": Rows(), "n": n, "dim": dim, "x": source.place, "x_width": source.stride}
    b.tape.add(embeddings.map_numbers, **numbers, slope=slope, bias=bias, out=out, out_width=width)
    each = {"n": n, "width": dim, "starts": Place(Space.STARTS)}
    if looked_up:
        sums = b.memory.take((form.n_bins + form.n_binned) * dim)
        b.tape.add(cells.sum_bins, **each, weight=weight, sums=sums)
        b.tape.add(
            cells.add_bins,
            rows=Rows(),
            n=n,
            width=dim,
            sums=sums,
            **BINS,
            **ORDER,
            out=out,
            out_width=width,
            step=dim,
            room=b.entries,
        )
    else:
        for f in range(n):
            of_a = {"a": source.place.skip(first_bin + f * n_bins), "a_row": source.stride, "a_inner": 1}
            of_b = {"b": weight.skip(f * n_bins * dim), "b_inner": dim, "b_column": 1}
            b.multiply(m=Rows(), n=dim, inner=n_bins, **of_a, **of_b, c=out.skip(f * dim), c_row=width, add=True)
    b.copy(source.place.skip(n), source.stride, flags, out.skip(n * dim), width)
    b.copy(source.place.skip(first_bin + n * n_bins), source.stride, rest, out.skip(n * dim + flags), width)

    def back(gradient: Gradient) -> None:
        g, stride = gradient[0].place, gradient[0].stride
        of = {
            "of_slope": b.gradient_of(node, "slope"),
            "of_bias": b.gradient_of(node, "bias"),
            "g": g,
            "g_width": stride,
        }
        b.tape.add(embeddings.map_numbers_backward, **numbers, **of)
        of_weight = b.gradient_of(node, "weight")
        if looked_up:
            into = {"of_weight": of_weight, "of_sums": sums, "g": g, "g_width": stride, "step": dim, "room": b.entries}
            b.tape.add(cells.add_bins_backward, rows=Rows(), n=n, width=dim, **BINS, **ORDER, **into)
            return
        for f in range(n):
            own = {
                "b": g.skip(f * dim),
                "b_inner": stride,
                "b_column": 1,
                "c": of_weight.skip(f * n_bins * dim),
                "c_row": dim,
            }
            a = source.place.skip(first_bin + f * n_bins)
            b.multiply(m=n_bins, n=dim, inner=Rows(), a=a, a_row=1, a_inner=source.stride, **own, add=False)

    b.on_the_way_back(number, back)
    grown = n * dim - n - n * n_bins
    parts = [ColumnBlock(out, width, width, 0), *(part._replace(first=part.first + grown) for part in x.parts[1:])]
    return NodeOutput(number, x.width + grown, parts, cells=x.cells - {"bins"}, shift=x.shift + grown)


@register_layer("categories")
def add_categories(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """The last columns, which are numbers of learned vectors, become those."""
    n, dim = node.n_columns, node.dim
    table = b.shape(node, "weight")[0] * dim
    out = b.room(n * dim)
    codes = {"n": n, "width": dim, "codes": Place(Space.CODES), "step": dim}
    b.tape.add(pointwise.fill, n=Rows(n * dim), x=out, value=0.0)
    b.tape.add(
        cells.add_rows, rows=Rows(), **codes, weight=b.parameter(node, "weight"), **ORDER, out=out, out_width=n * dim
    )

    def back(gradient: Gradient) -> None:
        *others, own = gradient
        of_weight = b.gradient_of(node, "weight")
        b.tape.add(pointwise.fill, n=table, x=of_weight, value=0.0)
        b.tape.add(
            cells.add_rows_backward, rows=Rows(), **codes, of_weight=of_weight, **ORDER, g=own.place, g_width=own.stride
        )
        b.pass_on(x, others)

    b.on_the_way_back(number, back)
    parts = [*x.parts, ColumnBlock(out, n * dim, n * dim, x.width)]
    return NodeOutput(number, x.width + n * dim, parts, cells=x.cells, shift=x.shift)


@register_layer("feature_scale")
def add_feature_scale(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """A learned factor for each column."""
    inside, out, factor = b.matrix(x), b.room(x.width), b.parameter(node, "weight")
    b.tape.add(embeddings.scale_columns, rows=Rows(), width=x.width, x=inside, factor=factor, out=out)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        of_factor = b.gradient_of(node, "weight")
        b.tape.add(
            embeddings.scale_columns_backward,
            rows=Rows(),
            width=x.width,
            g=g,
            x=inside,
            factor=factor,
            of_factor=of_factor,
        )
        b.pass_on(x, b.split(x, g, x.width))

    b.on_the_way_back(number, back)
    return b.plain(number, out, x.width)


# ---- TabM ----------------------------------------------------------------------------------------------------------


@register_layer("ensemble_linear")
def add_ensemble_linear(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """One map for all heads, with factors of each before and behind it."""
    n_heads, shared = node.n_heads, node.first
    sizes = {"rows": Rows(), "heads": n_heads}
    inside, scaled = b.matrix(x), b.room(x.width, n_heads)
    factor = b.parameter(node, "input_factor")
    b.tape.add(heads.scale_inputs, **sizes, width=x.width, x=inside, shared=shared, factor=factor, out=scaled)
    map_ = Product(b, node, b.plain(number, scaled, x.width, n_heads))
    mapped, width = map_.forward(), map_.n_outputs
    z = b.room(width, n_heads)
    outer = b.parameter(node, "output_factor")
    b.tape.add(heads.scale_outputs, **sizes, width=width, x=mapped, factor=outer, bias=b.parameter(node, "bias"), out=z)
    nodes = b.followers(number)
    follow = Pointwise(b, nodes, width, n_heads) if nodes else None
    value = follow.forward(z, None) if follow is not None else b.plain(number, z, width, n_heads)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        if follow is not None:
            follow.backward(g, None)
        of = {"of_factor": b.gradient_of(node, "output_factor"), "of_bias": b.gradient_of(node, "bias")}
        b.tape.add(heads.scale_outputs_backward, **sizes, width=width, g=g, x=mapped, factor=outer, **of)
        map_.backward(g)
        (back_part,) = map_.input_gradient(g)
        wanted = b.wants_gradient(x)
        together = b.room(x.width) if shared and wanted else NOTHING
        of = {"factor": factor, "of_factor": b.gradient_of(node, "input_factor")}
        b.tape.add(
            heads.scale_inputs_backward,
            **sizes,
            width=x.width,
            g=back_part.place,
            x=inside,
            shared=shared,
            **of,
            of_x=together,
        )
        b.pass_on(x, b.split(x, together if isinstance(together, Place) else back_part.place, x.width))

    b.on_the_way_back(value.producer, back)
    return value


@register_layer("ensemble_output")
def add_ensemble_output(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """A map of its own for each head; what they give lies side by side."""
    n_heads, n_outputs, n_inputs = b.shape(node, "weight")
    inside, width = b.matrix(x), n_heads * n_outputs
    out, weight = b.room(width), b.parameter(node, "weight")
    for h in range(n_heads):
        of_a = {"a": inside.skip(h * n_inputs), "a_row": n_heads * n_inputs, "a_inner": 1}
        of_b = {"b": weight.skip(h * n_outputs * n_inputs), "b_inner": 1, "b_column": n_inputs}
        b.multiply(
            m=Rows(), n=n_outputs, inner=n_inputs, **of_a, **of_b, c=out.skip(h * n_outputs), c_row=width, add=False
        )
    b.tape.add(pointwise.add_bias, rows=Rows(), width=width, x=out, bias=b.parameter(node, "bias"))

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        b.tape.add(pointwise.sum_rows, rows=Rows(), width=width, g=g, total=b.gradient_of(node, "bias"))
        of_weight, of_x = b.gradient_of(node, "weight"), b.room(n_inputs, n_heads)
        for h in range(n_heads):
            own, at = (
                g.skip(h * n_outputs),
                {"b": inside.skip(h * n_inputs), "b_inner": n_heads * n_inputs, "b_column": 1},
            )
            c = of_weight.skip(h * n_outputs * n_inputs)
            b.multiply(
                m=n_outputs,
                n=n_inputs,
                inner=Rows(),
                a=own,
                a_row=1,
                a_inner=width,
                **at,
                c=c,
                c_row=n_inputs,
                add=False,
            )
            at = {"b": weight.skip(h * n_outputs * n_inputs), "b_inner": n_inputs, "b_column": 1}
            into = {"c": of_x.skip(h * n_inputs), "c_row": n_heads * n_inputs}
            b.multiply(m=Rows(), n=n_inputs, inner=n_outputs, a=own, a_row=width, a_inner=1, **at, **into, add=False)
        b.pass_on(x, [ColumnBlock(of_x, n_inputs, n_inputs, 0)])

    b.on_the_way_back(number, back)
    return b.plain(number, out, width)
