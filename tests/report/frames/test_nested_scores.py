import numpy as np
import pytest

from sknet_hp.report.frames.nested_scores import make_nested_scores_frame
from tests.helpers.evaluations import evaluate_classes


@pytest.fixture(scope="module")
def evaluation():
    return evaluate_classes(n_repeats=2)


def test_each_fold_has_a_row_with_mean_and_interval(evaluation):
    frame = make_nested_scores_frame(evaluation)
    assert frame["outer"].tolist() == evaluation.outer_scores.tolist()
    assert frame[["repeat", "fold"]].to_numpy().tolist() == [[r, f] for r in range(2) for f in range(3)]
    assert set(frame["model"]) == {"estimator"}
    assert frame["inner"].isna().all()
    assert (frame["low"].iloc[0], frame["high"].iloc[0]) == evaluation.interval()
    assert frame["mean"].iloc[0] == evaluation.mean


def test_baselines_stand_below(evaluation):
    frame = make_nested_scores_frame(evaluation, None, {"linear": evaluate_classes()}, "network")
    assert frame["model"].value_counts(sort=False).to_dict() == {"network": 6, "linear": 3}


def test_baselines_need_the_metric_and_a_name_of_their_own(evaluation):
    with pytest.raises(ValueError, match="a baseline has the name of the evaluated model"):
        make_nested_scores_frame(evaluation, None, {"estimator": evaluation})
    other = evaluate_classes()
    other.metrics = ["f1"]
    with pytest.raises(ValueError, match="the baseline 'linear' was scored by"):
        make_nested_scores_frame(evaluation, None, {"linear": other})


def test_an_evaluation_without_scores_is_refused():
    evaluation = evaluate_classes()
    for outcome in evaluation.outcomes:
        outcome.scores = dict.fromkeys(outcome.scores, np.nan)
    with pytest.raises(ValueError, match="no outer fold has a"):
        make_nested_scores_frame(evaluation)
