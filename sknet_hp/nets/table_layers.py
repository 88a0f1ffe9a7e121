"""How the layers for tables run in a stack: embeddings of numbers and categories, learned factors, parametric activations."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.graph import Node
from sknet_hp.nets.layers import LAYERS, Layer, Linear

aten = torch.ops.aten


class NTKLinear(Linear):
    """As `modules.NTKLinear`."""

    def weight(self) -> Tensor:
        own = self.p["weight"]
        return torch.mul(own, own.shape[2] ** -0.5, out=self.space("scaled", own, *own.shape))

    def backward(self, g: Tensor) -> Tensor | None:
        g_in = super().backward(g)
        self.g["weight"].mul_(self.p["weight"].shape[2] ** -0.5)
        return g_in


class ParametricActivation(Layer):
    """As `modules.ParametricActivation`."""

    def __init__(self, node: Node, *tensors: Any):
        super().__init__(node, *tensors)
        inner = Node(node.activation, node.inputs, tuple(pair for pair in node.attributes if pair[0] != "activation"))
        self.inner = LAYERS[inner.kind](inner, {}, {}, {}, self.rates)

    def evaluate(self, x: Tensor) -> Tensor:
        self.bent = torch.sub(self.inner.evaluate(x), x, out=self.space("bent", x, *x.shape))  # f(x) - x
        return torch.mul(self.bent, self.p["weight"].unsqueeze(1), out=self.space("out", x, *x.shape)).add_(x)

    def backward(self, g: Tensor) -> Tensor:
        torch.sum(self.bent.mul_(g), 1, out=self.g["weight"])
        bent = torch.mul(g, self.p["weight"].unsqueeze(1), out=self.bent)
        g.sub_(bent)
        through = self.inner.backward(bent)  # which may write over what it is given
        assert through is not None
        return g.add_(through)


class FeatureScale(Layer):
    """As `modules.FeatureScale`."""

    def evaluate(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.mul(x, self.p["weight"].unsqueeze(1), out=self.space("out", x, *x.shape))

    def backward(self, g: Tensor) -> Tensor | None:
        torch.sum(torch.mul(g, self.x, out=self.space("scratch", g, *g.shape)), 1, out=self.g["weight"])
        return g.mul_(self.p["weight"].unsqueeze(1)) if self.input_gradient else None


class _OfNumbers(Layer):
    """A layer that maps each number, and what belongs to it, by itself: products over (members · numbers)."""

    def of_each(self, role: str) -> Tensor:
        """A parameter (members, numbers, …) as (members · numbers, …)."""
        return self.p[role].flatten(0, 1)

    def affine(self, inner: Tensor) -> Tensor:
        """(members, numbers, rows, k) to (members, numbers, rows, dim)."""
        self.inner = inner
        out = kernels.product(inner.flatten(0, 1), self.of_each("weight"), partial(self.space, "forward"))
        return out.add_(self.of_each("bias").unsqueeze(1)).unflatten(0, inner.shape[:2])

    def of_numbers(self, x: Tensor) -> Tensor:
        """The numbers of a table whose columns begin with them, (members, numbers, rows, 1)."""
        numbers = x[:, :, : self.node.n_numeric].transpose(1, 2).unsqueeze(3)
        return self.space("numbers", x, *numbers.shape).copy_(numbers)

    def affine_backward(self, g: Tensor, *, input_gradient: bool) -> Tensor | None:
        """The gradient of `inner` from that of what `affine` gave; those of weight and bias go where they belong."""
        shape, flat = g.shape[:2], g.flatten(0, 1).contiguous()
        inner = self.inner.flatten(0, 1)
        self.g["weight"].copy_(kernels.product(inner.transpose(1, 2), flat, partial(self.space, "weight")).unflatten(0, shape))
        self.g["bias"].copy_(flat.sum(1).unflatten(0, shape))
        if not input_gradient:
            return None
        return kernels.product(flat, self.of_each("weight").transpose(1, 2), partial(self.space, "inner")).unflatten(0, shape)


class PeriodicEmbedding(_OfNumbers):
    """As `modules.PeriodicEmbedding`."""

    def evaluate(self, x: Tensor) -> Tensor:
        n, dim = self.node.n_numeric, self.node.dim
        self.numbers = self.of_numbers(x)
        frequency = self.p["frequency"] * (2 * math.pi)
        shape = (*self.numbers.shape[:3], frequency.shape[2])  # (members, numbers, rows, frequencies)
        self.z = torch.mul(self.numbers, frequency.unsqueeze(2), out=self.space("z", x, *shape))
        if "phase" in self.p:
            self.z.add_(self.p["phase"].unsqueeze(2))
            embedded = self.affine(torch.cos(self.z, out=self.space("waves", x, *shape)))
        else:
            embedded = self.affine(torch.cat([torch.cos(self.z), torch.sin(self.z)], 3)).relu_()
            self.positive = embedded > 0
        out = self.space("out", x, *x.shape[:2], x.shape[2] + n * (dim - 1))
        of_numbers = out[:, :, : n * dim].unflatten(2, (n, dim))
        of_numbers[..., : embedded.shape[3]].copy_(embedded.transpose(1, 2))
        if "phase" in self.p:
            of_numbers[..., dim - 1].copy_(x[:, :, :n])
        out[:, :, n * dim :].copy_(x[:, :, n:])
        return out

    def backward(self, g: Tensor) -> Tensor | None:
        n, dim = self.node.n_numeric, self.node.dim
        whole = g[:, :, : n * dim].unflatten(2, (n, dim)).transpose(1, 2)
        if "phase" in self.p:
            g_waves = self.affine_backward(whole[..., : dim - 1], input_gradient=True)
            assert g_waves is not None
            g_z = torch.sin(self.z, out=self.space("slopes", g, *self.z.shape)).mul_(g_waves).neg_()
            self.g["phase"].copy_(g_z.sum(2))
        else:
            g_waves = self.affine_backward(whole * self.positive, input_gradient=True)
            assert g_waves is not None
            k = self.z.shape[3]
            g_z = torch.cos(self.z).mul_(g_waves[..., k:]).sub_(torch.sin(self.z).mul_(g_waves[..., :k]))
        self.g["frequency"].copy_(torch.mul(g_z, self.numbers, out=self.z).sum(2).mul_(2 * math.pi))
        if not self.input_gradient:
            return None
        g_numbers = (g_z * (self.p["frequency"] * (2 * math.pi)).unsqueeze(2)).sum(3).transpose(1, 2)
        if "phase" in self.p:
            g_numbers = g_numbers + whole[..., dim - 1].transpose(1, 2)
        return torch.cat([g_numbers, g[:, :, n * dim :]], 2)


class BinEmbedding(_OfNumbers):
    """As `modules.BinEmbedding`."""

    def evaluate(self, x: Tensor) -> Tensor:
        n, first, n_bins, dim = self.node.n_numeric, self.node.first_bin, self.node.n_bins, self.node.dim
        end = first + n * n_bins
        self.numbers = self.of_numbers(x)
        bins = x[:, :, first:end].unflatten(2, (n, n_bins)).transpose(1, 2)
        embedded = self.affine(self.space("bins", x, *bins.shape).copy_(bins))
        embedded.add_(self.numbers * self.p["slope"].unsqueeze(2))
        out = self.space("out", x, *x.shape[:2], x.shape[2] - n * (1 + n_bins) + n * dim)
        out[:, :, : n * dim].unflatten(2, (n, dim)).copy_(embedded.transpose(1, 2))
        out[:, :, n * dim : n * dim + first - n].copy_(x[:, :, n:first])
        out[:, :, n * dim + first - n :].copy_(x[:, :, end:])
        return out

    def backward(self, g: Tensor) -> Tensor | None:
        n, first, dim = self.node.n_numeric, self.node.first_bin, self.node.dim
        g_each = g[:, :, : n * dim].unflatten(2, (n, dim)).transpose(1, 2)
        g_each = self.space("gradients", g, *g_each.shape).copy_(g_each)
        self.g["slope"].copy_((g_each * self.numbers).sum(2))
        g_bins = self.affine_backward(g_each, input_gradient=self.input_gradient)
        if g_bins is None:
            return None
        g_numbers = (g_each * self.p["slope"].unsqueeze(2)).sum(3).transpose(1, 2)
        between, after = g[:, :, n * dim : n * dim + first - n], g[:, :, n * dim + first - n :]
        return torch.cat([g_numbers, between, g_bins.transpose(1, 2).flatten(2), after], 2)


class CategoryEmbedding(Layer):
    """As `modules.CategoryEmbedding`."""

    def evaluate(self, x: Tensor) -> Tensor:
        n, dim = self.node.n_columns, self.node.dim
        rest = x.shape[2] - n
        self.codes = x[:, :, rest:].long()  # (members, rows, columns)
        out = self.space("out", x, *x.shape[:2], rest + n * dim)
        out[:, :, :rest].copy_(x[:, :, :rest])
        for own, table, codes in zip(out, self.p["weight"], self.codes, strict=True):
            own[:, rest:].copy_(table.index_select(0, codes.reshape(-1)).view(len(codes), n * dim))
        return out

    def backward(self, g: Tensor) -> Tensor | None:
        n, dim = self.node.n_columns, self.node.dim
        rest = g.shape[2] - n * dim
        for own, gradient, codes in zip(g, self.g["weight"], self.codes, strict=True):
            gradient.copy_(aten.embedding_dense_backward(own[:, rest:].reshape(-1, dim), codes.reshape(-1), len(gradient), -1, False))
        if not self.input_gradient:
            return None
        return torch.cat([g[:, :, :rest], g.new_zeros(*g.shape[:2], n)], 2)


TABLE_LAYERS: dict[str, type[Layer]] = {
    "ntk_linear": NTKLinear,
    "parametric": ParametricActivation,
    "feature_scale": FeatureScale,
    "periodic": PeriodicEmbedding,
    "bins": BinEmbedding,
    "categories": CategoryEmbedding,
}
