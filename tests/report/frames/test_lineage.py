import numpy as np
import pytest

from sknet_hp.report.frames.lineage import frame_lineage
from tests.helpers.curves import draw_table
from tests.helpers.populations import ROWS, make_toy_search
from tests.helpers.small_searches import make_curve_search


@pytest.fixture(scope="module")
def search():
    return make_toy_search(interval=8).fit(ROWS, np.zeros(8))


def test_the_winners_line_is_the_schedule(search):
    frame = frame_lineage(search)
    line = frame[frame["winner"]].sort_values("interval")
    schedule = [(row.begin, row.end, {"h0": row.h0, "h1": row.h1}) for row in line.itertuples()]
    assert schedule == search.schedule_
    assert list(dict.fromkeys(line["candidate"])) == search.lineage_


def test_a_copy_comes_from_the_place_where_its_parent_was(search):
    frame = frame_lineage(search)
    copies = frame[frame["parent"] >= 0]
    assert len(copies) == len(set(search.cv_results_["candidate"])) - 8  # all but the first population
    places = frame.set_index(["candidate", "interval"])["member"]
    for row in copies.itertuples():
        assert places[row.parent, row.interval - 1] == row.parent_member
    assert not copies.duplicated("candidate").any()


def test_other_searches_are_refused():
    with pytest.raises(ValueError, match="HalvingSearchCV copies no candidates"):
        frame_lineage(make_curve_search(4).fit(*draw_table()))
