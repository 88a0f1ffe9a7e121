"""How wide the outputs of a graph's nodes are.

Torch repeats what is too narrow for a sum or a bias; kernels read as much as they are
told to.
"""

from sknet_hp.nets.graph import Node
from sknet_hp.nets.layers.kinds import KINDS


def has_unequal_sum(nodes: list[Node]) -> bool:
    """Return whether a sum is of outputs whose widths are known to differ."""
    kinds = [KINDS[node.kind] for node in nodes]
    weights = [next((shape for role, _, shape in node.parameters if role == "weight"), ()) for node in nodes]
    of_input = {0}  # numbers of what is as wide as the network's input
    known: dict[int, int | None] = {0: None}
    for number, (node, kind, weight) in enumerate(zip(nodes, kinds, weights, strict=True), 1):
        if kind.keeps_width and of_input.issuperset(node.inputs):
            of_input.add(number)
        elif kind.output_axis is not None and kind.input_axis is not None and node.inputs[0] in of_input:
            known[0] = weight[kind.input_axis]
    for number, (node, kind, weight) in enumerate(zip(nodes, kinds, weights, strict=True), 1):
        given = [known[i] for i in node.inputs]
        if kind.n_inputs > 1 and None not in given and given[0] != given[1]:
            return True
        if kind.output_axis is not None:
            known[number] = weight[kind.output_axis]
        else:
            known[number] = given[0] if kind.keeps_width else None
    return False


def is_misshapen(node: Node) -> bool:
    """Return whether a parameter has a shape that its layer would not have made."""
    kind = KINDS[node.kind]
    if kind.output_axis is None or kind.input_axis is None:
        return False
    shapes = {role: shape for role, _, shape in (*node.parameters, *node.buffers)}
    weight = shapes.pop("weight", ())
    length = weight[kind.output_axis : kind.output_axis + 1]
    return len(weight) != kind.input_axis + 1 or any(shape != length for shape in shapes.values())
