"""What the result of a nested cross-validation says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, KFold

from sknet_hp.evaluation import corrected_interval
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.running.data import Split, read_data
from sknet_hp.evaluation.running.outcome import Outcome

X, y = np.zeros((6, 1)), np.array(["a", "b", "c"] * 2)
SPLITS = [
    Split(0, 0, np.array([2, 3, 4, 5]), np.array([0, 1])),
    Split(0, 1, np.array([0, 1, 4, 5]), np.array([2, 3])),
    Split(0, 2, np.array([0, 1, 2, 3]), np.array([4, 5])),
]


def make_outcome(score, inner, params, classes="abc"):
    n = len(classes)
    return Outcome(
        {"accuracy": score},
        4,
        2,
        predictions=np.array(["a", "b"]),
        probabilities=np.full((2, n), 1 / n),
        classes=np.array(list(classes)),
        inner_score=inner,
        params=params,
        curves={"epoch": np.arange(3), "valid_loss": np.ones(3)},
        model="a model",
    )


OUTCOMES = [
    make_outcome(0.8, 0.9, {"lr": 0.1, "depth": 1}),
    make_outcome(0.6, 0.7, {"lr": 0.1, "depth": 2}, "ab"),
    make_outcome(0.7, 0.95, {"lr": 0.1, "depth": 3}),
]
FAILED = Outcome({"accuracy": np.nan}, 4, 2, error="Traceback …\nRuntimeError: broken")


def make_result(outcomes=OUTCOMES, metrics=("accuracy",), **more):
    return NestedResult("a search", read_data(X, y), SPLITS, outcomes, metrics, "accuracy", **more)


def test_numbers():
    result = make_result()
    assert result.outer_scores.tolist() == [0.8, 0.6, 0.7]
    assert result.mean == pytest.approx(0.7)
    assert result.std == pytest.approx(0.1)
    assert result.interval(0.5) == corrected_interval([0.8, 0.6, 0.7], 4, 2, 0.5)
    assert result.interval(0.999) == (0, 1)  # what an accuracy can be
    assert result.optimism == pytest.approx(0.15)


def test_several_metrics_are_dicts():
    outcomes = [Outcome({"accuracy": 0.5 + k / 10, "roc_auc": 0.9}, 4, 2) for k in range(3)]
    result = make_result(outcomes, ["accuracy", "roc_auc"])
    assert result.outer_scores["roc_auc"].tolist() == [0.9] * 3
    assert result.mean == {"accuracy": pytest.approx(0.6), "roc_auc": pytest.approx(0.9)}
    assert result.interval()["roc_auc"] == (pytest.approx(0.9), pytest.approx(0.9))
    assert result.interval(metric="roc_auc") == result.interval()["roc_auc"]


def test_predictions_are_of_all_rows_and_classes():
    predictions = make_result().predictions
    assert predictions.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert predictions.y.tolist() == y.tolist()
    assert predictions.fold.tolist() == [0, 0, 1, 1, 2, 2]
    assert predictions.probability_c.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 0, 1 / 3, 1 / 3])


def test_tables():
    result = make_result()
    assert result.table["param_depth"].tolist() == [1, 2, 3]
    assert result.table["inner_score"].tolist() == [0.9, 0.7, 0.95]
    assert result.curves["outer_fold"].tolist() == [0] * 3 + [1] * 3 + [2] * 3


def test_numbers_without_optimism_say_so():
    same = [make_outcome(score, score, {"lr": 0.1}) for score in (0.5, 0.6, 0.7)]
    assert "the same as on unseen rows" in make_result(same).summary()


def test_summary_says_what_a_reader_needs():
    summary = make_result().summary()
    assert max(map(len, summary.splitlines())) <= 88
    text = " ".join(summary.split())
    assert "accuracy: 0.7000, 95 % interval" in text
    assert "report 0.8500 (accuracy) on the folds inside their training rows, 0.1500 higher than on unseen rows" in text
    assert "lr: 0.1 in all 3" in text
    assert "depth: from 1 to 3" in text
    assert "<table" in make_result()._repr_html_()


def test_one_repeat_says_what_more_would_bring():
    assert "n_repeats=5" in make_result().summary()
    repeated = [split._replace(repeat=repeat) for repeat in (0, 1) for split in SPLITS]
    result = NestedResult("a search", read_data(X, y), repeated, [*OUTCOMES, *OUTCOMES], ["accuracy"], "accuracy")
    assert "n_repeats" not in result.summary()


@pytest.mark.parametrize("cv", [KFold(3), GroupKFold(3), [(np.arange(4), np.arange(4, 6))]])
def test_what_can_not_be_repeated_is_not_advised_to_be(cv):
    result = make_result()
    result.settings["cv"] = cv
    assert "n_repeats" not in result.summary()


def test_random_splits_are_not_called_wider_than_necessary():
    overlapping = [split._replace(test=SPLITS[0].test) for split in SPLITS]
    result = NestedResult("a search", read_data(X, y), overlapping, OUTCOMES, ["accuracy"], "accuracy")
    assert "wider" not in result.summary()
    in_time = [Split(0, k, np.arange(k + 2), np.array([k + 2])) for k in range(3)]
    result = NestedResult("a search", read_data(X, y), in_time, OUTCOMES, ["accuracy"], "accuracy")
    assert "n_repeats" not in result.summary(), "rows have one order only"


def test_partial_results_say_so():
    result = make_result([OUTCOMES[0], FAILED, None], stopped="time_budget")
    assert result.mean == 0.8
    assert np.isnan(result.interval()).all()
    assert result.statuses == ["done", "failed", "not finished"]
    assert "1 of 3 outer folds failed" in result.summary()
    assert "not finished (the time was used up)" in result.summary()
    assert repr(result).startswith("NestedResult(1 of 3 outer folds, accuracy 0.8000")


@pytest.mark.parametrize(("target", "name"), [(y, ""), (pd.Series(y, name="species"), "species"), (pd.Series(y), "")])
def test_the_target_has_the_name_of_its_series(target, name):
    assert NestedResult("a search", read_data(X, target), SPLITS, OUTCOMES, ["accuracy"], None).target_name == name


def test_no_numbers_are_from_others_where_there_are_none():
    result = NestedResult("a search", read_data(X, y), SPLITS, [None] * 3, ["accuracy"], "accuracy", "interrupted")
    assert "3 of 3 outer folds were not finished (it was interrupted).\n" in f"{result.summary()}\n"
