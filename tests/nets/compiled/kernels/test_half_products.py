"""Products in bfloat16: every element is one chain of additions in order, bit for bit,
with the CPU's instruction and without it.
"""

import numpy as np
import pytest
import torch

from sknet_hp.nets.compiled.kernel import make_kernel
from sknet_hp.nets.compiled.kernels import half_products
from sknet_hp.nets.compiled.kernels.half_products import SCRATCH, make_tile, multiply_halves

STEP_BY_STEP = make_kernel(multiply_halves.function, "step_by_step", TILE=make_tile(False))
KERNELS = [pytest.param(multiply_halves, id="as this CPU does it"), pytest.param(STEP_BY_STEP, id="step by step")]
SHAPES = [(1, 1, 1), (8, 32, 2), (17, 33, 5), (40, 70, 301), (9, 100, 257), (300, 48, 16)]


def rounded(x):
    return torch.from_numpy(x).bfloat16().float().numpy()


def chain(a, b, start):
    """The product of rounded operands: of each pair of inner numbers first the second,
    then the first; float64 holds a sum of two exactly enough.
    """
    a, b = rounded(a).astype(np.float64), rounded(b).astype(np.float64)
    if a.shape[1] % 2:
        a, b = np.pad(a, ((0, 0), (0, 1))), np.pad(b, ((0, 1), (0, 0)))
    c = start.copy()
    for k in range(0, a.shape[1], 2):
        for each in (k + 1, k):
            c = (c + a[:, [each]] * b[each]).astype(np.float32)
    return c


def multiplied(kernel, a, b, c, *, a_turned=False, b_turned=False, parts=1, add=False):
    """c = a b or c + a b, of matrices that may lie the other way round."""
    (m, inner), n = a.shape, b.shape[1]
    of_a = (
        {"a": np.ascontiguousarray(a.T), "a_row": 1, "a_inner": m}
        if a_turned
        else {"a": a, "a_row": inner, "a_inner": 1}
    )
    of_b = (
        {"b": np.ascontiguousarray(b.T), "b_inner": 1, "b_column": inner}
        if b_turned
        else {"b": b, "b_inner": n, "b_column": 1}
    )
    c, scratch = c.copy(), np.zeros(parts * SCRATCH, np.float32)
    for part in range(parts):
        kernel(part=part, parts=parts, m=m, n=n, inner=inner, **of_a, **of_b, c=c, c_row=n, add=add, scratch=scratch)
    return c


def matrices(m, n, inner):
    rng = np.random.default_rng(m + n + inner)
    return [rng.standard_normal(shape).astype(np.float32) for shape in ((m, inner), (inner, n), (m, n))]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_chain(kernel, shape):
    a, b, c = matrices(*shape)
    np.testing.assert_array_equal(multiplied(kernel, a, b, c), chain(a, b, np.zeros_like(c)))
    np.testing.assert_array_equal(multiplied(kernel, a, b, c, add=True), chain(a, b, c))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("b_turned", [False, True])
def test_however_operands_lie_and_however_many_work(shape, a_turned, b_turned):
    a, b, c = matrices(*shape)
    want = multiplied(multiply_halves, a, b, c)
    for parts in (1, 2, 5):
        np.testing.assert_array_equal(
            multiplied(multiply_halves, a, b, c, a_turned=a_turned, b_turned=b_turned, parts=parts), want
        )


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_rounded(kernel):
    """Ties go to even; what is too large, and what is no number, stays what it is."""
    one = np.ones((1, 1), np.float32)
    for bits in (
        0x3F808000,
        0x3F818000,
        0x3F808001,
        0x7F800000,
        0xFF800000,
        0x7FC00000,
        0xFFC00000,
        0x7F7FFFFF,
        0x80000000,
    ):
        x = np.array([[bits]], np.uint32).view(np.float32)
        np.testing.assert_array_equal(multiplied(kernel, x, one, np.zeros_like(one)), rounded(x) * one)


def test_who_has_the_instruction(monkeypatch):
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_features", lambda: {"avx512f": True})
    assert not half_products.is_supported()
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_features", lambda: {"avx512f": True, "avx512bf16": True})
    assert half_products.is_supported()
