import numpy as np

from sknet_hp.report.smoothing import smooth_scores

AT = np.linspace(0, 1, 11)[:, None]


def test_a_curve_is_followed():
    points = np.random.default_rng(0).uniform(size=(60, 1))
    surface = smooth_scores(points, np.sin(3 * points[:, 0]), AT)
    assert surface.r2 > 0.95
    assert np.abs(surface.heights - np.sin(3 * AT[:, 0]))[1:-1].max() < 0.1


def test_noise_has_no_surface():
    rng = np.random.default_rng(0)
    surface = smooth_scores(rng.uniform(size=(60, 2)), rng.normal(size=60), rng.uniform(size=(5, 2)))
    assert surface.r2 < 0.1
    assert np.isnan(surface.heights).all()


def test_nothing_is_said_far_from_all_points():
    points = np.linspace(0, 0.3, 40)[:, None]
    heights = smooth_scores(points, points[:, 0], AT).heights
    assert np.isfinite(heights[:3]).all()
    assert np.isnan(heights[-3:]).all()


def test_few_points_and_equal_scores_have_none():
    points = np.linspace(0, 1, 11)[:, None]
    assert np.isnan(smooth_scores(points, points[:, 0], AT).heights).all()
    assert np.isnan(smooth_scores(np.linspace(0, 1, 20)[:, None], np.ones(20), AT).heights).all()
