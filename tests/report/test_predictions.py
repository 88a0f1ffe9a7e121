import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from sknet_hp.report.predictions import read_estimator, read_evaluation
from tests.helpers.evaluations import evaluate_classes, evaluate_numbers


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
