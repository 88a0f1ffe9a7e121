"""Networks that torch runs: a stack of one graph, or one module as it is.

They give outputs in training, for autograd to go back from, and in prediction.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph, Shape
from sknet_hp.nets.stacked.layers import StackedLayer

PRECISIONS = ("float32", "bf16")
"""Of the products of hidden layers."""

BATCH_COUNTER = "num_batches_tracked"
"""How batch normalisations name the number of batches they have seen, their only buffer
that is not trained.
"""


class Runnable(Protocol):
    """What the training loop needs of a network, stacked or alone.

    Attributes
    ----------
    n_keys : how many random keys a step takes.
    parameters : what is trained, in the order of the graph or of the module.
    """

    n_keys: int
    parameters: list[Tensor]

    def forward(self, x: Tensor, weight: Tensor, keys: Tensor) -> Tensor:
        """Compute outputs (members, rows, n_outputs) in training.

        Of a batch x (members, rows, n_inputs), weights (members, rows) of sum one, and
        this step's keys (members, n_keys).
        """
        ...

    def evaluate(self, x: Tensor) -> Tensor:
        """Compute outputs (members, rows, n_outputs) in prediction."""
        ...

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        """Multiply all dropout rates by (1, members) factors until the next call.

        None stands for ones.
        """
        ...


class StackedNetworks:
    """A stack of networks with one graph.

    Parameters
    ----------
    graph : the structure all members share.
    tensors : parameters and buffers by name, each (members, *shape); training updates
        the buffers.
    rates : (members, n) the numbers in which members may differ, in the order of the
        graph's nodes.
    """

    def __init__(self, graph: Graph, tensors: dict[str, Tensor], rates: Tensor):
        self.nodes = graph.nodes
        # Leaves do not notice what happens to buffers.
        leaves = {name: tensors[name].data.requires_grad_() for name, _ in graph.parameters}
        self.parameters = list(leaves.values())
        own = rates.split([node.n_rates for node in graph.nodes], 1)
        self.layers: list[StackedLayer] = []
        for node, own_rates in zip(graph.nodes, own, strict=True):
            own_tensors = {role: (tensors | leaves)[name] for role, name, _ in node.parameters + node.buffers}
            self.layers.append(StackedLayer(node, own_tensors, own_rates))
        self.dropouts = [layer for layer in self.layers if layer.node.kind == "dropout"]
        self.n_keys = len(self.dropouts)
        self.scale_dropout(None)

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        """Multiply all dropout rates by (1, members) factors until the next call.

        None stands for ones.
        """
        for layer in self.dropouts:
            rates = layer.rates.double()
            layer.drop_at(rates if factors is None else rates * torch.from_numpy(factors).to(rates).mT)

    def forward(self, x: Tensor, weight: Tensor, keys: Tensor) -> Tensor:
        """Compute outputs in training, see `Runnable`."""
        for layer, key in zip(self.dropouts, keys.unbind(1), strict=True):
            layer.keys = key
        return self._run(x, weight)

    def evaluate(self, x: Tensor) -> Tensor:
        """Compute outputs in prediction, see `Runnable`."""
        return self._run(x, None)

    def _run(self, x: Tensor, weight: Tensor | None) -> Tensor:
        outputs = [x]
        for node, layer in zip(self.nodes, self.layers, strict=True):
            inputs = [outputs[number] for number in node.inputs]
            outputs.append(layer(*inputs) if weight is None else layer.train(weight, *inputs))
        return outputs[-1]


class SingleModule:
    """One network with layers that are not known, run as it is."""

    n_keys = 1

    def __init__(self, module: nn.Module, tensors: dict[str, Tensor]):
        self.module = module.to(next(iter(tensors.values())).device)  # with what is not trained, too
        own = {name: stack[0] for name, stack in tensors.items()}
        self.buffers: dict[str, Tensor] = {}
        for name, b in module.named_buffers():
            if name in own:
                b.data = self.buffers[name] = own[name]
        self.parameters: list[Tensor] = []
        for name, p in module.named_parameters():
            if p.requires_grad:
                p.data = own[name]
                self.parameters.append(p)

    def forward(self, x: Tensor, weight: Tensor, keys: Tensor) -> Tensor:
        """Compute outputs in training, see `Runnable`."""
        self.module.train()
        with OwnGenerator(int(keys[0, 0]) & 0x7FFFFFFFFFFFFFFF):
            outputs = self.module(x[0])
        self._keep_buffers()
        return outputs.unsqueeze(0)

    def _keep_buffers(self) -> None:
        """Take over what the module has put in a buffer's place."""
        for name, b in self.module.named_buffers():
            own = self.buffers.get(name)
            if own is None or b.data_ptr() == own.data_ptr():
                continue
            if b.shape != own.shape:
                raise ValueError(
                    f"{type(self.module).__name__} changes its buffer {name!r} from shape {tuple(own.shape)} to "
                    f"{tuple(b.shape)} in training, but only buffers of one shape are kept; what predictions do not "
                    f"need can be an attribute that is not a buffer"
                )
            holder, _, last = name.rpartition(".")
            self.module.get_submodule(holder)._buffers[last] = own.copy_(b.detach())

    def evaluate(self, x: Tensor) -> Tensor:
        """Compute outputs in prediction, see `Runnable`."""
        self.module.eval()
        return self.module(x[0]).unsqueeze(0)

    def scale_dropout(self, factors: np.ndarray | None) -> None:
        """Do nothing: the module keeps its own rates."""


def get_trained_shapes(module: nn.Module) -> tuple[list[tuple[str, Shape]], list[tuple[str, Shape]]]:
    """Return a module's tensors by name and shape.

    (the parameters that are trained, the buffers that hold floats).
    """
    parameters = [(name, tuple(p.shape)) for name, p in module.named_parameters() if p.requires_grad]
    return parameters, [(name, tuple(b.shape)) for name, b in module.named_buffers() if b.is_floating_point()]
