import numpy as np
import pytest
from matplotlib import pyplot

from sknet_hp.report import LineageDisplay
from sknet_hp.report.parameters import ParameterAxis
from tests.helpers.populations import ROWS, make_toy_search


@pytest.fixture(scope="module")
def search():
    return make_toy_search(interval=8).fit(ROWS, np.zeros(8))


def test_the_schedule_of_each_parameter_is_drawn_below(search):
    display = LineageDisplay.from_search(search)
    assert [ax.get_ylabel() for ax in display.axes_[1:]] == ["h0", "h1"]
    [stairs] = display.axes_[1].patches
    values, edges, _ = stairs.get_data()
    assert edges.tolist() == [0, *(end for _, end, _ in search.schedule_)]
    np.testing.assert_allclose(values, [params["h0"] for _, _, params in search.schedule_])


def test_lines_lead_from_those_that_were_copied(search):
    display = LineageDisplay.from_search(search)
    dotted = [line for line in display.ax_.lines if line.get_linestyle() not in ("-", "None")]
    assert len(dotted) == (display.frame["parent"] >= 0).sum()


def test_axes_that_are_given_are_divided(search):
    figure, (ax, other) = pyplot.subplots(1, 2)
    display = LineageDisplay.from_search(search, ax=ax)
    assert display.figure_ is figure
    assert not ax.axison
    assert display.axes_[0].get_position().x1 <= other.get_position().x0


def test_a_population_that_failed_says_so(search):
    display = LineageDisplay.from_search(search)
    display.frame["score"] = np.nan
    with pytest.raises(ValueError, match="all candidates of this search failed"):
        display.plot()


def test_what_is_not_seen_is_told(search):
    display = LineageDisplay.from_search(search)
    rest = display.frame.index[~display.frame["winner"]]
    display.frame["score"] = np.linspace(0.8, 0.9, len(display.frame))
    display.frame.loc[rest[0], ["score", "failed"]] = [np.nan, True]
    display.frame.loc[rest[1], "score"] = -1e9
    note = display.plot().ax_.texts[-1].get_text().replace("\n", " ")
    assert note.endswith("Below the axis: 1 score. Failed: 1.")


def test_long_names_of_parameters_leave_less_room_to_the_note(search):
    frame = LineageDisplay.from_search(search).frame.assign(long=0.5)
    axes = [ParameterAxis("long", "a_name_of_a_parameter_that_is_long", "linear")]
    display = LineageDisplay(frame, axes).plot()
    display.figure_.draw_without_rendering()
    note = display.ax_.texts[-1].get_window_extent(display.figure_.canvas.get_renderer())
    assert note.x1 <= display.figure_.bbox.x1
