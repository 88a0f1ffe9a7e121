"""Products in bfloat16: operands are rounded to it, sums are kept in float32, results are rounded once more.

Weights, activations between layers, gradients and everything else stay float32.
"""

from functools import cache

import torch
from torch import Tensor


@cache
def supported() -> bool:
    """Whether this CPU multiplies bfloat16 by itself: others would take many times longer than in float32."""
    ask = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # not in every version of torch that we run with
    return torch.backends.mkldnn.is_available() and ask is not None and bool(ask())


def half_product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b, and likewise on the way back, where the gradient is rounded too."""
    return torch.matmul(a.bfloat16(), b.bfloat16()).float()
