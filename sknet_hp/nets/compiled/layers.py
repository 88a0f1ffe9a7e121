"""How each kind of a graph's nodes is run: which kernels there, and which on the way
back.
"""

from typing import Any

from sknet_hp.nets.compiled.kernels import cells, normalisation, pointwise, products
from sknet_hp.nets.compiled.program import (
    ACTIVATIONS,
    BINS,
    ORDER,
    SPARSE,
    ColumnBlock,
    Gradient,
    NodeOutput,
    ProgramBuilder,
    register_layer,
)
from sknet_hp.nets.compiled.tape import NOTHING, Place, Rows, Space
from sknet_hp.nets.graph import Node

# ---- activations and dropout ---------------------------------------------------------------------------------------


class Pointwise:
    """An activation, a dropout, or one after the other, and the bias before them.

    Parameters
    ----------
    b : the builder.
    nodes : their numbers.
    width, heads : of what goes through.
    """

    def __init__(self, b: ProgramBuilder, nodes: list[int], width: int, heads: int):
        self.b, self.width, self.heads = b, width, heads
        by_kind = {b.graph.nodes[number - 1].kind: number for number in nodes}
        dropout = by_kind.pop("dropout", None)
        self.number = max(nodes)
        self.node = b.graph.nodes[next(iter(by_kind.values())) - 1] if by_kind else None
        self.rate = b.rate(dropout) if dropout is not None and b.training else NOTHING
        self.layer = 0 if dropout is None else b.rates[dropout]
        b.done |= set(nodes)

    def forward(self, z: Place, bias: Place | None) -> NodeOutput:
        """What comes of z, whose place the slope takes."""
        b, node = self.b, self.node
        kind = "identity" if node is None else node.activation if node.kind == "parametric" else node.kind
        if node is not None and kind == "gelu" and node.approximate == "tanh":
            kind = "gelu_tanh"
        alpha = {"leaky_relu": "slope", "elu": "alpha"}.get(kind)
        self.slope, out = z, b.room(self.width, self.heads)
        fields: dict[str, Any] = {
            "rows": Rows(self.heads),
            "width": self.width,
            "z": z,
            "bias": b.zeros if bias is None else bias,
            "out": out,
        }
        fields |= {"rate": self.rate, "key": Place(Space.KEY), "layer": self.layer, "mask": b.mask}
        fields["alpha"] = float(getattr(node, alpha)) if alpha else 0.0
        self.bent: Place | None = None
        if node is not None and node.kind == "parametric":
            self.bent = b.room(self.width, self.heads)
            b.tape.add(pointwise.PARAMETRIC_FORWARD[kind], **fields, weight=b.parameter(node, "weight"), bent=self.bent)
        else:
            b.tape.add(pointwise.FORWARD[kind], **fields)
        return b.plain(self.number, out, self.width, self.heads)

    def backward(self, g: Place, of_bias: Place | None) -> None:
        """Make the gradient of what came out that of z."""
        weight = NOTHING if self.bent is None or self.node is None else self.b.gradient_of(self.node, "weight")
        self.b.tape.add(
            pointwise.multiply_by_slope,
            rows=Rows(self.heads),
            width=self.width,
            g=g,
            slope=self.slope,
            bias_gradient=of_bias or NOTHING,
            bent=self.bent or NOTHING,
            weight_gradient=weight,
        )


