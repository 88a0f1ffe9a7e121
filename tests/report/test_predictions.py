import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV

from sknet_hp import NetClassifier
from sknet_hp.evaluation import nested_cross_validate, read_journal
from sknet_hp.report import (
    CalibrationDisplay,
    ComparisonDisplay,
    ConfusionMatrixDisplay,
    NestedScoresDisplay,
    ResidualsDisplay,
)
from sknet_hp.report.predictions import read_estimator, read_evaluation
from tests.helpers.evaluations import evaluate_classes, evaluate_numbers

SEARCH = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2).fit(np.arange(8.0)[:, None], np.arange(8.0))


def test_out_of_fold_predictions_have_their_classes_in_order():
    evaluation = evaluate_classes(n_repeats=2, n_classes=3)
    read = read_evaluation(evaluation)
    assert read.n_repeats == 2
    assert len(read.y) == 180
    assert read.classes.tolist() == ["no", "perhaps", "yes"]
    assert (read.classes[read.probabilities.argmax(axis=1)] == read.predicted).all()


def test_a_fitted_estimator_predicts():
    X, y = np.arange(8.0)[:, None], pd.Series([0, 0, 0, 0, 1, 1, 1, 1], name="sold")
    read = read_estimator(LogisticRegression().fit(X, y), X, y)
    assert (read.predicted == y).all()
    assert read.target == "sold"
    assert read_estimator(Ridge().fit(X, y.to_numpy()), X, y.to_numpy()).target == ""


@pytest.mark.parametrize(
    ("given", "advice"),
    [(Ridge(), "from_estimator"), (3, "of fitted estimators"), (SEARCH, "nested_cross_validate the search")],
)
@pytest.mark.parametrize("display", [CalibrationDisplay, ConfusionMatrixDisplay, NestedScoresDisplay, ResidualsDisplay])
def test_what_is_no_evaluation_is_refused(display, given, advice):
    with pytest.raises(TypeError, match=f"result of nested_cross_validate is needed, got .*{advice}"):
        display.from_evaluation(given)


def test_what_is_no_comparison_is_refused():
    with pytest.raises(TypeError, match=r"result of sknet_hp\.evaluation\.compare is needed, got Ridge"):
        ComparisonDisplay.from_comparison(Ridge())


def test_one_of_several_outputs_is_chosen():
    evaluation = evaluate_numbers(n_outputs=2)
    assert read_evaluation(evaluation, output=1).y == pytest.approx(1000 * read_evaluation(evaluation, output=0).y)
    with pytest.raises(ValueError, match="a number from 0 to 1; got None"):
        read_evaluation(evaluation)


def test_an_evaluation_without_predictions_is_refused():
    evaluation = evaluate_numbers()
    for outcome in evaluation.outcomes:
        outcome.predictions = None
    with pytest.raises(ValueError, match="has no predictions"):
        read_evaluation(evaluation)


def test_labels_of_an_evaluation_have_their_probabilities():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = pd.DataFrame((X > 0).astype(int), columns=["red", "round"])
    net = NetClassifier(width=4, max_epochs=2, random_state=0)
    evaluation = nested_cross_validate(net, X, y, cv=2, random_state=0, checks=False)
    read = read_evaluation(evaluation, output="round")
    assert read.target == "round"
    assert read.classes.tolist() == [0, 1]
    assert read.y.tolist() == y["round"].tolist()
    assert read.probabilities[:, 1].tolist() == evaluation.predictions["probability_1"].tolist()
    assert read.probabilities.sum(axis=1) == pytest.approx(1)


def test_the_record_of_an_evaluation_says_how_to_finish_it(tmp_path):
    X, y = np.arange(20.0)[:, None], np.arange(20.0)
    nested_cross_validate(Ridge(), X, y, cv=2, random_state=0, checks=False, journal=tmp_path / "run")
    with pytest.raises(TypeError, match="got EvaluationRecord; call that with the same `journal`"):
        read_evaluation(read_journal(tmp_path / "run"))
