"""Pipelines, searches and averages around networks, exported as a whole."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("skl2onnx")

from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sknet_hp import NetClassifier, NetRegressor, export
from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.search import HalvingSearchCV
from sknet_hp.sharing import run_onnx, to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_table

NET, REGRESSOR = NetClassifier(**SMALL), NetRegressor(**SMALL)
PREPARE = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income", "score"]),
        ("categories", OneHotEncoder(handle_unknown="ignore"), ["city"]),
    ]
)
LINEAR = LogisticRegression()

CLASSIFIERS = {
    "pipeline": make_pipeline(PREPARE, NET),
    "passthrough": make_pipeline("passthrough", NET),
    "voting": VotingClassifier([("net", NET), ("two", NET)], voting="soft", weights=[1, 3]),
    "voting of pipelines": VotingClassifier(
        [("net", make_pipeline(PREPARE, NET)), ("linear", make_pipeline(PREPARE, LINEAR))], voting="soft"
    ),
    "averaged": AveragedClassifier([("a", NET), ("b", make_pipeline(PREPARE, NET))], voting="soft", weights=[2, 1]),
    "text imputed": make_pipeline(
        ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(strategy="median"), PCA(2)), ["age", "score"]),
                ("categories", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["home.dest"]),
                ("more", make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder()), ["city"]),
            ]
        ),
        SelectKBest(k=3),
        NET,
    ),
    "threshold": FixedThresholdClassifier(NET, threshold=0.3, pos_label="no", response_method="predict_proba"),
    "tuned threshold": TunedThresholdClassifierCV(NET, cv=2, random_state=0),
    "calibrated": make_pipeline(PREPARE, CalibratedClassifierCV(NET, cv=2)),
    "stacked": make_pipeline(PREPARE, StackingClassifier([("net", NET), ("linear", LINEAR)], cv=2)),
}


@pytest.fixture(scope="module")
def problem():
    X, y = make_table(200)
    X["home.dest"] = np.where(np.arange(200) % 5 == 0, np.nan, X["city"])  # None is a category to pandas 2
    return X, y


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, problem):
    X, y = problem
    model = CLASSIFIERS[name].fit(X, y)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


REGRESSORS = {
    "pipeline": make_pipeline(PREPARE, REGRESSOR),
    "averaged": AveragedRegressor([("a", REGRESSOR), ("b", make_pipeline(PREPARE, Ridge()))], weights=[2, 1]),
    "logarithm": TransformedTargetRegressor(REGRESSOR, func=np.log1p, inverse_func=np.expm1),
    "scaled": TransformedTargetRegressor(REGRESSOR, transformer=StandardScaler()),
    "unchanged": TransformedTargetRegressor(REGRESSOR),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name, problem):
    X = problem[0]
    model = REGRESSORS[name].fit(X, X["income"])
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_several_targets_around_networks(problem):
    X = problem[0][["age", "income"]]
    y = np.column_stack([X["age"] * 2, X["income"]])
    model = MultiOutputRegressor(REGRESSOR).fit(X, y)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_a_search_gives_its_best_estimator(problem, tmp_path):
    X, y = problem
    search = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, random_state=0, max_resources=4).fit(X, y)
    export(search, tmp_path / "model.onnx", X)
    ensemble = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2]}, cv=2, random_state=0, max_resources=4, refit="ensemble")
    export(ensemble.fit(X, y), tmp_path / "ensemble.onnx", X)


def test_a_search_without_refit_is_refused(problem):
    search = GridSearchCV(NET, {"lr": [1e-3]}, cv=2, refit=False).fit(*problem)
    with pytest.raises(ValueError, match="refit=False"):
        to_onnx(search)


def test_numbers_of_arrays(problem):
    X = problem[0][["age", "income"]].to_numpy()
    model = make_pipeline(StandardScaler(), NET).fit(X, problem[1])
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_a_pipeline_asks_for_rows(problem):
    with pytest.raises(ValueError, match="give X"):
        to_onnx(make_pipeline(PREPARE, NET).fit(*problem))


def test_a_step_without_a_converter_is_named(problem):
    X = problem[0][["age", "income"]]
    model = make_pipeline(SimpleImputer(), SplineTransformer(), NET).fit(X, problem[1])
    with pytest.raises(TypeError, match=r"SplineTransformer can not .* no converter .* Leave the step out"):
        to_onnx(model, X)


def test_other_wrappers_of_networks_take_numbers_alone(problem):
    X, y = problem
    model = OneVsRestClassifier(NET).fit(X, y)
    with pytest.raises(TypeError, match=r"'city'.* are text. Wrappers that take any table"):
        to_onnx(model, X)
    numbers = X[["age", "income"]]
    model.fit(numbers, np.where(X["age"] < 30, "young", y))
    assert check_predictions(to_onnx(model, numbers), model, numbers) < 2e-6


def test_votes_between_pairs_of_classes_are_labels_alone(problem):
    X, y = problem
    numbers = X[["age", "income"]].fillna(0)
    model = OneVsOneClassifier(NET).fit(numbers, np.where(X["age"] < 30, 2, y == "yes"))
    assert check_predictions(to_onnx(model, numbers), model, numbers) == 0


def test_searches_of_others_give_their_best_estimator(problem):
    class Search(ClassifierMixin, BaseEstimator):  # as Optuna's, which is no search of scikit-learn's
        def fit(self, X, y):
            self.best_params_, self.best_estimator_ = {}, clone(NET).fit(X, y)
            return self

        def __getattr__(self, name):
            if name in ("predict", "predict_proba", "classes_"):
                return getattr(self.best_estimator_, name)
            raise AttributeError(name)

    X, y = problem
    search = Search().fit(X, y)
    np.testing.assert_array_equal(run_onnx(to_onnx(search), X)["label"], search.predict(X))
    pipeline = make_pipeline("passthrough", Search()).fit(X, y)
    exported = to_onnx(pipeline, X)
    np.testing.assert_array_equal(run_onnx(exported, X)["label"], pipeline.predict(X))
    assert "classes" in {each.key for each in exported.metadata_props}


def test_several_outputs_of_classes_are_refused(problem):
    X, y = problem
    model = MultiOutputClassifier(NET).fit(X, np.column_stack([y, X["city"]]))
    with pytest.raises(TypeError, match="export each of its estimators_"):
        to_onnx(model, X)


def test_other_labels_are_named(problem):
    X = problem[0][["age", "income"]]
    first, second = (NetClassifier(**SMALL).fit(X, y) for y in (X["age"] < 30, X["age"] >= 30))
    with pytest.raises(ValueError, match=r"for row \d+ of X it predicts another label. Nothing was written"):
        check_predictions(to_onnx(first), second, X)


@pytest.mark.parametrize("trees", [DecisionTreeClassifier, RandomForestClassifier, GradientBoostingClassifier])
def test_trees_split_numbers_of_single_precision(trees):
    rng = np.random.default_rng(0)
    step = float(np.spacing(np.float32(8)))
    X = 8 + step * (rng.integers(0, 40, size=(300, 2)) + rng.uniform(-0.45, 0.45, size=(300, 2)))
    y = rng.integers(0, 2, size=300)
    model = VotingClassifier([("net", NET), ("trees", trees(random_state=0))], voting="soft").fit(X, y)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


def test_scores_are_not_called_probabilities(problem):
    X = problem[0][["age", "income"]]
    model = make_pipeline(StandardScaler(), LinearSVC()).fit(X, problem[1])
    assert [each.name for each in to_onnx(model, X).graph.output] == ["label"]


def test_rows_of_other_types_than_in_training_are_refused(problem):
    X, y = problem
    model = make_pipeline(ColumnTransformer([("kept", "passthrough", ["age", "city"])]), NET).fit(X, y)
    with pytest.raises(TypeError, match="'city' was text in training"):
        to_onnx(model, X.assign(city=np.arange(len(X))))
    assert isinstance(X, pd.DataFrame)
