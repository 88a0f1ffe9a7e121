"""Where networks begin: what is remembered of one that began alike must not be reached
by what becomes of it.
"""

import numpy as np
import pytest

from sknet_hp.nets.layers.starts import Init
from sknet_hp.training import start
from sknet_hp.training.start import make_initial_state, make_initial_tensors, make_state
from tests.helpers.jobs import make_job


@pytest.mark.parametrize(
    "changes", [{}, {"optimizer": "sgd"}, {"seed": 5}, {"init": Init("he_normal")}, {"normalization": "batch"}]
)
def test_what_is_remembered_is_what_would_be_drawn(changes):
    job = make_job(**changes)
    drawn = make_state(job, make_initial_tensors(job))
    for _ in range(2):
        state = make_initial_state(job)
        for name in ("parameters", "buffers", "slots"):
            np.testing.assert_array_equal(getattr(state, name), getattr(drawn, name))
        state.parameters[:] = np.nan
        state.buffers[:] = np.nan


def test_large_networks_are_not_remembered():
    start._draw_small.cache_clear()
    make_initial_state(make_job(width=4096, n_layers=3))
    assert start._draw_small.cache_info().currsize == 0
    make_initial_state(make_job(width=8))
    assert start._draw_small.cache_info().currsize == 1
