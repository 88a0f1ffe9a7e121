"""Models that skops and MLflow have saved load back, and predict the same bits."""

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import StackingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sknet_hp.search
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search import GridSearchCV, HalvingSearchCV
from sknet_hp.sharing import list_trusted_types
from sknet_hp.tuning import GuidedSearchCV
from tests.helpers.small_nets import SMALL, predict_outputs
from tests.helpers.tables import make_table

NET = NetClassifier(**SMALL)
MODELS = {
    "classifier": NET,
    "regressor": NetRegressor(**SMALL),
    "members": NetClassifier(module="tabm", n_heads=2, n_members=2, num_embedding="pbld", **SMALL),
    "codes": NetClassifier(max_one_hot=2, cat_embedding_dim=2, numeric_transform="quantile", **SMALL),
    "robust": NetClassifier(numeric_transform="robust_smooth", weight_averaging="ema", **SMALL),
    "pipeline": make_pipeline(FunctionTransformer(), NET),
    "stacked": StackingClassifier([("net", NET), ("two", NET)], cv=2),
    "grid": GridSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2),
    "ensemble": HalvingSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, max_resources=4, refit="ensemble", random_state=0),
    "guided": GuidedSearchCV(NET, cv=2, time_budget=2, random_state=0),
}
SLOW = {"guided"}


def fit(name):
    X, y = make_table(120)
    X["note"] = [f"order {number % 9} of many" for number in range(len(X))]
    return MODELS[name].fit(X, X["age"] if name == "regressor" else y), X


CASES = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in MODELS]


def check_same(loaded, model, X):
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    else:
        np.testing.assert_array_equal(predict_outputs(loaded, X), predict_outputs(model, X))


@pytest.mark.parametrize("name", CASES)
def test_skops_loads_the_same(name, tmp_path):
    model, X = fit(name)
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)
    assert set(skops.io.get_untrusted_types(file=path)) <= set(list_trusted_types())
    check_same(skops.io.load(path, trusted=list_trusted_types()), model, X)


@pytest.mark.slow
def test_skops_loads_a_search_of_scikit_optimize():
    pytest.importorskip("skopt")
    space = {"lr": (1e-3, 1e-2, "log-uniform"), "width": (8, 16)}
    X, y = make_table(120)
    search = sknet_hp.search.BayesSearchCV(NET, space, cv=2, n_iter=2, random_state=0).fit(X, y)
    check_same(skops.io.loads(skops.io.dumps(search), trusted=list_trusted_types()), search, X)


@pytest.mark.parametrize("name", ["classifier", "pipeline", "ensemble"])
@pytest.mark.filterwarnings("ignore")  # MLflow's own, of which every version has others
def test_mlflow_loads_the_same(name, tmp_path):
    flavour = pytest.importorskip("mlflow.sklearn")
    model, X = fit(name)
    trusted = {"serialization_format": "skops", "skops_trusted_types": list_trusted_types()}
    flavour.save_model(model, str(tmp_path / "model"), **trusted)
    check_same(flavour.load_model(str(tmp_path / "model")), model, X)


def test_every_searcher_is_trusted():
    names = {name.rpartition(".")[2] for name in list_trusted_types()}
    assert {name for name in sknet_hp.search.__all__ if name.endswith("SearchCV")} <= names
