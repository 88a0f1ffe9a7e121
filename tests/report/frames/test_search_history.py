import numpy as np

from sknet_hp.report.frames.search_history import frame_history
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import make_curve_search

X, y = draw_table()


def test_the_best_so_far_ends_at_what_the_search_reports():
    search = make_curve_search(9).fit(X, y)
    frame = frame_history(search)
    assert frame["best_so_far"].iloc[-1] == search.best_score_
    assert frame["order"].tolist() == list(range(1, len(frame) + 1))


def test_scores_of_less_do_not_count_once_there_is_more():
    search = make_curve_search(4).fit(X, y)
    scores, resources = [0.5, 0.9, np.nan, 0.6, 0.95, 0.7], [1, 1, 1, 3, 1, 3]
    search.cv_results_ = {
        "params": [{}] * 6,
        "mean_test_score": np.array(scores),
        "n_resources": np.array(resources),
    }
    search.best_index_ = 5
    assert frame_history(search)["best_so_far"].tolist() == [0.5, 0.9, 0.9, 0.6, 0.6, 0.7]


def test_the_untuned_network_is_found():
    search = make_curve_search(4)
    search.estimator.index = 2
    frame = frame_history(search.fit(X, y))
    assert set(frame.loc[frame["untuned"], "candidate"]) == {
        number for number, params in zip(search.cv_results_["candidate"], search.cv_results_["params"], strict=True)
        if params["index"] == 2
    }  # fmt: skip
