"""Kernels called by themselves, in one part or several, and the arithmetic they are
compared with. The fixture `place` watches the surroundings of their arrays.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from sknet_hp.nets.compiled.kernel import Kernel

PARTS = (1, 2, 3, 5)
SIZES = (1, 3, 16, 17, 33, 70)
"""Around the widths of registers, and blocks of 64."""


def run_kernel(kernel: Kernel, parts: int = 1, **fields: Any) -> None:
    """All parts of a kernel, the last one first: none may need another."""
    for part in reversed(range(parts)):
        kernel(part=part, parts=parts, **fields)


def draw_normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def compute_fma(a: Any, b: Any, c: Any) -> Any:
    """a b + c rounded once to float32: the product is exact in float64, and a sum that
    is rounded to odd may be rounded again.
    """
    with np.errstate(all="ignore"):
        product, c = np.multiply(a, b, dtype=np.float64), np.asarray(c, np.float64)
        total = np.asarray(product + c)
        back = total - product
        lost = (product - (total - back)) + (c - back)  # exactly what rounding took away (Knuth's TwoSum)
        bits = total.view(np.int64)
        towards = np.where((lost > 0) == (total > 0), 1, -1)
        inexact = np.isfinite(total) & (lost != 0) & (bits % 2 == 0)
        return np.where(inexact, bits + towards, bits).view(np.float64).astype(np.float32)[()]


def has_same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of float32 are equal bit for bit; one NaN is like another."""
    return (
        a.dtype == b.dtype == np.float32
        and a.shape == b.shape
        and bool(((a.view(np.int32) == b.view(np.int32)) | (np.isnan(a) & np.isnan(b))).all())
    )


def compute_in_parts(compute: Callable[[int], list[np.ndarray]]) -> list[np.ndarray]:
    """What a computation in one part gives, having seen that several give the same
    bits.
    """
    whole = compute(1)
    for parts in PARTS[1:]:
        for found, expected in zip(compute(parts), whole, strict=True):
            assert has_same_bits(found, expected), f"in {parts} parts"
    return whole


def assert_close(found: np.ndarray, expected: Any, tolerance: float = 2e-6) -> None:
    """Compare with a result of torch in float64, relative to its largest numbers."""
    expected = expected.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * (1 + np.abs(expected).max(initial=0)))


def double(x: Any) -> torch.Tensor:
    """A tensor of float64 that gets a gradient."""
    return torch.tensor(x, dtype=torch.float64, requires_grad=True)
