"""A graph bound to the stacked tensors of a cohort: its forward, its backward, and its prediction."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from sknet_hp.nets.ensemble_layers import ENSEMBLE_LAYERS
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph, Shape
from sknet_hp.nets.layers import LAYERS, Dropout, Layer
from sknet_hp.nets.table_layers import TABLE_LAYERS

STACKED: dict[str, type[Layer]] = LAYERS | TABLE_LAYERS | ENSEMBLE_LAYERS
"""Every kind of a graph's node and the layer that runs it in a stack."""

PRECISIONS = ("float32", "bf16")
"""Of the products of hidden layers."""

COUNTER = "num_batches_tracked"
"""How batch normalisations name the number of batches they have seen, their only buffer that is not trained."""


Slope = Callable[[Tensor, slice], Tensor]
"""slope(outputs, rows): the gradient by the outputs (members, rows, n_outputs) of these rows of a batch."""


class Runnable(Protocol):
    """What the training loop needs of a network, stacked or alone. `n_keys` is how many random keys a step takes.

    `evaluate` is told how many rows are no filling, where all members have as many.
    """

    n_keys: int

    def step(self, x: Tensor, weight: Tensor, keys: Tensor, slope: Slope) -> None: ...

    def evaluate(self, x: Tensor, n_rows: int | None = None) -> Tensor: ...

    def scale_dropout(self, factors: np.ndarray | None) -> None: ...


_ALL = slice(None)


class Program:
    """A stack of networks with one graph.

    Parameters
    ----------
    graph : the structure all members share.
    parameters, gradients, buffers : by name, each (members, *shape); `backward` overwrites the gradients, training updates the buffers.
    rates : (members, n) the numbers in which members may differ, in the order of the graph's nodes.
    """

    def __init__(
        self,
        graph: Graph,
        parameters: dict[str, Tensor],
        gradients: dict[str, Tensor],
        buffers: dict[str, Tensor],
        rates: Tensor,
    ):
        self.graph, self.gradients = graph, gradients
        consumers = [0] * (len(graph.nodes) + 1)
        for node in graph.nodes:
            for i in node.inputs:
                consumers[i] += 1
        self.fans_out = [count > 1 for count in consumers]
        self.layers: list[Layer | None] = [None]
        rate = 0
        for node in graph.nodes:
            if node.kind == "add":
                self.layers.append(None)
                continue
            layer = STACKED[node.kind](
                node,
                {role: parameters[name] for role, name, _ in node.parameters},
                {role: gradients[name] for role, name, _ in node.parameters},
                {role: buffers[name] for role, name, _ in node.buffers},
                rates[:, rate : rate + node.n_rates],
            )
            rate += node.n_rates
            source = node.inputs[0]
            layer.input_gradient = source != 0
            layer.overwrite = layer.in_place and source != 0 and not self.fans_out[source] and self._expendable(source, node.kind)
            self.layers.append(layer)
        self.dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        self.n_keys = len(self.dropouts)

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        """Multiply all dropout rates by (1, members) factors, until the next call; None for ones."""
        for layer in self.dropouts:
            layer.set_rates(None if factors is None else torch.from_numpy(factors[0]).to(layer.rates))

    def _expendable(self, source: int, kind: str) -> bool:
        producer = self.layers[source]
        if producer is None:  # a sum
            return True
        if isinstance(producer, Dropout) and producer.overwrite:  # its output is its source's, which may still be read
            return self._expendable(self.graph.nodes[source - 1].inputs[0], kind)
        # Dropout leaves the signs of what it keeps, and ReLU's backward looks at signs only.
        return not producer.reads_output or (kind == "dropout" and producer.node.kind == "relu")

    def _run(self, x: Tensor, weight: Tensor | None) -> Tensor:
        outputs = [x]
        for node, layer in zip(self.graph.nodes, self.layers[1:], strict=True):
            if layer is None:
                outputs.append(outputs[node.inputs[0]] + outputs[node.inputs[1]])
            elif weight is None:
                outputs.append(layer.evaluate(outputs[node.inputs[0]]))
            else:
                outputs.append(layer.forward(outputs[node.inputs[0]], weight))
        return outputs[-1]

    def step(self, x: Tensor, weight: Tensor, keys: Tensor, slope: Slope) -> None:
        """Fill the gradients from a batch: x (members, rows, n_inputs), weight (members, rows) of sum one, keys (members, n_keys) of this step."""
        self.backward(slope(self.forward(x, weight, keys), _ALL))

    def forward(self, x: Tensor, weight: Tensor, keys: Tensor) -> Tensor:
        """Outputs (members, rows, n_outputs) in training."""
        for i, layer in enumerate(self.dropouts):
            layer.keys = keys[:, i]
        return self._run(x, weight)

    def evaluate(self, x: Tensor, n_rows: int | None = None) -> Tensor:
        """Outputs (members, rows, n_outputs) in prediction."""
        return self._run(x, None)

    def backward(self, g: Tensor) -> None:
        """Fill the gradients from that of the outputs."""
        pending: list[Tensor | None] = [None] * (len(self.graph.nodes) + 1)
        pending[-1] = g
        for number in range(len(self.graph.nodes), 0, -1):
            node, layer, g_out = self.graph.nodes[number - 1], self.layers[number], pending[number]
            if g_out is None:
                continue
            if layer is None:
                self._pass(pending, node.inputs[0], g_out.clone())
                self._pass(pending, node.inputs[1], g_out)
            else:
                g_in = layer.backward(g_out)
                if g_in is not None:
                    self._pass(pending, node.inputs[0], g_in)

    def _pass(self, pending: list[Tensor | None], to: int, g: Tensor) -> None:
        before = pending[to]
        pending[to] = (g.clone() if self.fans_out[to] else g) if before is None else before.add_(g)


