from sknet_hp.report.frames.parallel_coordinates import frame_candidates
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import make_curve_search

X, y = draw_table()


def test_each_candidate_has_a_row_of_where_it_ended_and_the_best_come_last():
    search = make_curve_search(9).fit(X, y)
    frame = frame_candidates(search)
    assert sorted(frame["candidate"]) == list(range(9))
    assert frame["score"].is_monotonic_increasing
    results = search.cv_results_
    for row in frame.itertuples():
        rows = results["candidate"] == row.candidate
        assert row.resource == results["n_resources"][rows].max()
        assert row.score == results["mean_test_score"][rows][-1]
    assert frame.loc[frame["best"], "index"].tolist() == [search.best_params_["index"]]
