"""Dropout in the compiled half: how much is dropped, what is left is scaled, and the
way back drops the same.
"""

import numpy as np
import pytest

from sknet_hp.nets.compiled.kernels import masks, pointwise
from tests.helpers.kernels import PARTS, draw_normal, has_same_bits, run_kernel

ROWS, WIDTH = 75, 33


@pytest.fixture
def dropped(place):
    def dropped(z, rate=0.5, key=1, layer=0, kind="identity", parts=1, bend=None):
        """(output, slope)."""
        rows, width = z.shape
        z, out = place(z), place(np.full(z.shape, np.nan))
        fields = {
            "rows": rows,
            "width": width,
            "z": z,
            "bias": place(np.zeros(width)),
            "out": out,
            "alpha": 0.0,
            "layer": layer,
        }
        fields |= {
            "mask": place(np.full((parts, width), np.nan)),
            "rate": place(masks.encode_dropout_rate(rate)),
            "key": place([key], np.int64),
        }
        if bend is None:
            run_kernel(pointwise.FORWARD[kind], parts, **fields)
        else:
            run_kernel(
                pointwise.PARAMETRIC_FORWARD[kind],
                parts,
                **fields,
                weight=place(bend),
                difference=place(np.full(z.shape, np.nan)),
            )
        return out.copy(), z.copy()

    return dropped


@pytest.fixture
def mask(dropped):
    return lambda rows=ROWS, width=WIDTH, **how: dropped(np.ones((rows, width), np.float32), **how)[0]


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("width", [1, 16, 33])
def test_share_and_scale(mask, rate, width):
    drawn = mask(4000, width, rate=rate)
    assert set(np.unique(drawn)) <= {np.float32(0), np.float32(1 / (1 - rate))}
    deviation = np.sqrt(rate * (1 - rate) / drawn.size)
    assert abs((drawn == 0).mean() - rate) <= 5 * deviation + 1 / 65536


def test_numbers_are_dropped_independently(mask):
    """Neighbours, the two columns that share bits, the same place in the next row,
    layer or step: no more often together than apart.
    """
    rows, width = 4000, 10
    drawn = mask(rows, width) > 0
    others = {
        "column": drawn[:, [*range(1, width), 0]],
        "shared bits": np.roll(drawn, width // 2, 1),
        "row": np.roll(drawn, 1, 0),
    }
    others |= {"layer": mask(rows, width, layer=1) > 0, "step": mask(rows, width, key=2) > 0}
    for name, other in others.items():
        assert abs((drawn == other).mean() - 0.5) < 5 * 0.5 / np.sqrt(drawn.size), name


def test_same_key_same_mask(mask):
    assert has_same_bits(mask(), mask())
    assert not has_same_bits(mask(), mask(key=2))
    assert not has_same_bits(mask(), mask(layer=1))
    assert not has_same_bits(mask(key=-5), mask(key=1 << 40))


def test_rows_do_not_depend_on_the_batch(mask):
    whole = mask()
    assert has_same_bits(mask(rows=41), whole[:41])
    for parts in PARTS[1:]:
        assert has_same_bits(mask(parts=parts), whole)


@pytest.mark.parametrize("bend", [None, draw_normal(WIDTH, seed=3)], ids=["plain", "parametric"])
@pytest.mark.parametrize("kind", ["relu", "tanh", "silu"])
def test_way_back_drops_the_same(dropped, mask, kind, bend):
    z = draw_normal(ROWS, WIDTH, seed=1)
    out, slope = dropped(z, rate=0.3, kind=kind, bend=bend)
    kept, kept_slope = dropped(z, rate=0.0, kind=kind, bend=bend)
    drawn = mask(rate=0.3)
    assert has_same_bits(out, kept * drawn)
    assert has_same_bits(slope, kept_slope * drawn)
