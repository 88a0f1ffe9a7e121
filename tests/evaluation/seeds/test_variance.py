import numpy as np
import pytest
from scipy import stats

from sknet_hp.evaluation.seeds.variance import (
    compute_noise_threshold,
    compute_seed_noise,
    count_seeds_needed,
    decompose_variance,
)


def test_components_are_found_again():
    rng = np.random.default_rng(0)
    found = [
        decompose_variance(rng.normal(0, 2, (20, 1)) + rng.normal(0, 3, (1, 20)) + rng.normal(0, 1, (20, 20)))
        for _ in range(300)
    ]
    assert np.mean([each.seed for each in found]) == pytest.approx(4, rel=0.1)
    assert np.mean([each.split for each in found]) == pytest.approx(9, rel=0.1)
    assert np.mean([each.seed_in_split for each in found]) == pytest.approx(1, rel=0.05)


def test_components_by_hand():
    """Mean squares: seeds 2 · 2 = 4 · 0.5, splits 2 · 0.5, residual 0."""
    parts = decompose_variance([[1.0, 2.0], [3.0, 4.0]])
    assert (parts.seed, parts.split, parts.seed_in_split) == pytest.approx((2, 0.5, 0))
    assert (parts.share_of_seeds, parts.share_of_splits) == pytest.approx((0.8, 0.2))


def test_the_residual_belongs_to_seeds():
    parts = decompose_variance([[1.0, 0.0], [0.0, 1.0]])
    assert (parts.seed, parts.split) == (0, 0)
    assert parts.share_of_seeds == 1


def test_nothing_varies():
    parts = decompose_variance(np.full((3, 4), 0.1 + 0.2))
    assert (parts.total, parts.share_of_seeds, parts.share_of_splits) == (0, 0, 0)
    assert compute_seed_noise(np.full((3, 4), 0.1 + 0.2)) == 0
    assert count_seeds_needed(0.0, 0.01) == 2


def test_seeds_without_effect():
    parts = decompose_variance([[0.7, 0.8, 0.9]] * 4)
    assert (parts.seed, parts.seed_in_split, parts.share_of_splits) == (0, 0, 1)


def test_seeds_needed_is_the_smallest_number():
    n = count_seeds_needed(0.02, 0.005)
    half = [stats.t.ppf(0.975, m - 1) * 0.02 / m**0.5 for m in (n - 1, n)]
    assert half[1] <= 0.005 < half[0]


def test_two_runs_of_the_same_seldom_exceed_the_threshold():
    rng = np.random.default_rng(0)
    exceeded = []
    for _ in range(2000):
        sd = compute_seed_noise(rng.normal(0, 0.02, (10, 1)))
        gap = abs(rng.normal(0, 0.02, 4).mean() - rng.normal(0, 0.02, 4).mean())
        exceeded.append(gap > compute_noise_threshold(sd, 9, n_seeds=4, confidence=0.95))
    assert np.mean(exceeded) == pytest.approx(0.05, abs=0.015)


def test_bad_input():
    with pytest.raises(ValueError, match=r"two or more seeds as rows .* got shape \(1, 5\)"):
        decompose_variance(np.ones((1, 5)))
    with pytest.raises(ValueError, match="score of seed 1 in split 0 is nan"):
        decompose_variance([[1, 2], [np.nan, 3]])
    with pytest.raises(ValueError, match="half_width must be positive"):
        count_seeds_needed(0.1, 0)
    with pytest.raises(ValueError, match="more than 1,000,000 seeds"):
        count_seeds_needed(0.1, 1e-9)
