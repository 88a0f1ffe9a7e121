import numpy as np
import pandas as pd
import pytest

from sknet_hp.report.frames.range_test import frame_range_test
from tests.helpers.range_tests import make_result


def test_seeds_are_summarised_without_those_that_diverged():
    result = make_result(losses={0.01: [1.0, 3.0], 0.1: [2.0, np.inf], 1.0: [np.inf, np.inf]})
    frame = frame_range_test(result).set_index("rate")
    assert frame.loc[0.01, ["mean", "low", "high", "n"]].tolist() == [2.0, 1.0, 3.0, 2]
    assert frame.loc[0.1, ["mean", "low", "high", "n"]].tolist() == [2.0, 2.0, 2.0, 1]
    assert frame.loc[1.0, "n"] == 0
    assert frame["smooth"].tolist()[:2] == result.curve["loss"].tolist()[:2]


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="the result of find_lr is needed, got DataFrame"):
        frame_range_test(pd.DataFrame())
