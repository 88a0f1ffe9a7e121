"""What values metrics can have."""

from math import inf

import numpy as np
import pytest
from sklearn.metrics import get_scorer, get_scorer_names

from sknet_hp.evaluation.ranges import find_range, limit_interval


@pytest.mark.parametrize(
    ("metric", "bounds"),
    [
        ("roc_auc_ovr", (0, 1)),
        ("r2", (-inf, 1)),
        ("neg_log_loss", (-inf, 0)),
        ("AUC", (0, 1)),
        ("my_metric", (-inf, inf)),
    ],
)
def test_by_name(metric, bounds):
    assert find_range(metric) == bounds


def test_intervals_end_where_their_metric_does():
    assert limit_interval("accuracy", -0.1, 1.2) == (0, 1)
    assert limit_interval("neg_log_loss", -0.5, 0.1) == (-0.5, 0)
    assert limit_interval("accuracy", 91.0, 99.0) == (91, 99)  # a percentage
    assert limit_interval("my_metric", -0.5, 1.2) == (-0.5, 1.2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("name", sorted(get_scorer_names()))
def test_scores_of_scikit_learn_are_inside(name):
    """Of a perfect prediction, the greatest there is."""
    scorer = get_scorer(name)
    low, high = find_range(name)
    assert scorer._sign == 1 or high <= 0
    y = np.array([0, 1, 0, 1])
    try:
        best = scorer._sign * scorer._score_func(y, y.astype(float) if "d2" in name or "log" in name else y)
    except (ValueError, TypeError):
        return  # of other kinds of targets
    assert np.isnan(best) or low <= best <= high
