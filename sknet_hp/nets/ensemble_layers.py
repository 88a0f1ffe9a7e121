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
        self.weight_gradient(g, self.scaled)
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

    def _by_head(self, use: str, x: Tensor) -> Tensor:
        """(members, rows, heads, n) as (members · heads, rows, n)."""
        members, rows, heads, width = x.shape
        return self.space(use, x, members, heads, rows, width).copy_(x.transpose(1, 2)).flatten(0, 1)

    def _by_row(self, use: str, x: Tensor) -> Tensor:
        """(members · heads, rows, n) as (members, rows, heads, n)."""
        x = x.unflatten(0, (-1, self.node.n_heads)).transpose(1, 2)
        return self.space(use, x, *x.shape).copy_(x)

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = self._by_head("inputs", x.unflatten(1, (-1, self.node.n_heads)))
        y = kernels.product(self.x, self.p["weight"].flatten(0, 1).transpose(1, 2), partial(self.space, "forward"))
        return self._by_row("out", y).add_(self.p["bias"].unsqueeze(1)).flatten(2)

    def backward(self, g: Tensor) -> Tensor | None:
        each = self._by_head("gradients", g.unflatten(2, (self.node.n_heads, -1)))
        members = (-1, self.node.n_heads)
        self.g["bias"].copy_(each.sum(1).unflatten(0, members))
        self.g["weight"].copy_(kernels.product(each.transpose(1, 2), self.x, partial(self.space, "weight")).unflatten(0, members))
        if not self.input_gradient:
            return None
        return self._by_row("back", kernels.product(each, self.p["weight"].flatten(0, 1), partial(self.space, "input"))).flatten(1, 2)


ENSEMBLE_LAYERS: dict[str, type[Layer]] = {"ensemble_linear": EnsembleLinear, "ensemble_output": EnsembleOutput}
