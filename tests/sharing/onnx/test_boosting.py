"""Gradient boosting over histograms, alone and beside networks."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")

from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.sharing import to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL

rng = np.random.default_rng(0)
X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200).round(), "c": rng.random(200) > 0.5})
X.loc[::7, "a"] = np.nan
Y = 5 + X["a"].isna() + X["b"] + rng.normal(size=200)
TREES = {"max_iter": 12, "random_state": 0, "categorical_features": None}


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1, 7]])
def test_classifiers(labels):
    y = np.array(labels)[pd.qcut(Y, len(labels), labels=False)]
    model = HistGradientBoostingClassifier(**TREES).fit(X, y)
    assert check_predictions(to_onnx(model, X), model, X) < 1e-6


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "gamma"])
def test_regressors(loss):
    model = HistGradientBoostingRegressor(loss=loss, **TREES).fit(X, Y.clip(1))
    assert check_predictions(to_onnx(model, X), model, X) < 1e-6


def test_beside_networks():
    trees, y = HistGradientBoostingClassifier(**TREES), np.where(Y > 5, "many", "few")
    stacked = StackingClassifier([("net", NetClassifier(**SMALL)), ("trees", trees)], cv=2).fit(X, y)
    assert check_predictions(to_onnx(stacked, X), stacked, X) < 2e-6
    trees = HistGradientBoostingRegressor(**TREES)
    mean = VotingRegressor([("net", NetRegressor(**SMALL)), ("trees", trees)]).fit(X, Y)
    assert check_predictions(to_onnx(mean, X), mean, X) < 2e-6


def test_categories_are_refused():
    table = X.assign(d=pd.Categorical(np.where(X["c"], "left", "right")))
    model = HistGradientBoostingRegressor(max_iter=2).fit(table, Y)
    with pytest.raises(TypeError, match=r"splits by categories has no ONNX form.* OneHotEncoder"):
        to_onnx(model, table)


def test_rows_at_the_edges_of_steps_may_differ_and_the_message_says_so():
    table = X[["a"]].fillna(0)
    model = make_pipeline(PowerTransformer(), HistGradientBoostingRegressor(**TREES)).fit(table, Y)
    exported = to_onnx(model, table)
    with pytest.raises(ValueError, match=r"Gradient boosting has steep steps.* give other rows as X"):
        check_predictions(exported, model, table, tolerance=0)
    assert check_predictions(exported, model, table + 0.003) < 1e-6
