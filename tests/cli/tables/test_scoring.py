import numpy as np
import pytest
from sklearn.metrics import f1_score

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tables.problem import pose_problem
from sknet_hp.cli.tables.scoring import SHORT, choose_scoring


@pytest.fixture
def pose(table):
    def pose_with(labels):
        values = np.array(labels)[(table.index % 3 == 0).astype(int)]
        return pose_problem(table.drop(columns="label").assign(goal=values), "goal")

    return pose_with


def test_usual_scorers(pose, table):
    assert choose_scoring(pose(["no", "yes"]), None).name == "accuracy"
    assert choose_scoring(pose_problem(table, "amount"), None).scorer == "r2"


@pytest.mark.parametrize(
    ("labels", "positive", "taken", "note"),
    [
        (["no", "yes"], None, "yes", "f1 is computed for the class 'yes' of 'goal' (the rarer one)"),
        (["no", "yes"], "no", "no", ""),
        ([0, 1], None, None, ""),
        ([2, 1], None, None, "the class '1' of 'goal' (scikit-learn's choice)"),
        ([1, 2], "2", 2, ""),
        ([False, True], None, None, ""),
    ],
)
def test_which_class_is_scored(pose, labels, positive, taken, note):
    problem = pose(labels)
    scoring = choose_scoring(problem, "f1", positive)
    assert scoring.positive == taken
    assert note in scoring.note
    assert bool(note) == bool(scoring.note)
    if taken is not None:
        predicted = np.full(len(problem.y), taken, dtype=problem.y.dtype)
        scorer = scoring.scorer
        score = scorer._score_func(problem.y, predicted, **scorer._kwargs)
        assert score == f1_score(problem.y == taken, predicted == taken)


@pytest.mark.parametrize(
    ("labels", "scoring", "positive", "says"),
    [
        (["no", "yes"], "f1", "Yes", r"not a class of 'goal' \(did you mean 'yes'\?\): give 'no', 'yes'"),
        (["no", "yes"], "accuracy", "yes", "has no effect with --scoring accuracy, which scores both classes"),
        (["no", "yes"], None, "yes", "has no effect with --scoring accuracy"),
    ],
)
def test_classes_that_can_not_be_scored(pose, labels, scoring, positive, says):
    with pytest.raises(BadInput, match=says):
        choose_scoring(pose(labels), scoring, positive)


def test_numbers_have_no_class(table):
    with pytest.raises(BadInput, match=r"needs a target with two classes, and 'amount' is a number"):
        choose_scoring(pose_problem(table, "amount"), "r2", "1")


def test_short_names_are_those_of_scorers():
    from sklearn.metrics import get_scorer_names

    assert set(SHORT.values()) <= set(get_scorer_names())
    assert not set(SHORT) & set(get_scorer_names())
