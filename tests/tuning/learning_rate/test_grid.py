"""Which rates are tried next."""

import numpy as np

from sknet_hp.tuning.learning_rate.grid import LEAST, MOST, list_between, list_beyond, list_first

FIRST = np.array(list_first())


def test_the_first_rates_are_half_decades():
    np.testing.assert_allclose(np.log10(FIRST), np.arange(-5, 1.1, 0.5))


def test_nothing_lies_beyond_where_the_best_is_inside():
    assert list_beyond(FIRST, suggestion=1e-3, lowest=1e-2, edge=0.3) == []


def test_beyond_an_end_where_the_best_is_near():
    np.testing.assert_allclose(list_beyond(FIRST, 2e-5, 1e-4, 1e-2), [1e-7, 10**-6.5, 1e-6, 10**-5.5])
    np.testing.assert_allclose(list_beyond(FIRST, 1e-1, 5.0, np.inf), [10**1.5, 100, 10**2.5, 1000])
    assert list_beyond(FIRST, 1e-2, 1e-1, np.inf), "where nothing diverged, the edge is beyond"


def test_the_grid_ends_somewhere():
    wide = 10.0 ** np.arange(LEAST, MOST + 0.1, 0.5)
    assert list_beyond(wide, suggestion=wide[0], lowest=wide[-1], edge=np.inf) == []


def test_finer_steps_around_the_best_and_the_edge():
    found = np.log10(list_between(FIRST, suggestion=1e-3, lowest=1e-2, edge=0.5))
    np.testing.assert_allclose(found, [-3.25, -2.75, -2.25, -1.75, -0.25])


def test_no_finer_steps_twice():
    fine = 10.0 ** np.arange(-5, 1.1, 0.25)
    assert list_between(fine, 1e-3, 1e-2, 0.5) == []
