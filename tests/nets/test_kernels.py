"""Matrix products: each member gets the bits that it has alone, and they are right."""

import functools
import threading
from functools import partial

import pytest
import torch

from sknet_hp.nets.cores import idle_cores, run
from sknet_hp.nets.kernels import ROW_QUANTUM, affine, padded_rows, product

ROWS = [32, 64, 96, 224, 256]
INNER = [1, 2, 5, 16, 33, 100]
COLUMNS = [1, 2, 3, 7, 10, 16, 33, 64]
HEIGHTS = [1, 2, 3, 5, 8]


def space(*uses_like_shape):
    like = next(part for part in uses_like_shape if isinstance(part, torch.Tensor))
    return like.new_empty([part for part in uses_like_shape if isinstance(part, int)])


@functools.cache
def operands(rows, inner, columns):
    generator = torch.Generator().manual_seed(rows * 10_000 + inner * 100 + columns)
    members = max(HEIGHTS)
    return tuple(
        torch.randn(*shape, generator=generator)
        for shape in [(members, rows, inner), (members, columns, inner), (members, columns), (members, rows, columns)]
    )


def in_stacks(f, *stacked):
    """Results for stacks of every height, at each position in them."""
    whole = f(*stacked).clone()
    for height in HEIGHTS:
        for start in range(0, max(HEIGHTS) - height + 1, height):
            part = slice(start, start + height)
            yield f(*(s[part].clone() for s in stacked)), whole[part]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", ROWS)
def test_affine(rows, columns):
    for inner in INNER:
        x, weight, bias, _ = operands(rows, inner, columns)
        torch.testing.assert_close(affine(x, weight, bias, space), torch.einsum("mri,mci->mrc", x, weight) + bias.unsqueeze(1), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(affine(x, weight, None, space), torch.einsum("mri,mci->mrc", x, weight), rtol=1e-4, atol=1e-4)
        for alone, together in in_stacks(lambda *a: affine(*a, space), x, weight, bias):
            assert torch.equal(alone, together), (rows, inner, columns)
        for alone, together in in_stacks(lambda x, w: affine(x, w, None, space), x, weight):
            assert torch.equal(alone, together), (rows, inner, columns)


def lying_at(offset, x):
    """A copy of x that starts so many floats after a multiple of 64 bytes, its members one after the other."""
    memory = torch.empty(x.numel() + 32)
    first = -(memory.data_ptr() // 4) % 16 + offset
    return memory[first : first + x.numel()].view(x.shape).copy_(x)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", ROWS)
def test_where_operands_lie_does_not_matter(rows, columns):
    for inner in INNER:
        x, weight, _, g = operands(rows, inner, columns)
        whole = [affine(x, weight, None, space), product(g, weight, space), product(g.transpose(1, 2), x, space)]
        for offset in (1, 4, 6, 15):
            x_, weight_, g_ = (lying_at(offset, part[:3]) for part in (x, weight, g))
            for result, expected in zip(
                [affine(x_, weight_, None, space), product(g_, weight_, space), product(g_.transpose(1, 2), x_, space)], whole, strict=True
            ):
                assert torch.equal(result, expected[:3]), (rows, inner, columns, offset)


LARGE = [(512, 512, 512), (1024, 260, 500), (320, 2048, 130), (256, 256, 256), (64, 64, 64), (1024, 40, 64), (1056, 40, 66)]


@pytest.mark.parametrize(("rows", "inner", "columns"), LARGE)
def test_idle_cores_change_nothing(rows, inner, columns):
    """Large products are made of blocks, small ones of shares of the members, on however many cores."""
    generator = torch.Generator().manual_seed(0)
    x, weight, bias, g = (
        torch.randn(*shape, generator=generator) for shape in [(5, rows, inner), (5, columns, inner), (5, columns), (5, rows, columns)]
    )
    expected = torch.einsum("mri,mci->mrc", x, weight)

    def all_three(x, weight, bias, g):
        return affine(x, weight, bias, space), product(g, weight, space), product(g.transpose(1, 2), x, space)

    alone = [all_three(*(t[k : k + 1].clone() for t in (x, weight, bias, g))) for k in range(5)]
    torch.testing.assert_close(torch.cat([a for a, _, _ in alone]), expected + bias.unsqueeze(1), rtol=1e-4, atol=1e-3)
    for cores in (1, 2, 3, 8):
        with idle_cores(cores):
            for part, together in enumerate(all_three(x, weight, bias, g)):
                for k in range(5):
                    assert torch.equal(together[k], alone[k][part][0]), (cores, part)


@pytest.mark.parametrize("cores", [1, 3])
def test_parts_that_fail_are_told(cores):
    def fail():
        raise ZeroDivisionError("of a part")

    done = []
    with idle_cores(cores), pytest.raises(ZeroDivisionError, match="of a part"):
        run([partial(done.append, 1), fail, partial(done.append, 2)])
    assert done[0] == 1


def test_parts_of_several_threads_do_not_wait_for_each_other():
    """One call's parts are slow; another's are done meanwhile, by its own thread if need be."""
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        begun.set()
        go_on.wait(30)

    def busy():
        with idle_cores(2):
            run([slow, slow])

    thread = threading.Thread(target=busy)
    thread.start()
    begun.wait(30)
    done = []
    with idle_cores(2):
        run([partial(done.append, k) for k in range(3)])
    assert sorted(done) == [0, 1, 2]
    go_on.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", ROWS)
def test_products_of_the_backward_pass(rows, columns):
    for inner in INNER:
        x, weight, _, g = operands(rows, inner, columns)
        torch.testing.assert_close(product(g.transpose(1, 2), x, space), torch.einsum("mrc,mri->mci", g, x), rtol=1e-4, atol=1e-3)
        for alone, together in in_stacks(lambda g, x: product(g.transpose(1, 2), x, space), g, x):
            assert torch.equal(alone, together), ("weight", rows, inner, columns)
        for alone, together in in_stacks(lambda g, w: product(g, w, space), g, weight):
            assert torch.equal(alone, together), ("input", rows, inner, columns)


@pytest.mark.parametrize("width", COLUMNS)
def test_weighted_means(width):
    """The (1, rows) by (rows, width) products of batch normalisation."""
    x = torch.randn(8, 64, width)
    w = torch.rand(8, 1, 64)
    for alone, together in in_stacks(lambda w, x: product(w, x, space), w, x):
        assert torch.equal(alone, together)


def test_wide_shapes():
    for rows, inner, columns in [(256, 128, 128), (256, 256, 256), (32, 512, 512), (128, 300, 257)]:
        generator = torch.Generator().manual_seed(0)
        x, weight, bias = (torch.randn(*s, generator=generator) for s in [(3, rows, inner), (3, columns, inner), (3, columns)])
        g = torch.randn(3, rows, columns, generator=generator)
        for f, stacked in [
            (lambda *a: affine(*a, space), (x, weight, bias)),
            (lambda g, w: product(g, w, space), (g, weight)),
            (lambda g, x: product(g.transpose(1, 2), x, space), (g, x)),
        ]:
            whole = f(*stacked).clone()
            for k in range(3):
                assert torch.equal(f(*(s[k : k + 1].clone() for s in stacked))[0], whole[k])


@pytest.mark.parametrize("n", [1, 31, 32, 33, 255, 256, 257])
def test_padded_rows(n):
    rows = padded_rows(n)
    assert rows % ROW_QUANTUM == 0
    assert n <= rows < n + ROW_QUANTUM
