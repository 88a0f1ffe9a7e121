from itertools import pairwise

import numpy as np
import pytest

from sknet_hp.report import colours
from sknet_hp.report.colours import FAINT, INK, MUTED, PAPER, PAPER_AT_NIGHT, SERIES, SERIES_AT_NIGHT, WORDS, get_style

DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
"""Of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)."""


def to_linear(colour):
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def compute_luminance(colour):
    return float(to_linear(colour) @ [0.2126, 0.7152, 0.0722])


def compute_contrast(a, b):
    """The ratio of WCAG 2, from 1 to 21."""
    low, high = sorted([compute_luminance(a), compute_luminance(b)])
    return (high + 0.05) / (low + 0.05)


def to_lab(rgb):
    """CIELAB of linear RGB, white being D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    shares = to_xyz @ rgb / [0.9505, 1.0, 1.089]
    f = np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(("series", "paper"), [(SERIES, PAPER), (SERIES_AT_NIGHT, PAPER_AT_NIGHT)])
def test_series_stand_out_from_the_page_and_neighbours_from_each_other_in_grey(series, paper):
    assert min(compute_contrast(colour, paper) for colour in series) >= 3  # WCAG 2.2, 1.4.11
    assert min(compute_contrast(a, b) for a, b in pairwise(series)) >= 2


@pytest.mark.parametrize("series", [SERIES, SERIES_AT_NIGHT])
def test_series_are_told_apart_without_green(series):
    seen = [to_lab(np.clip(DEUTERANOPIA @ to_linear(colour), 0, 1)) for colour in series]
    distances = [np.linalg.norm(a - b) for k, a in enumerate(seen) for b in seen[k + 1 :]]
    assert min(distances) > 15  # 2.3 is just noticeable


def test_text_can_be_read_and_the_faint_is_faint():
    assert compute_contrast(INK, PAPER) > compute_contrast(MUTED, PAPER) >= 4.5  # WCAG 2.2, 1.4.3
    assert 1.3 < compute_contrast(FAINT, PAPER) < 3


def test_twelve_series_look_different():
    styles = [get_style(number) for number in range(12)]
    assert len({(style.colour, style.line) for style in styles}) == 12
    assert all(a.line != b.line and a.marker != b.marker for a, b in pairwise(styles))
    assert len({style.line for style in styles[:6]}) == 6


def test_scores_get_darker_as_they_rise():
    from matplotlib import colormaps

    rgb = colormaps[colours.SCALE](np.linspace(0, 1, 20))[:, :3]
    lightness = [to_lab(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))[0] for c in rgb]
    assert (np.diff(lightness) < 0).all()


def test_words_in_the_colours_of_series_can_be_read():
    assert set(WORDS) == set(SERIES)
    assert min(compute_contrast(word, PAPER) for word in WORDS.values()) >= 4.5  # WCAG 2.2, 1.4.3
