"""An ONNX graph that is being built, node by node."""

from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.system.extras import require_extra

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

OPSETS = {"": 20, "ai.onnx.ml": 3}
"""Versions of the sets of operators; 20 is the first that matches regular expressions.

onnxruntime knows them from 1.17 on.
"""

_IR_VERSION = 9  # the format's own version, which belongs to operators of version 20

Operand = str | np.ndarray | np.generic | float
"""The name of a tensor, or a constant."""


class GraphBuilder:
    """Collects nodes and constants.

    Parameters
    ----------
    taken : names that no tensor of the graph may have, such as those of its inputs.

    Attributes
    ----------
    nodes, constants : what has been added, in an order in which it can be computed.
    versions : of the sets of operators that are used.
    """

    def __init__(self, taken: Sequence[str] = ()):
        with require_extra("onnx", "export", "onnx"):
            import onnx  # noqa: F401

        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.versions = dict(OPSETS)
        self._taken = set(taken)
        self._held: dict[tuple[Any, ...], str] = {}

    def make_name(self, hint: str) -> str:
        """Return a name that nothing else has."""
        number = len(self._taken)
        while (name := f"{hint}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name

    def add(self, operator: str, *operands: Operand, domain: str = "", **attributes: Any) -> str:
        """Add a node of one output, and return the output's name."""
        from onnx import helper

        inputs = [operand if isinstance(operand, str) else self.hold(operand) for operand in operands]
        output = self.make_name(operator)
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def hold(self, constant: np.ndarray | np.generic | float) -> str:
        """Return the name of a constant; strings come as an array of objects."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(constant) if np.ndim(constant) else np.asarray(constant)
        content = tuple(array.ravel()) if array.dtype == object else array.tobytes()
        key = (array.dtype.str, array.shape, content)
        if key not in self._held:
            self._held[key] = self.make_name("constant")
            self.constants.append(numpy_helper.from_array(array, self._held[key]))
        return self._held[key]

    def cast(self, x: str, dtype: type) -> str:
        """Convert a tensor to another type of NumPy's."""
        from onnx import helper

        return self.add("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def concatenate(self, parts: Sequence[str], axis: int = 1) -> str:
        """Put tensors side by side."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def select_columns(self, x: str, begin: int, end: int) -> str:
        """Return columns from `begin` to before `end`, along the last axis."""
        bounds = (np.array([bound], np.int64) for bound in (begin, end, -1))
        return self.add("Slice", x, *bounds)

    def rename(self, x: str, name: str) -> None:
        """Give a tensor a name from outside, such as that of an output."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [x], [name], name=self.make_name("Identity")))

    def include(self, model: "ModelProto", inputs: dict[str, str]) -> list[str]:
        """Add a whole model, and return the names of its outputs.

        Parameters
        ----------
        model : ModelProto
        inputs : for each input of the model, the tensor that it is given.
        """
        from onnx import compose, helper

        prefix = self.make_name("step") + "/"
        graph = compose.add_prefix(model, prefix).graph
        for opset in model.opset_import:
            self.versions[opset.domain] = max(opset.version, self.versions.get(opset.domain, 1))
        for name, given in inputs.items():
            node = helper.make_node("Identity", [given], [prefix + name], name=self.make_name("Identity"))
            self.nodes.append(node)
        self.nodes += graph.node
        self.constants += graph.initializer
        return [output.name for output in graph.output]

    def make_model(self, inputs: list[Any], outputs: list[Any], properties: dict[str, str]) -> "ModelProto":
        """Return the model of all that was added, between inputs and outputs."""
        from onnx import helper

        graph = helper.make_graph(self.nodes, "sknet_hp", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.versions.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        model.producer_name = "sknet_hp"
        with suppress(PackageNotFoundError):  # in a source tree that is not installed
            model.producer_version = version("sknet_hp")
        helper.set_model_props(model, properties)
        return model


def describe_tensor(name: str, dtype: type, shape: Sequence[int | None]) -> Any:
    """Return what a model says of an input or output; None stands for any size."""
    from onnx import TensorProto, helper

    kind = TensorProto.STRING if dtype is object else helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, ["rows" if size is None else size for size in shape])
