"""How wide the outputs of a graph's nodes are. Torch repeats what is too narrow for a
sum or a bias; kernels read as much as they are told to.
"""

from sknet_hp.nets.graph import Node

_KEPT = {
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "softmax",
    "log_softmax",
    "dropout",
    "add",
}
_TAKEN = {
    "linear": 1,
    "ntk_linear": 1,
    "batch_norm": 0,
    "layer_norm": 0,
}  # which side of the weight is as long as what comes in is wide


def stretches(nodes: list[Node]) -> bool:
    """Whether a sum is of outputs of different widths, as far as layers say how wide
    they are.
    """
    weights = [next((shape for role, _, shape in node.parameters if role == "weight"), ()) for node in nodes]
    of_input = {0}  # numbers of what is as wide as the network's input
    known: dict[int, int | None] = {0: None}
    for number, (node, weight) in enumerate(zip(nodes, weights, strict=True), 1):
        if node.kind in _KEPT and of_input.issuperset(node.inputs):
            of_input.add(number)
        elif node.kind in _TAKEN and node.inputs[0] in of_input:
            known[0] = weight[_TAKEN[node.kind]]
    for number, (node, weight) in enumerate(zip(nodes, weights, strict=True), 1):
        given = [known[i] for i in node.inputs]
        if node.kind == "add" and None not in given and given[0] != given[1]:
            return True
        known[number] = weight[0] if node.kind in _TAKEN else given[0] if node.kind in _KEPT else None
    return False


def is_misshapen(node: Node) -> bool:
    """Whether a parameter has another shape than its layer would have made it."""
    if node.kind not in _TAKEN:
        return False
    shapes = {role: shape for role, _, shape in (*node.parameters, *node.buffers)}
    weight = shapes.pop("weight", ())
    return len(weight) != _TAKEN[node.kind] + 1 or any(shape != weight[:1] for shape in shapes.values())
