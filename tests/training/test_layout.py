import numpy as np
import pytest
import torch
from jobs import vectors_in

from sknet_hp.training.layout import Factors, Layout

CPU = torch.device("cpu")
SHAPES = [
    [("a", (3, 5)), ("b", (3,))],
    [("a", (1, 1))],
    [("a", (16, 4)), ("b", (16,)), ("c", (1, 16)), ("d", (1,))],
    [("a", (7, 11)), ("b", (17,)), ("c", (31, 1))],
]


@pytest.fixture(params=SHAPES, ids=str)
def shapes(request):
    return request.param


def vectors_of(shapes, members, seed=0):
    return np.random.default_rng(seed).standard_normal((members, sum(int(np.prod(s)) for _, s in shapes))).astype(np.float32)


@pytest.mark.parametrize("members", [1, 2, 3, 32])
def test_round_trip(shapes, members):
    layout = Layout(shapes, members, CPU)
    flat = layout.zeros()
    vectors = vectors_of(shapes, members)
    layout.assign(flat, vectors)
    assert np.array_equal(vectors_in(layout, flat), vectors)
    assert layout.length % 64 == 0
    for (_, shape), view in zip(shapes, layout.views(flat).values(), strict=True):
        assert view.shape == (members, *shape)
    joined = np.concatenate([v.reshape(members, -1) for v in layout.views(flat).values()], 1)
    assert np.array_equal(joined, vectors)


def test_views_write_through_and_overlap_nowhere(shapes):
    layout = Layout(shapes, 3, CPU)
    flat = layout.zeros()
    for number, view in enumerate(layout.views(flat).values(), 1):
        for k in range(3):
            assert not view[k].any()
            view[k] = 10 * number + k
    expected = [np.repeat(10.0 * number + np.arange(3)[:, None], np.prod(shape), 1) for number, (_, shape) in enumerate(shapes, 1)]
    assert np.array_equal(vectors_in(layout, flat), np.concatenate(expected, 1))


def test_tensors_of_members_are_aligned(shapes):
    layout = Layout(shapes, 3, CPU)
    flat = layout.zeros()
    for view in layout.views(flat).values():
        for k in range(3):
            assert (view[k].data_ptr() - flat.data_ptr()) % 64 == 0


@pytest.mark.parametrize("keep", [[0], [4], [0, 2, 3], [1, 4], [0, 1, 2, 3, 4]])
def test_select(shapes, keep):
    layout = Layout(shapes, 5, CPU)
    flat = layout.zeros()
    vectors = vectors_of(shapes, 5)
    layout.assign(flat, vectors)
    smaller = layout.select(keep, flat)
    assert np.array_equal(vectors_in(Layout(shapes, len(keep), CPU), smaller), vectors[keep])
    assert np.array_equal(vectors_in(layout, flat), vectors)


def test_no_tensors_at_all():
    layout = Layout([], 4, CPU)
    flat = layout.zeros()
    assert vectors_in(layout, flat).shape == (4, 0)
    layout.assign(flat, np.zeros((4, 0), np.float32))
    assert layout.views(layout.select([1], flat)) == {}


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.1, 0.2, 0.3]),
        np.array([0.1, 0.1, 0.1]),
        np.array([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]),
        np.array([[0.1, 0.1, 0.1], [0.7, 0.7, 0.7]]),
        np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.2, 0.3, 0.1]]),
        np.array([[0.1, 0.1, 0.1], [0.3, 0.1, 0.2]]),
    ],
)
def test_factors(values):
    """Whatever form a factor takes, it multiplies each member's elements by that member's number, rounded once."""
    shapes = SHAPES[0]
    layout = Layout(shapes, 3, CPU)
    factors = Factors(layout, values)
    assert factors.any()
    vectors = vectors_of(shapes, 3)
    for step in [0, *range(len(np.atleast_2d(values)) if values.ndim == 2 else 4), 0]:
        flat = layout.zeros()
        layout.assign(flat, vectors)
        numbers = np.atleast_2d(values)[step if values.ndim == 2 else 0].astype(np.float32)
        assert np.array_equal(vectors_in(layout, flat.mul_(factors[step])), vectors * numbers[:, None])
    assert not Factors(layout, 0 * values).any()
