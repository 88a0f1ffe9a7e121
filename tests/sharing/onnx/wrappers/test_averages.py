"""Voting, bagging and regressors of one target each, over tables with text, dates and gaps."""

import numpy as np
import pytest

pytest.importorskip("skl2onnx")

from sklearn.ensemble import BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.averaged import AveragedClassifier
from sknet_hp.sharing import run_onnx, to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_mixed_table

NET, REGRESSOR = NetClassifier(**SMALL), NetRegressor(**SMALL)
OTHER = NetClassifier(**SMALL | {"random_state": 1})
X, Y = make_mixed_table()
THREE = np.where(X["age"] < 30, "low", Y)

CLASSIFIERS = {
    "votes": VotingClassifier([("a", NET), ("b", OTHER)], voting="hard"),
    "weighted votes": VotingClassifier([("a", NET), ("b", OTHER), ("c", NET)], weights=[1, 3, 1]),
    "votes for labels": AveragedClassifier([("a", NET), ("b", OTHER)], voting="hard", weights=[1, 2]),
    "bagging": BaggingClassifier(NET, n_estimators=2, random_state=0),
    "bagging of columns": BaggingClassifier(NET, n_estimators=2, max_features=0.5, random_state=0),
    "bagging of repeated columns": BaggingClassifier(NET, n_estimators=2, bootstrap_features=True, random_state=0),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    model = CLASSIFIERS[name].fit(X, THREE)
    exported = to_onnx(model, X)
    assert [each.name for each in exported.graph.input] == list(X.columns)
    assert check_predictions(exported, model, X) < 2e-6


def test_equal_votes_go_to_the_first_class():
    def predict(seed):
        return NetClassifier(**SMALL | {"random_state": seed}).fit(X, THREE).predict(X)

    assert (predict(0) != predict(1)).any(), "the two networks must differ somewhere"
    model = AveragedClassifier([("a", NET), ("b", OTHER)], voting="hard", weights=[0.1, 0.1]).fit(X, THREE)
    np.testing.assert_array_equal(run_onnx(to_onnx(model), X)["label"], model.predict(X))


def test_bagged_members_may_lack_a_class():
    y = np.where(np.arange(len(X)) < 3, "rare", Y)
    member = make_pipeline("passthrough", NET)  # takes no weights, so that it is given fewer rows instead
    model = BaggingClassifier(member, n_estimators=3, max_samples=20, random_state=1).fit(X, y)
    assert any(len(member.classes_) < 3 for member in model.estimators_)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_bagging_goes_by_votes_where_members_have_no_probabilities():
    numbers = X[["age", "income"]]
    member = make_pipeline(StandardScaler(), LinearSVC())
    model = BaggingClassifier(member, n_estimators=3, random_state=0).fit(numbers, THREE)
    assert check_predictions(to_onnx(model, numbers), model, numbers) < 2e-6


REGRESSORS = {
    "voting": VotingRegressor([("a", REGRESSOR), ("b", REGRESSOR)]),
    "bagging": BaggingRegressor(REGRESSOR, n_estimators=2, random_state=0),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name):
    model = REGRESSORS[name].fit(X, X["income"])
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_one_regressor_per_target():
    model = MultiOutputRegressor(REGRESSOR).fit(X, X[["age", "income"]].to_numpy())
    exported = to_onnx(model)
    assert check_predictions(exported, model, X) < 2e-6
    assert run_onnx(exported, X)["prediction"].shape == (len(X), 2)
