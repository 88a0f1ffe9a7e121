"""Stacked models over tables with text, dates and gaps."""

import numpy as np
import pytest

pytest.importorskip("skl2onnx")

from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.sharing import to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_mixed_table

NET, REGRESSOR = NetClassifier(**SMALL), NetRegressor(**SMALL)
X, Y = make_mixed_table()
THREE = np.where(X["age"] < 30, "low", Y)
PREPARE = make_column_transformer((StandardScaler(), ["age", "income"]), (OneHotEncoder(), ["city"]))
LINEAR, MARGIN = make_pipeline(PREPARE, LogisticRegression()), make_pipeline(PREPARE, LinearSVC())

CLASSIFIERS = {
    "network and linear": StackingClassifier([("net", NET), ("linear", LINEAR)], cv=2),
    "decisions": StackingClassifier([("net", NET), ("margin", MARGIN), ("out", "drop")], cv=2),
    "labels": StackingClassifier([("net", NET), ("margin", MARGIN)], cv=2, stack_method="predict"),
    "network above": StackingClassifier([("net", NET)], NET, cv=2, passthrough=True),
}


@pytest.mark.parametrize("labels", [Y, THREE], ids=["two", "three"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, labels):
    model = CLASSIFIERS[name].fit(X, labels)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_numbers_pass_through_to_any_estimator():
    numbers = X[["age", "income"]]
    model = StackingClassifier([("net", NET)], make_pipeline(StandardScaler(), LINEAR[-1]), cv=2, passthrough=True)
    model.fit(numbers, THREE)
    assert check_predictions(to_onnx(model, numbers), model, numbers) < 2e-6


def test_regressors():
    model = StackingRegressor([("net", REGRESSOR), ("linear", make_pipeline(PREPARE, Ridge()))], cv=2)
    model.fit(X, X["income"])
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_text_labels_of_fitted_members_are_refused():
    model = StackingClassifier([("net", NET.fit(X, Y))], cv="prefit", stack_method="predict_proba").fit(X, Y)
    assert check_predictions(to_onnx(model), model, X) < 2e-6
    model.stack_method_ = ["predict"]
    with pytest.raises(TypeError, match=r"'no'.* give on its probabilities"):
        to_onnx(model)
