"""Which kernels run each kind of a graph's nodes, there and on the way back.

Each function takes the builder, the number of the node, the node, and its first input;
it gives the node's output.
"""

from sknet_hp.nets.compiled.builder import ACTIVATION_KINDS, ProgramBuilder, register_layer
from sknet_hp.nets.compiled.kernels import normalisation, pointwise
from sknet_hp.nets.compiled.linear_map import LinearMap
from sknet_hp.nets.compiled.outputs import Gradient, NodeOutput, make_matrix_output
from sknet_hp.nets.compiled.pointwise_pass import PointwisePass
from sknet_hp.nets.compiled.tape import Place, RowCount, Space
from sknet_hp.nets.graph import Node

# ---- activations, dropout, sums ------------------------------------------------------------------------------------


@register_layer(*ACTIVATION_KINDS, "dropout")
def add_pointwise(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add an activation or a dropout that follows something else than a linear map."""
    if node.kind == "dropout" and not b.training:
        return NodeOutput(number, x.width, x.blocks, x.heads, x.cells, x.shift)
    nodes = [number]
    if node.kind != "dropout":
        nodes += [after for after in b.find_followers(number) if b.graph.nodes[after - 1].kind == "dropout"]
    inside = PointwisePass(b, nodes, x.width, x.heads)
    place = b.allocate(x.width, x.heads)
    b.copy_columns(b.make_matrix(x), x.width, x.width, place, x.width, rows=RowCount(x.heads))
    output = inside.add_forward(place, None)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        inside.add_backward(g, None)
        b.pass_gradient(x, x.split_gradient(g))

    b.register_backward(inside.number, add_backward)
    return output


@register_layer("add")
def add_sum(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add the sum of two outputs."""
    y = b.outputs[node.inputs[1]]
    place = b.allocate(x.width, x.heads)
    b.tape.add(pointwise.add, n=RowCount(x.width * x.heads), a=b.make_matrix(x), b=b.make_matrix(y), out=place)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        b.pass_gradient(x, x.split_gradient(g), own=False)
        b.pass_gradient(y, y.split_gradient(g))

    b.register_backward(number, add_backward)
    return make_matrix_output(number, place, x.width, x.heads)


# ---- linear maps ---------------------------------------------------------------------------------------------------


@register_layer("linear", "ntk_linear")
def add_linear(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add x W' + b, with the activation and dropout that follow it in one pass."""
    map_ = LinearMap(b, node, x, node.get_shape("weight")[1] ** -0.5 if node.kind == "ntk_linear" else 1.0)
    z, width, rows = map_.add_forward(), map_.n_outputs, RowCount(x.heads)
    bias = b.find_parameter(node, "bias") if node.has_parameter("bias") else None
    of_bias = None if bias is None else b.find_gradient(node, "bias")
    nodes = b.find_followers(number)
    inside = PointwisePass(b, nodes, width, x.heads) if nodes else None
    if inside is not None:
        output = inside.add_forward(z, bias)
    else:
        output = make_matrix_output(number, z, width, x.heads)
        if bias is not None:
            b.tape.add(pointwise.add_bias, rows=rows, width=width, x=z, bias=bias)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        if inside is not None:
            inside.add_backward(g, of_bias)
        elif of_bias is not None:
            b.tape.add(pointwise.sum_rows, rows=rows, width=width, g=g, total=of_bias)
        map_.add_weight_gradient(g)
        if b.needs_gradient(x):
            b.pass_gradient(x, map_.add_input_gradient(g))

    b.register_backward(output.producer, add_backward)
    return output


# ---- normalisation and softmax -------------------------------------------------------------------------------------


@register_layer("batch_norm")
def add_batch_norm(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add a normalisation over the batch; in prediction, by running statistics."""
    width, out = x.width, b.allocate(x.width)
    own = {
        "rows": RowCount(),
        "width": width,
        "scale": b.find_parameter(node, "weight"),
        "shift": b.find_parameter(node, "bias"),
        "running_mean": b.find_buffer(node, "running_mean"),
        "running_var": b.find_buffer(node, "running_var"),
        "eps": b.find_rate(number, 0),
        "out": out,
    }
    if not b.training:
        b.tape.add(normalisation.normalise_by_running, x=b.make_matrix(x), **own)
        return make_matrix_output(number, out, width)
    inside = b.make_overwritable(x)
    inverse, spare = b.memory.take(width), b.memory.take(2 * width)
    kept = {"x": inside, "inverse": inverse, "weight": Place(Space.WEIGHT)}
    b.tape.add(normalisation.normalise_batch, **own, **kept, momentum=b.find_rate(number, 1), spare=spare)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        of = {"of_scale": b.find_gradient(node, "weight"), "of_shift": b.find_gradient(node, "bias")}
        sizes = {"rows": RowCount(), "width": width, "scale": own["scale"]}
        b.tape.add(normalisation.normalise_batch_backward, g=g, **sizes, **kept, **of)
        b.pass_gradient(x, x.split_gradient(g))

    b.register_backward(number, add_backward)
    return make_matrix_output(number, out, width)


@register_layer("layer_norm")
def add_layer_norm(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add a normalisation over each row."""
    out, inside = b.allocate(x.width, x.heads), b.make_overwritable(x)
    scale, inverse = b.find_parameter(node, "weight"), b.allocate(2, x.heads)
    sizes = {"rows": RowCount(x.heads), "width": x.width}
    kept = {"x": inside, "scale": scale, "inverse": inverse}
    shift, eps = b.find_parameter(node, "bias"), b.find_rate(number)
    b.tape.add(normalisation.normalise_rows, **sizes, **kept, shift=shift, out=out, eps=eps)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        of = {"of_scale": b.find_gradient(node, "weight"), "of_shift": b.find_gradient(node, "bias")}
        b.tape.add(normalisation.sum_norm_gradients, **sizes, g=g, x=inside, **of)
        b.tape.add(normalisation.normalise_rows_backward, **sizes, g=g, **kept, ones=b.ones)
        b.pass_gradient(x, x.split_gradient(g))

    b.register_backward(number, add_backward)
    return make_matrix_output(number, out, x.width, x.heads)


@register_layer("softmax", "log_softmax")
def add_softmax(b: ProgramBuilder, number: int, node: Node, x: NodeOutput) -> NodeOutput:
    """Add the softmax of each row, or its logarithm."""
    forward, backward = normalisation.apply_softmax, normalisation.apply_softmax_backward
    if node.kind == "log_softmax":
        forward, backward = normalisation.apply_log_softmax, normalisation.apply_log_softmax_backward
    out, rows = b.allocate(x.width, x.heads), RowCount(x.heads)
    b.tape.add(forward, rows=rows, width=x.width, x=b.make_matrix(x), out=out)

    def add_backward(gradient: Gradient) -> None:
        g = gradient[0].place
        b.tape.add(backward, rows=rows, width=x.width, g=g, out=out)
        b.pass_gradient(x, x.split_gradient(g))

    b.register_backward(number, add_backward)
    return make_matrix_output(number, out, x.width, x.heads)
