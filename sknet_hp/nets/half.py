"""Linear maps whose products run in bfloat16: operands are rounded to it, sums are kept in float32, results are rounded once more.

Weights, activations between layers, gradients and everything else stay float32.
"""

from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.ensemble_layers import EnsembleLinear
from sknet_hp.nets.layers import Layer, Linear
from sknet_hp.nets.table_layers import NTKLinear

_SMALL = 16**3
"""Up to this size of all members' products together torch keeps them from oneDNN, whose kernel gives each member the bits that it has alone: so those
that are no larger for one member must not depend on how many there are."""


@cache
def supported() -> bool:
    """Whether this CPU multiplies bfloat16 by itself: others would take many times longer than in float32."""
    ask = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # not in every version of torch that we run with
    return torch.backends.mkldnn.is_available() and ask is not None and bool(ask())


class _InHalf(Layer):
    """What the maps share. Operands are rounded once a step, results land in tensors of float32."""

    def halved(self, use: str, x: Tensor) -> Tensor:
        """x in bfloat16, contiguous, in the layer's own space."""
        return self._half(use, x, x.shape).copy_(x)

    def product16(self, use: str, a: Tensor, b: Tensor, out: Tensor) -> Tensor:
        """a @ b of each member, of operands in bfloat16, into `out`."""
        if a.shape[1] * a.shape[2] * b.shape[2] <= _SMALL:
            return out.copy_(kernels.product(a.float(), b.float(), partial(self.space, "small " + use)).bfloat16())
        rounded = self._half("product " + use, a, (a.shape[0], a.shape[1], b.shape[2]))
        return out.copy_(torch.bmm(a, b, out=rounded))

    def _half(self, use: str, like: Tensor, shape: Any) -> Tensor:
        key = ("half", use, *shape)
        if key not in self._space:
            self._space[key] = torch.empty(*shape, dtype=torch.bfloat16, device=like.device)
        return self._space[key]


class HalfLinear(_InHalf, Linear):
    """As `Linear`."""

    def evaluate(self, x: Tensor) -> Tensor:
        self.x16, self.w16 = self.halved("x", x), self.halved("w", self.weight())
        out = self.space("out", x, *x.shape[:2], self.w16.shape[1])
        self.product16("forward", self.x16, self.w16.transpose(1, 2), out)
        return out.add_(self.p["bias"].unsqueeze(1)) if "bias" in self.p else out

    def backward(self, g: Tensor) -> Tensor | None:
        g16 = self.halved("g", g)
        self.product16("weight", g16.transpose(1, 2), self.x16, self.g["weight"])
        if "bias" in self.g:
            torch.sum(g, 1, out=self.g["bias"])
        if not self.input_gradient:
            return None
        return self.product16("input", g16, self.w16, self.space("input", g, *g.shape[:2], self.w16.shape[2]))


class HalfNTKLinear(NTKLinear, HalfLinear):
    """As `NTKLinear`."""


class HalfEnsembleLinear(_InHalf, EnsembleLinear):
    """As `EnsembleLinear`."""

    def forward_product(self, x: Tensor) -> Tensor:
        self.x16, self.w16 = self.halved("x", x), self.halved("w", self.p["weight"])
        return self.product16("forward", self.x16, self.w16.transpose(1, 2), self.space("mapped", x, *x.shape[:2], self.w16.shape[1]))

    def backward_products(self, g: Tensor) -> Tensor:
        g16 = self.halved("g", g)
        self.product16("weight", g16.transpose(1, 2), self.x16, self.g["weight"])
        return self.product16("input", g16, self.w16, self.space("input", g, *g.shape[:2], self.w16.shape[2]))


HALF_LAYERS: dict[str, type[Layer]] = {"linear": HalfLinear, "ntk_linear": HalfNTKLinear, "ensemble_linear": HalfEnsembleLinear}
"""The kinds of maps that can run in bfloat16."""