class Alone:
    """One network that cannot be vouched for, run as it is: its own forward, torch's autograd.

    Rows that only fill a batch are cut off, so the module sees what it would see in a plain loop.
    """

    n_keys = 1

    def __init__(self, module: nn.Module, parameters: dict[str, Tensor], gradients: dict[str, Tensor], buffers: dict[str, Tensor]):
        self.module = module.to(next(iter(parameters.values())).device)  # with what is not trained, too
        self.buffers = {name: stack[0] for name, stack in buffers.items()}
        for name, b in module.named_buffers():
            if name in self.buffers:
                b.data = self.buffers[name]
        self.gradients = gradients
        self.parameters = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        for name, p in self.parameters:
            p.data = parameters[name][0]

    def step(self, x: Tensor, weight: Tensor, keys: Tensor, slope: Slope) -> None:
        """As `Program.step`."""
        self.backward(slope(self.forward(x, weight, keys), _ALL))

    def forward(self, x: Tensor, weight: Tensor, keys: Tensor) -> Tensor:
        # Rows that fill a batch come last; a row of weight zero before them is one of the batch.
        rows = int(torch.nonzero(weight[0])[-1]) + 1 if bool(weight.any()) else x.shape[1]
        self.module.train()
        with torch.enable_grad(), OwnGenerator(int(keys[0, 0]) & 0x7FFFFFFFFFFFFFFF):
            self.out = self.module(x[0, :rows])
        self._keep_buffers()
        filled = x.new_zeros(x.shape[1], self.out.shape[-1])
        filled[:rows] = self.out.detach()
        self.rows = rows
        return filled.unsqueeze(0)

    def _keep_buffers(self) -> None:
        """Take over what the module has put in a buffer's place."""
        for name, b in self.module.named_buffers():
            own = self.buffers.get(name)
            if own is None or b.data_ptr() == own.data_ptr():
                continue
            if b.shape != own.shape:
                raise ValueError(
                    f"{type(self.module).__name__} changes its buffer {name!r} from shape {tuple(own.shape)} to {tuple(b.shape)} in training, but "
                    "only buffers of one shape are kept; what predictions do not need can be an attribute that is no buffer"
                )
            holder, _, last = name.rpartition(".")
            self.module.get_submodule(holder)._buffers[last] = own.copy_(b.detach())

    def backward(self, g: Tensor) -> None:
        gradients = torch.autograd.grad(self.out, [p for _, p in self.parameters], g[0, : self.rows], allow_unused=True)
        for (name, _), gradient in zip(self.parameters, gradients, strict=True):
            if gradient is None:
                self.gradients[name].zero_()
            else:
                self.gradients[name][0].copy_(gradient)

    def evaluate(self, x: Tensor, n_rows: int | None = None) -> Tensor:
        self.module.eval()
        outputs = self.module(x[0, :n_rows])
        filled = outputs.new_zeros(x.shape[1], *outputs.shape[1:])
        filled[: len(outputs)] = outputs
        return filled.unsqueeze(0)

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        """The module keeps its own rates."""


def trained_shapes(module: nn.Module) -> tuple[list[tuple[str, Shape]], list[tuple[str, Shape]]]:
    """(the parameters that are trained, the buffers that hold numbers) of a module, by name and shape."""
    parameters = [(name, tuple(p.shape)) for name, p in module.named_parameters() if p.requires_grad]
    return parameters, [(name, tuple(b.shape)) for name, b in module.named_buffers() if b.is_floating_point()]
