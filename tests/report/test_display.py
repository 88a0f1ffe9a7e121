import numpy as np
from matplotlib import pyplot

from sknet_hp.report.display import format_thousands, label_lines, set_title, spread_apart


def test_heights_keep_their_place_where_there_is_room():
    assert spread_apart([0.1, 0.5, 0.9], 0.1) == [0.1, 0.5, 0.9]


def test_heights_are_moved_apart_and_stay_inside():
    moved = spread_apart([0.5, 0.5, 0.99, 1.0, 1.0], 0.1)
    assert min(np.diff(moved)) > 0.1 - 1e-9
    assert moved[-1] <= 1


def test_more_heights_than_fit_share_what_there_is():
    moved = spread_apart([0.0] * 21, 0.2)
    np.testing.assert_allclose(moved, np.linspace(0, 1, 21), atol=1e-9)
    assert spread_apart([], 0.2) == []


def test_labels_of_lines_do_not_cover_each_other():
    figure, ax = pyplot.subplots(layout="constrained")
    ax.set(xlim=(0, 1), ylim=(0, 100))
    label_lines(ax, [(1, 50, "one", "C0"), (1, 50.1, "two", "C1"), (1, 49, "three", "C2")])
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    bottoms_of_text = [text.get_position()[1] for text in sorted(ax.texts, key=lambda text: text.get_position()[1])]
    assert len(boxes) == 3
    assert min(np.diff(bottoms_of_text)) > 0.06


def test_notes_are_wrapped_to_the_width():
    _, ax = pyplot.subplots(figsize=(4, 3))
    set_title(ax, "Title", "word " * 40)
    lines = ax.texts[0].get_text().splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 4 * 13


def test_thousands_are_separated_where_there_are_any():
    _, ax = pyplot.subplots()
    ax.set(xlim=(0, 5000), ylim=(0, 5))
    format_thousands(ax.xaxis)
    before = ax.yaxis.get_major_formatter()
    format_thousands(ax.yaxis)
    assert ax.xaxis.get_major_formatter()(4000.0) == "4,000"
    assert ax.yaxis.get_major_formatter() is before