@register_layer(*ACTIVATIONS, "dropout")
def add_pointwise(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Activations and dropouts that follow something else than a linear map."""
    if node.kind == "dropout" and not b.training:
        return NodeOutput(number, x.width, x.parts, x.heads, x.cells, x.shift)
    nodes = [
        number,
        *(
            after
            for after in b.followers(number)
            if b.graph.nodes[after - 1].kind == "dropout" and node.kind != "dropout"
        ),
    ]
    inside = Pointwise(b, nodes, x.width, x.heads)
    place = b.room(x.width, x.heads)
    b.copy(b.matrix(x), x.width, x.width, place, x.width, rows=Rows(x.heads))
    value = inside.forward(place, None)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        inside.backward(g, None)
        b.pass_on(x, b.split(x, g, x.width))

    b.on_the_way_back(inside.number, back)
    return value


# ---- linear maps ---------------------------------------------------------------------------------------------------


class Product:
    """x W for a weight matrix W, of a value that may have cells, and its two products
    on the way back.

    Parameters
    ----------
    b, node : the builder, and the node with a parameter "weight", (n_outputs,
        n_inputs).
    x : what comes in.
    factor : what the matrix is multiplied by first.
    """

    def __init__(self, b: ProgramBuilder, node: Node, x: NodeOutput, factor: float = 1.0):
        self.b, self.node, self.x, self.factor = b, node, x, factor
        self.n_outputs, self.n_inputs = b.shape(node, "weight")
        # Few columns of weights are more use as rows, and cells look rows of inputs up.
        name = next(name for role, name, _ in node.parameters if role == "weight")
        self.is_turned = self.n_outputs > products.FEW or not x.is_plain or name in b.turned
        self.half = b.half and self.is_turned and node is not b.graph.nodes[-1]
        if self.is_turned:
            b.turned.add(name)
        self.weight = b.parameter(node, "weight")

    def forward(self) -> Place:
        """(rows · heads, n_outputs)."""
        b, x = self.b, self.x
        if self.factor != 1:
            scaled = b.memory.take(self.n_outputs * self.n_inputs)
            b.tape.add(pointwise.scale, n=self.n_outputs * self.n_inputs, x=self.weight, factor=self.factor, out=scaled)
            self.weight = scaled
        z = b.room(self.n_outputs, x.heads)
        if not self.is_turned:
            part = x.parts[0]
            fields = {"a": part.place, "a_row": part.stride, "b": self.weight, "c": z}
            b.tape.add(products.multiply_few_columns, m=Rows(x.heads), n=self.n_outputs, inner=self.n_inputs, **fields)
            return z
        for number, part in enumerate(x.parts):
            weight = self.weight.skip(part.first * self.n_outputs)
            self._multiply(
                part.place,
                (part.stride, 1),
                part.width,
                weight,
                (self.n_outputs, 1),
                self.n_outputs,
                z,
                self.n_outputs,
                add=number > 0,
            )
        if not x.parts:
            b.tape.add(pointwise.fill, n=Rows(self.n_outputs), x=z, value=0.0)
        self._look_up(z)
        return z

    def _multiply(
        self,
        a: Place,
        of_a: tuple[int, int],
        inner: Any,
        w: Place,
        of_w: tuple[int, int],
        n: int,
        c: Place,
        c_row: int,
        add: bool,
    ) -> None:
        """c = a w, a with one row for each of a batch; `of_a` and `of_w` say how far
        apart rows and columns lie.
        """
        places = {
            "a": a,
            "a_row": of_a[0],
            "a_inner": of_a[1],
            "b": w,
            "b_inner": of_w[0],
            "b_column": of_w[1],
            "c": c,
            "c_row": c_row,
        }
        self.b.multiply(self.half, m=Rows(self.x.heads), n=n, inner=inner, **places, add=add)

    def _look_up(self, z: Place) -> None:
        b, form, width = self.b, self.b.form, self.n_outputs
        if "bins" in self.x.cells:
            weight = self.weight.skip((form.n_floats + self.x.shift) * width)
            self.sums = b.memory.take((form.n_bins + form.n_binned) * width)
            b.tape.add(
                cells.sum_bins, n=form.n_binned, starts=Place(Space.STARTS), width=width, weight=weight, sums=self.sums
            )
            into = {"out": z, "out_width": width, "step": 0, "room": b.entries}
            b.tape.add(
                cells.add_bins, rows=Rows(), n=form.n_binned, width=width, sums=self.sums, **BINS, **ORDER, **into
            )
        shifted = self.weight.skip(self.x.shift * width)
        if "hot" in self.x.cells:
            codes = {"n": form.n_hot, "codes": Place(Space.HOT)}
            b.tape.add(
                cells.add_rows,
                rows=Rows(),
                width=width,
                weight=shifted,
                **codes,
                **ORDER,
                out=z,
                out_width=width,
                step=0,
            )
        if "sparse" in self.x.cells:
            b.tape.add(cells.add_sparse, rows=Rows(), width=width, weight=shifted, **SPARSE, **ORDER, out=z)

    def backward(self, g: Place) -> None:
        """The gradient of the matrix from that of what came out."""
        b, x, n = self.b, self.x, self.n_outputs
        gradient = b.gradient_of(self.node, "weight")
        rows = Rows(x.heads)
        if self.is_turned:
            for part in x.parts:
                places = {"a": part.place, "a_row": 1, "a_inner": part.stride, "b": g, "b_inner": n, "b_column": 1}
                into = {"c": gradient.skip(part.first * n), "c_row": n, "add": False}
                b.multiply(self.half, m=part.width, n=n, inner=rows, **places, **into)
            self._look_up_backward(g, gradient)
        else:
            places = {
                "a": g,
                "a_row": 1,
                "a_inner": n,
                "b": x.parts[0].place,
                "b_inner": x.parts[0].stride,
                "b_column": 1,
            }
            b.multiply(m=n, n=self.n_inputs, inner=rows, **places, c=gradient, c_row=self.n_inputs, add=False)
        if self.factor != 1:
            b.tape.add(pointwise.scale, n=n * self.n_inputs, x=gradient, factor=self.factor, out=gradient)

    def input_gradient(self, g: Place) -> Gradient:
        """The gradient of x from that of what came out."""
        b, x, n = self.b, self.x, self.n_outputs
        backs = []
        for part in x.parts:
            place = b.room(part.width, x.heads)
            weight = self.weight.skip(part.first * (n if self.is_turned else 1))
            self._multiply(
                g,
                (n, 1),
                n,
                weight,
                (1, n) if self.is_turned else (self.n_inputs, 1),
                part.width,
                place,
                part.width,
                add=False,
            )
            backs.append(ColumnBlock(place, part.width, part.width, part.first))
        return backs

    def _look_up_backward(self, g: Place, gradient: Place) -> None:
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
            of_sums = b.memory.take(
                (form.n_bins + form.n_binned) * width
            )  # not the sums, which the caches of other cores hold
            of = {"of_weight": weight, "of_sums": of_sums, "g": g, "g_width": width, "step": 0, "room": b.entries}
            b.tape.add(cells.add_bins_backward, rows=Rows(), n=form.n_binned, width=width, **BINS, **ORDER, **of)
        shifted = gradient.skip(x.shift * width)
        if "hot" in x.cells:
            of = {"n": form.n_hot, "codes": Place(Space.HOT), "of_weight": shifted, "g": g, "g_width": width, "step": 0}
            b.tape.add(cells.add_rows_backward, rows=Rows(), width=width, **ORDER, **of)
        if "sparse" in x.cells:
            b.tape.add(cells.add_sparse_backward, rows=Rows(), width=width, of_weight=shifted, **SPARSE, **ORDER, g=g)


@register_layer("linear", "ntk_linear")
def add_linear(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """x W' + b, with what follows it in one pass."""
    map_ = Product(b, node, x, b.shape(node, "weight")[1] ** -0.5 if node.kind == "ntk_linear" else 1.0)
    z, width = map_.forward(), map_.n_outputs
    bias, of_bias = (b.parameter(node, "bias"), b.gradient_of(node, "bias")) if b.has(node, "bias") else (None, None)
    nodes = b.followers(number)
    if nodes:
        inside = Pointwise(b, nodes, width, x.heads)
        value = inside.forward(z, bias)
    else:
        value = b.plain(number, z, width, x.heads)
        if bias is not None:
            b.tape.add(pointwise.add_bias, rows=Rows(x.heads), width=width, x=z, bias=bias)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        if nodes:
            inside.backward(g, of_bias)
        elif of_bias is not None:
            b.tape.add(pointwise.sum_rows, rows=Rows(x.heads), width=width, g=g, total=of_bias)
        map_.backward(g)
        if b.wants_gradient(x):
            b.pass_on(x, map_.input_gradient(g))

    b.on_the_way_back(value.producer, back)
    return value


@register_layer("identity")
def pass_through(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Nothing."""
    return x


@register_layer("add")
def add_sum(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """The sum of two outputs."""
    y = b.values[node.inputs[1]]
    place = b.room(x.width, x.heads)
    b.tape.add(pointwise.add, n=Rows(x.width * x.heads), a=b.matrix(x), b=b.matrix(y), out=place)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        b.pass_on(x, b.split(x, g, x.width), own=False)
        b.pass_on(y, b.split(y, g, y.width))

    b.on_the_way_back(number, back)
    return b.plain(number, place, x.width, x.heads)


# ---- normalisation and softmax -------------------------------------------------------------------------------------


@register_layer("batch_norm")
def add_batch_norm(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Over a batch; in prediction by running statistics."""
    width, out = x.width, b.room(x.width)
    scale, shift = b.parameter(node, "weight"), b.parameter(node, "bias")
    running = {
        "running_mean": b.buffer(node, "running_mean"),
        "running_var": b.buffer(node, "running_var"),
        "eps": b.rate(number, 0),
    }
    if not b.training:
        b.tape.add(
            normalisation.normalise_by_running,
            rows=Rows(),
            width=width,
            x=b.matrix(x),
            scale=scale,
            shift=shift,
            **running,
            out=out,
        )
        return b.plain(number, out, width)
    inside, inverse, spare, weight = (
        b.overwritable(x),
        b.memory.take(width),
        b.memory.take(2 * width),
        Place(Space.WEIGHT),
    )
    fields = {
        "scale": scale,
        "shift": shift,
        "out": out,
        "inverse": inverse,
        "weight": weight,
        "momentum": b.rate(number, 1),
        "spare": spare,
    }
    b.tape.add(normalisation.normalise_batch, rows=Rows(), width=width, x=inside, **running, **fields)

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        of = {"of_scale": b.gradient_of(node, "weight"), "of_shift": b.gradient_of(node, "bias")}
        b.tape.add(
            normalisation.normalise_batch_backward,
            rows=Rows(),
            width=width,
            g=g,
            x=inside,
            scale=scale,
            inverse=inverse,
            weight=weight,
            **of,
        )
        b.pass_on(x, b.split(x, g, width))

    b.on_the_way_back(number, back)
    return b.plain(number, out, width)


@register_layer("layer_norm")
def add_layer_norm(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Over a row."""
    width, out, inside = x.width, b.room(x.width, x.heads), b.overwritable(x)
    scale, inverse, rows = b.parameter(node, "weight"), b.room(2, x.heads), Rows(x.heads)
    shift = b.parameter(node, "bias")
    b.tape.add(
        normalisation.normalise_rows,
        rows=rows,
        width=width,
        x=inside,
        scale=scale,
        shift=shift,
        out=out,
        inverse=inverse,
        eps=b.rate(number),
    )

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        of = {"of_scale": b.gradient_of(node, "weight"), "of_shift": b.gradient_of(node, "bias")}
        b.tape.add(normalisation.sum_norm_gradients, rows=rows, width=width, g=g, x=inside, **of)
        b.tape.add(
            normalisation.normalise_rows_backward,
            rows=rows,
            width=width,
            g=g,
            x=inside,
            scale=scale,
            inverse=inverse,
            ones=b.ones,
        )
        b.pass_on(x, b.split(x, g, width))

    b.on_the_way_back(number, back)
    return b.plain(number, out, width, x.heads)


@register_layer("softmax", "log_softmax")
def add_softmax(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Of each row."""
    logarithm = node.kind == "log_softmax"
    out, rows = b.room(x.width, x.heads), Rows(x.heads)
    b.tape.add(
        normalisation.apply_log_softmax if logarithm else normalisation.apply_softmax,
        rows=rows,
        width=x.width,
        x=b.matrix(x),
        out=out,
    )

    def back(gradient: Gradient) -> None:
        g = gradient[0].place
        kernel = normalisation.apply_log_softmax_backward if logarithm else normalisation.apply_softmax_backward
        b.tape.add(kernel, rows=rows, width=x.width, g=g, out=out)
        b.pass_on(x, b.split(x, g, x.width))

    b.on_the_way_back(number, back)
    return b.plain(number, out, x.width, x.heads)
