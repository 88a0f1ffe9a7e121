"""How TabM's layers run in a stack: several heads in each member, with one weight matrix between them."""

from functools import partial

import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.layers import Layer


class EnsembleLinear(Layer):
    """As `modules.EnsembleLinear`: (members, rows · heads, n_inputs) to (members, rows · heads, n_outputs)."""

    def _per_head(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, self.node.n_heads))

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = x.unsqueeze(2) if self.node.first else self._per_head(x)
        members, rows, _, width = self.x.shape
        shape = (members, rows, self.node.n_heads, width)
        self.scaled = torch.mul(self.x, self.p["input_factor"].unsqueeze(1), out=self.space("scaled", x, *shape)).flatten(1, 2)
        self.mapped = self.forward_product(self.scaled)
        heads = self._per_head(self.mapped)
        out = torch.mul(heads, self.p["output_factor"].unsqueeze(1), out=self.space("out", heads, *heads.shape))
        return out.add_(self.p["bias"].unsqueeze(1)).flatten(1, 2)

    def forward_product(self, x: Tensor) -> Tensor:
        """x W'."""
        return kernels.affine(x, self.p["weight"], None, partial(self.space, "forward"))

    def backward_products(self, g: Tensor) -> Tensor:
        """g W; the gradient of W goes where it belongs."""
        self.g["weight"].copy_(kernels.product(g.transpose(1, 2), self.scaled, partial(self.space, "weight")))
        return kernels.product(g, self.p["weight"], partial(self.space, "input"))

    def backward(self, g: Tensor) -> Tensor | None:
        g_heads = self._per_head(g)
        torch.sum(g_heads, 1, out=self.g["bias"])
        torch.sum(self._per_head(self.mapped.mul_(g)), 1, out=self.g["output_factor"])
        g = g_heads.mul_(self.p["output_factor"].unsqueeze(1)).flatten(1, 2)
        g_scaled = self._per_head(self.backward_products(g))
        products = torch.mul(g_scaled, self.x, out=self.scaled.view_as(g_scaled))
        torch.sum(products, 1, out=self.g["input_factor"])
        if not self.input_gradient:
            return None
        g_in = g_scaled.mul_(self.p["input_factor"].unsqueeze(1))
        return g_in.sum(2) if self.node.first else g_in.flatten(1, 2)


class EnsembleOutput(Layer):
    """As `modules.EnsembleOutput`: (members, rows · heads, n_inputs) to (members, rows, heads · n_outputs)."""

    def evaluate(self, x: Tensor) -> Tensor:
        members, heads = x.shape[0], self.node.n_heads
        self.x = x.unflatten(1, (-1, heads)).transpose(1, 2).contiguous().flatten(0, 1)  # (members · heads, rows, n_inputs)
        y = kernels.product(self.x, self.p["weight"].flatten(0, 1).transpose(1, 2), partial(self.space, "forward"))
        y = y.unflatten(0, (members, heads)) + self.p["bias"].unsqueeze(2)
        return y.transpose(1, 2).flatten(2)

    def backward(self, g: Tensor) -> Tensor | None:
        members, heads = g.shape[0], self.node.n_heads
        each = g.unflatten(2, (heads, -1)).transpose(1, 2).contiguous().flatten(0, 1)  # (members · heads, rows, n_outputs)
        self.g["bias"].copy_(each.sum(1).unflatten(0, (members, heads)))
        weight = kernels.product(self.x.transpose(1, 2), each, partial(self.space, "weight")).transpose(1, 2)
        self.g["weight"].copy_(weight.unflatten(0, (members, heads)))
        if not self.input_gradient:
            return None
        g_in = kernels.product(each, self.p["weight"].flatten(0, 1), partial(self.space, "input"))
        return g_in.unflatten(0, (members, heads)).transpose(1, 2).flatten(1, 2)


ENSEMBLE_LAYERS: dict[str, type[Layer]] = {"ensemble_linear": EnsembleLinear, "ensemble_output": EnsembleOutput}
