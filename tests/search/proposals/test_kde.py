"""BOHB's densities: a plain reference, kernel by kernel, and what sampling promises."""

import math

import numpy as np
import pytest
from scipy import stats

from sknet_hp.search.proposals.kde import KDE, impute, log_ratio

rng = np.random.default_rng(0)
LEVELS = np.array([0, 3, 0, 2])
DATA = np.column_stack(
    [rng.uniform(size=12), rng.integers(3, size=12), rng.beta(5, 2, size=12), rng.integers(2, size=12)]
)
POINTS = np.column_stack([rng.uniform(size=7), rng.integers(3, size=7), rng.uniform(size=7), rng.integers(2, size=7)])


def plain_density(point, data, levels, bandwidths):
    """Sums and products, as the definition has them."""
    total = 0.0
    for datum in data:
        product = 1.0
        for x, x_i, L, h in zip(point, datum, levels, bandwidths, strict=True):
            if L:
                product *= 1 - h if x == x_i else h / (L - 1)
            else:
                product *= math.exp(-0.5 * ((x - x_i) / h) ** 2) / (h * math.sqrt(2 * math.pi))
        total += product
    return total / len(data)


def test_density_is_that_of_the_plain_reference():
    kde = KDE(DATA, LEVELS)
    reference = [plain_density(point, DATA, LEVELS, kde.bandwidths) for point in POINTS]
    np.testing.assert_allclose(np.exp(kde.log_density(POINTS)), reference, rtol=1e-12)


def test_bandwidths_are_the_normal_reference():
    n, d = DATA.shape
    bandwidths = KDE(DATA, LEVELS).bandwidths
    for j in (0, 2):
        mean = sum(DATA[:, j]) / n
        sigma = math.sqrt(sum((x - mean) ** 2 for x in DATA[:, j]) / n)
        assert bandwidths[j] == pytest.approx(1.06 * sigma * n ** (-1 / (4 + d)))


def test_one_coordinate_is_scipys_density():
    data = DATA[:, :1]
    kde = KDE(data, np.array([0]))
    scipys = stats.gaussian_kde(data[:, 0], bw_method=kde.bandwidths[0] / data[:, 0].std(ddof=1))
    np.testing.assert_allclose(np.exp(kde.log_density(POINTS[:, :1])), scipys(POINTS[:, 0]), rtol=1e-10)


def test_a_kernel_over_choices_sums_to_one():
    kde = KDE(DATA[:, 1:2], np.array([3]))
    assert np.exp(kde.log_density(np.arange(3.0)[:, None])).sum() == pytest.approx(1)


def test_bandwidths_have_bounds():
    same = np.full((9, 2), [0.5, 1.0])
    assert list(KDE(same, np.array([0, 4])).bandwidths) == [1e-3, 1e-3]
    far_apart = np.array([[0.0], [9.0]] * 5)
    assert KDE(far_apart, np.array([10])).bandwidths[0] == 0.9
    assert np.exp(KDE(far_apart, np.array([10])).log_density(np.arange(10.0)[:, None])) == pytest.approx(0.1)


def test_many_narrow_coordinates_do_not_overflow():
    data = np.full((300, 200), 0.5)
    kde = KDE(data, np.zeros(200, int))
    assert np.isfinite(log_ratio(kde, KDE(1 - data / 2, np.zeros(200, int)), data[:2])).all()


def test_samples_are_truncated_normals_about_a_datum():
    kde = KDE(np.array([[0.9], [0.9]]), np.array([0]), min_bandwidth=0.1)
    samples = kde.sample(4000, np.random.RandomState(0), bandwidth_factor=3)[:, 0]
    assert samples.min() >= 0
    assert samples.max() <= 1
    scale = 3 * 0.1
    assert stats.kstest(samples, stats.truncnorm(-0.9 / scale, 0.1 / scale, loc=0.9, scale=scale).cdf).pvalue > 0.01


def test_sampled_choices_are_kept_or_drawn_from_all():
    kde = KDE(np.array([[2.0]] * 5), np.array([4]), min_bandwidth=0.4)
    samples = kde.sample(8000, np.random.RandomState(0))[:, 0]
    shares = np.bincount(samples.astype(int), minlength=4) / 8000
    np.testing.assert_allclose(shares, [0.1, 0.1, 0.7, 0.1], atol=0.02)


def test_ratio_prefers_where_the_good_are():
    good, bad = KDE(np.full((5, 1), 0.2), np.array([0]), 0.1), KDE(np.full((5, 1), 0.8), np.array([0]), 0.1)
    assert np.argmin(log_ratio(good, bad, np.array([[0.8], [0.25], [0.5]]))) == 1
    # Far from both the densities count as 1e-32, so that 0 / 0 promises nothing.
    assert log_ratio(good, bad, np.array([[50.0]])) == 0


def test_imputation_takes_what_another_row_has_in_that_place():
    data = np.array([[0, 0.25, np.nan], [1, np.nan, 2], [1, np.nan, 1], [0, 0.75, np.nan]])
    filled = impute(data, np.array([2, 0, 3]), np.random.RandomState(0))
    assert np.array_equal(filled[~np.isnan(data)], data[~np.isnan(data)])
    assert set(filled[[1, 2], 1]) <= {0.25, 0.75}
    assert set(filled[[0, 3], 2]) <= {1, 2}
    assert np.isnan(data).sum() == 4, "the data are left as they were"


def test_imputation_of_what_no_row_has_is_a_valid_value():
    filled = impute(np.full((20, 2), np.nan), np.array([3, 0]), np.random.RandomState(0))
    assert set(filled[:, 0]) == {0, 1, 2}
    assert ((filled[:, 1] >= 0) & (filled[:, 1] <= 1)).all()
    assert len(set(filled[:, 1])) > 1
