"""Rates that are read off curves whose answers are known."""

import numpy as np
import pytest

from sknet_hp.tuning.learning_rate.suggestions import (
    MOST_OF_DROP,
    TOLERANCE,
    compute_tolerance,
    find_valley,
    read_sweep,
    smooth_exponentially,
    smooth_losses,
)

RATES = 10.0 ** np.arange(-5, 1.01, 0.25)
DECADES = np.log10(RATES)


def draw_valley(lowest, width=1.0, floor=0.2, chance=1.0, n_rows=1000):
    """A parabola in decades, up to chance."""
    return np.minimum(floor + (chance - floor) * ((DECADES - lowest) / width) ** 2, chance)


def test_the_rates_of_a_valley():
    read = read_sweep(RATES, draw_valley(-2.0), draw_valley(-2.0), chance=1.0, n_rows=1000)
    assert read.tenth_of_lowest == pytest.approx(1e-3, rel=0.15)
    # The suggestion is below the lowest by what the tolerance allows: 0.04 · 0.2 of a height of 0.8.
    assert np.log10(read.suggestion) == pytest.approx(-2 - np.sqrt(0.04 * 0.2 / 0.8), abs=0.08)
    assert np.log10(read.edge_of_divergence) == pytest.approx(-2 + np.sqrt(0.5), abs=0.1)
    assert -3 < np.log10(read.steepest) < -2.5


def test_on_a_plateau_the_smaller_rate_is_suggested():
    losses = np.where(DECADES < -4, 1.0, np.where(DECADES > -1, 1.0, 0.5))
    read = read_sweep(RATES, losses, losses, chance=1.0, n_rows=1000)
    assert -4.1 < np.log10(read.suggestion) < -3.4


def test_a_lucky_rate_does_not_decide():
    losses = draw_valley(-2.0)
    losses[np.argmin(np.abs(DECADES - 0.25))] = 0.19
    read = read_sweep(RATES, losses, losses, chance=1.0, n_rows=1000)
    assert np.log10(read.suggestion) < -1.9


def test_explosions_count_as_chance():
    losses = draw_valley(-2.0)
    exploded = np.where(DECADES > -1, np.inf, losses)
    exploded[-1] = np.nan
    assert read_sweep(RATES, exploded, exploded, 1.0, 1000) == read_sweep(RATES, losses, losses, 1.0, 1000)


def test_nothing_is_read_where_nothing_was_learned():
    assert read_sweep(RATES, np.full(len(RATES), 1.0), np.full(len(RATES), 1.0), chance=0.9, n_rows=1000) is None


def test_no_edge_without_divergence():
    losses = np.maximum(draw_valley(-1.0), 0.2)
    losses[DECADES > -1] = 0.2
    assert read_sweep(RATES, losses, losses, chance=1.0, n_rows=1000).edge_of_divergence == np.inf


def test_rates_need_not_be_even():
    uneven = np.sort(np.append(RATES, [2e-3, 3e-3, 4e-3]))
    losses = np.interp(np.log10(uneven), DECADES, draw_valley(-2.0))
    even = smooth_losses(RATES, draw_valley(-2.0), 1.0)
    np.testing.assert_allclose(smooth_losses(uneven, losses, 1.0).losses, even.losses, rtol=0.02)


def test_the_tolerance_is_never_most_of_what_was_gained():
    assert compute_tolerance(0.5, 1.0, 1000) == TOLERANCE * 0.5
    assert compute_tolerance(0.5, 0.51, 1000) == pytest.approx(MOST_OF_DROP * 0.01)
    assert compute_tolerance(-3.0, 1.0, 1000) == TOLERANCE * 4, "a loss that may be negative has no share"


def test_where_nearly_all_is_learned_the_rate_is_not_the_luckiest():
    # rates from 1e-3 on learn all but a trace, and the largest of them happens to leave least
    losses = np.where(DECADES < -3, 1.0, 0.004) - 0.003 * (np.abs(DECADES - 0) < 0.3)
    assert read_sweep(RATES, losses, losses, chance=1.0, n_rows=100_000).suggestion > 0.1
    assert read_sweep(RATES, losses, losses, chance=1.0, n_rows=40).suggestion < 1e-2


def test_exponential_smoothing_begins_with_the_first_loss():
    np.testing.assert_allclose(smooth_exponentially(np.full(5, 3.0)), 3.0)
    np.testing.assert_allclose(smooth_exponentially(np.array([1.0, 2.0]), beta=0.5), [1.0, (0.25 + 1.0) / 0.75])


@pytest.mark.parametrize(
    ("losses", "step"),
    [
        ([5, 4, 3, 2, 1], 2),
        ([1, 2, 3, 9, 8, 7, 6, 5, 10], 5),  # the longest fall goes from 9 to 5
        ([5, 9, 4, 9, 3, 9, 2, 9, 1], 4),  # steps between do not break a fall
    ],
)
def test_the_valley_is_the_middle_of_the_longest_fall(losses, step):
    assert find_valley(np.array(losses, dtype=float)) == step
