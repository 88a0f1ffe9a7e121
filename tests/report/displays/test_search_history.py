import numpy as np
import pytest

from sknet_hp.report import SearchHistoryDisplay
from sknet_hp.report.scales import find_floor
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import make_curve_search

X, y = draw_table()


@pytest.fixture(scope="module")
def search():
    return make_curve_search(9).fit(X, y)


def count_points(ax, marker_is_edge=False):
    return sum(len(each.get_offsets()) for each in ax.collections)


def test_all_scores_and_the_best_are_drawn(search):
    display = SearchHistoryDisplay.from_search(search)
    n_low = int((display.frame["score"] < find_floor(display.frame["score"])).sum())
    assert count_points(display.ax_) == len(display.frame) + 1  # a star
    texts = " ".join(text.get_text().replace("\n", " ") for text in display.ax_.texts)
    assert display.frame["untuned"].any()
    assert f"best #{search.cv_results_['candidate'][search.best_index_]}" in texts
    assert ("far below" in texts) == bool(n_low)
    assert "among those with the most epochs so far" in texts


def test_the_legend_names_rungs(search):
    legend = SearchHistoryDisplay.from_search(search).ax_.get_legend()
    untuned, *rungs = [text.get_text() for text in legend.get_texts()]
    assert untuned.startswith("untuned: 0.")
    assert rungs == ["3 epochs", "9 epochs", "27 epochs"]


def test_what_scores_far_worse_does_not_press_the_rest_flat(search):
    display = SearchHistoryDisplay.from_search(search)
    display.frame.loc[0, "score"] = -1e6
    display.plot()
    assert display.ax_.get_ylim()[0] > -100
    assert "1 far below (▾)" in display.ax_.texts[-1].get_text().replace("\n", " ")


def test_errors_are_positive_and_less_of_them_is_above(search):
    display = SearchHistoryDisplay(SearchHistoryDisplay.from_search(search).frame, score="neg_mean_absolute_error")
    display.plot()
    assert display.ax_.get_ylabel() == "Mean absolute error (lower is better)"
    assert display.ax_.yaxis.get_major_formatter()(-1500.0, 0) == "1,500"
    assert display.ax_.get_ylim()[0] < display.ax_.get_ylim()[1]


def test_failed_candidates_are_counted_and_marked(search):
    display = SearchHistoryDisplay.from_search(search)
    display.frame.loc[0, ["score", "failed"]] = [np.nan, True]
    display.plot()
    assert "1 failed (×)" in display.ax_.texts[-1].get_text().replace("\n", " ")


def test_a_search_in_which_all_failed_says_so(search):
    display = SearchHistoryDisplay.from_search(search)
    display.frame["score"] = np.nan
    with pytest.raises(ValueError, match="all candidates of this search failed"):
        display.plot()


def test_stages_of_guided_tuning_are_marked(search):
    frame = SearchHistoryDisplay.from_search(search).frame
    half = len(frame) // 2
    frame["stage"] = np.where(frame["order"] <= half, "learning rate", "schedule")
    frame["stage_number"] = np.where(frame["order"] <= half, 1, 2)
    ax = SearchHistoryDisplay(frame).plot().ax_
    assert {"1", "2"} <= {text.get_text() for text in ax.texts}
    assert "(2)\u00a0schedule" in ax.texts[-1].get_text().replace("\n", " ")
