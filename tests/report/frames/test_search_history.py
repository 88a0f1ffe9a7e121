from types import SimpleNamespace

import numpy as np

from sknet_hp.report.frames.search_history import frame_history, list_stages, name_stages
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


def test_stages_of_guided_tuning_are_numbered_as_the_search_does():
    """Some stages try nothing: their numbers are left out, not given to others."""
    search = make_curve_search(4).fit(X, y)
    search.cv_results_ = {"params": [{}] * 4, "mean_test_score": np.arange(4.0)}
    search.cv_results_["stage"] = np.array(["untuned", "rate", "rate", "close"], dtype=object)
    search.best_index_ = 3
    search.stages_ = [SimpleNamespace(stage=name) for name in ("prototype", "untuned", "rate", "close")]
    stages = list_stages(frame_history(search))
    assert stages["number"].tolist() == [2, 3, 4]
    assert stages[["begin", "end"]].to_numpy().tolist() == [[0.5, 1.5], [1.5, 3.5], [3.5, 4.5]]
    assert name_stages(stages) == "Stages: (2)\u00a0untuned, (3)\u00a0rate, (4)\u00a0close."
    del search.stages_  # a record of a journal, which knows rows alone
    assert list_stages(frame_history(search))["number"].tolist() == [1, 2, 3]


def test_other_searches_have_no_stages():
    stages = list_stages(frame_history(make_curve_search(4).fit(X, y)))
    assert len(stages) == 0
    assert name_stages(stages) == ""
