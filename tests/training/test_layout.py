import numpy as np
import pytest
import torch

from sknet_hp.training.layout import Layout

CPU = torch.device("cpu")
SHAPES = [
    ([("a", (3, 5)), ("b", (3,))], []),
    ([("a", (1, 1))], [("mean", (1,))]),
    ([("a", (16, 4)), ("b", (16,)), ("c", (1, 16)), ("d", (1,))], [("mean", (16,)), ("scalar", ())]),
    ([("a", (7, 11)), ("b", (17,)), ("c", (31, 1))], [("mean", (7,)), ("var", (7,))]),
]


@pytest.fixture(params=SHAPES, ids=str)
def shapes(request):
    return request.param


def vectors_of(shapes, members, seed=0):
    rng = np.random.default_rng(seed)
    sizes = [sum(int(np.prod(shape)) for _, shape in own) for own in shapes]
    return [tuple(rng.standard_normal(size).astype(np.float32) for size in sizes) for _ in range(members)]


@pytest.mark.parametrize("members", [1, 2, 3, 32])
def test_round_trip(shapes, members):
    layout, vectors = Layout(*shapes), vectors_of(shapes, members)
    rows = layout.stack(vectors, CPU)
    assert rows.shape[0] == members
    assert rows.shape[1] % 4 == 0
    assert layout.n_parameters == sum(layout.sizes) == len(vectors[0][0])
    for row, own in zip(rows, vectors, strict=True):
        for found, expected in zip(layout.copy_member(row), own, strict=True):
            assert np.array_equal(found, expected)
    views = layout.make_views(rows)
    for name, shape in shapes[0] + shapes[1]:
        assert views[name].shape == (members, *shape)
    joined = np.concatenate([view.reshape(members, -1) for view in views.values()], 1)
    assert np.array_equal(joined, [np.concatenate(own) for own in vectors])


def test_views_write_through_and_overlap_nowhere(shapes):
    layout = Layout(*shapes)
    rows = torch.zeros_like(layout.stack(vectors_of(shapes, 3), CPU))
    for number, view in enumerate(layout.make_views(rows).values(), 1):
        for k in range(3):
            assert not view[k].any()
            view[k] = 10 * number + k
    expected = np.concatenate(
        [np.full(int(np.prod(shape)), 10.0 * number) for number, (_, shape) in enumerate(shapes[0] + shapes[1], 1)]
    )
    for k in range(3):
        assert np.array_equal(np.concatenate(layout.copy_member(rows[k])), expected + k)


def test_what_a_member_has_is_copied_out():
    layout = Layout(*SHAPES[0])
    rows = layout.stack(vectors_of(SHAPES[0], 1), CPU)
    parameters, _ = layout.copy_member(rows[0])
    rows.zero_()
    assert parameters.all()
