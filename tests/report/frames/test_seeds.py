import numpy as np
import pytest

from sknet_hp.report.frames.seeds import find_extremes, make_seeds_frame, make_variance_frame
from tests.helpers.seeds import make_seeds_result


def test_each_seed_has_a_row_in_each_split():
    result = make_seeds_result()
    frame = make_seeds_frame(result)
    assert frame["score"].tolist() == result.get_scores().ravel().tolist()
    assert frame.groupby("seed", sort=False)["mean"].first().tolist() == result.by_seed["accuracy"].tolist()
    assert make_seeds_frame(result, "neg_log_loss")["score"].max() < 0


def test_parts_of_the_variance_are_those_of_the_result():
    result = make_seeds_result()
    frame = make_variance_frame(result)
    parts = result.components["accuracy"]
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["share"].iloc[0] == pytest.approx(parts.share_of_splits)
    assert frame["share"].iloc[1:].sum() == pytest.approx(parts.share_of_seeds)
    np.testing.assert_allclose(frame["sd"] ** 2, frame["variance"])


def test_where_nothing_varies_there_are_no_parts_and_no_extremes():
    same = make_seeds_result(np.full((3, 4), 0.8))
    assert len(make_variance_frame(same)) == 0
    assert find_extremes(make_seeds_frame(same)) == {}
    assert len(make_variance_frame(make_seeds_result(np.array([[0.8], [0.9]])))) == 0  # a single split


def test_extremes_are_by_the_mean():
    scores = np.array([[0.9, 0.1], [0.6, 0.6], [0.2, 0.3]])
    assert find_extremes(make_seeds_frame(make_seeds_result(scores))) == {"best": 1, "worst": 2}


def test_what_is_no_result_is_refused():
    with pytest.raises(TypeError, match="repeat_over_seeds is needed, got list"):
        make_seeds_frame([])
