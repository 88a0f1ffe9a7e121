import numpy as np
import pytest
from matplotlib import pyplot

from sknet_hp.report.display import (
    divide_axes,
    format_thousands,
    label_lines,
    name_axes,
    open_axes,
    set_title,
    spread_apart,
    write_scores,
)
from sknet_hp.search.views.metric import Metric


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


def test_millions_are_named_beside_the_axis():
    _, ax = pyplot.subplots()
    ax.set(xlim=(-2e9, 5e9))
    assert format_thousands(ax.xaxis) == " (millions)"
    assert ax.xaxis.get_major_formatter()(3.5e9) == "3,500"


def test_all_scores_of_an_axis_have_equally_many_decimals():
    _, ax = pyplot.subplots()
    write_scores(ax.yaxis, Metric("neg_log_loss"))
    assert ax.yaxis.get_major_formatter().format_ticks([-0.2, -0.175, -0.15]) == ["0.200", "0.175", "0.150"]
    assert ax.yaxis.get_major_formatter().format_ticks([-30000.0, 0.0]) == ["30,000", "0"]
    assert ax.yaxis.get_major_formatter().format_ticks([-1 / 3]) == ["0.333333"]
    assert ax.yaxis.get_major_formatter().format_ticks([-2e13, -1e13]) == ["2e+13", "1e+13"]


def test_long_names_of_axes_are_wrapped():
    _, ax = pyplot.subplots(figsize=(4, 3))
    name_axes(ax, "word " * 12, "Root mean squared logarithmic error (lower is better)")
    assert ax.get_xlabel().count("\n") >= 1
    assert ax.get_ylabel().endswith("\n(lower is better)")


def test_parts_of_figures_have_titles_too():
    part = pyplot.figure(figsize=(8, 3)).subfigures(1, 2)[0]
    ax = part.subplots()
    set_title(ax, "Title", "word " * 40)
    assert ax.texts[0].get_text().count("\n") >= 3


def test_what_cannot_be_drawn_on_is_refused():
    _, axes = pyplot.subplots(1, 2)
    with pytest.raises(
        TypeError, match="ax must be matplotlib Axes or None, got ndarray; of an array of axes, give one"
    ):
        open_axes(axes, (4, 3))


def test_axes_outside_a_grid_cannot_be_divided():
    with pytest.raises(ValueError, match="cannot be divided; give ax=None"):
        divide_axes(pyplot.figure().add_axes((0, 0, 1, 1)))
