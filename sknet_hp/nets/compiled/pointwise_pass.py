"""Activation and dropout of a layer in one pass, with the bias before them."""

from sknet_hp.nets.compiled.builder import ProgramBuilder
from sknet_hp.nets.compiled.kernels import pointwise
from sknet_hp.nets.compiled.outputs import NodeOutput, make_matrix_output
from sknet_hp.nets.compiled.tape import NOTHING, Place, RowCount, Space

_ALPHA = {"leaky_relu": "slope", "elu": "alpha"}  # attributes of activations that have a number


class PointwisePass:
    """An activation, a dropout, or one after the other, and the bias before them.

    Parameters
    ----------
    b : the builder.
    nodes : their numbers.
    width, heads : of what goes through.

    Attributes
    ----------
    number : of the last of the nodes, whose output this is.
    """

    def __init__(self, b: ProgramBuilder, nodes: list[int], width: int, heads: int):
        self.b, self.width, self.heads = b, width, heads
        by_kind = {b.graph.nodes[number - 1].kind: number for number in nodes}
        dropout = by_kind.pop("dropout", None)
        self.number = max(nodes)
        self.node = b.graph.nodes[next(iter(by_kind.values())) - 1] if by_kind else None
        self.rate = b.find_rate(dropout) if dropout is not None and b.training else NOTHING
        self.layer = 0 if dropout is None else b.first_rate[dropout]
        self.difference: Place | None = None
        b.absorbed |= set(nodes)

    def add_forward(self, z: Place, bias: Place | None) -> NodeOutput:
        """Append the pass over z, whose place the slope takes."""
        b, node = self.b, self.node
        kind = "identity" if node is None else node.activation if node.kind == "parametric" else node.kind
        if node is not None and kind == "gelu" and node.approximate == "tanh":
            kind = "gelu_tanh"
        self.slope, out = z, b.allocate(self.width, self.heads)
        fields: dict[str, object] = {
            "rows": RowCount(self.heads),
            "width": self.width,
            "z": z,
            "bias": b.zeros if bias is None else bias,
            "out": out,
            "rate": self.rate,
            "key": Place(Space.KEY),
            "layer": self.layer,
            "mask": b.mask,
            "alpha": float(getattr(node, _ALPHA[kind])) if kind in _ALPHA else 0.0,
        }
        if node is not None and node.kind == "parametric":
            self.difference = b.allocate(self.width, self.heads)
            own = {"weight": b.find_parameter(node, "weight"), "difference": self.difference}
            b.tape.add(pointwise.PARAMETRIC_FORWARD[kind], **fields, **own)
        else:
            b.tape.add(pointwise.FORWARD[kind], **fields)
        return make_matrix_output(self.number, out, self.width, self.heads)

    def add_backward(self, g: Place, of_bias: Place | None) -> None:
        """Append what turns the gradient of the output into those of z and the bias."""
        weight: Place | int = NOTHING
        if self.difference is not None and self.node is not None:
            weight = self.b.find_gradient(self.node, "weight")
        self.b.tape.add(
            pointwise.multiply_by_slope,
            rows=RowCount(self.heads),
            width=self.width,
            g=g,
            slope=self.slope,
            bias_gradient=of_bias or NOTHING,
            difference=self.difference or NOTHING,
            weight_gradient=weight,
        )
