"""Steps before a network: what they do to numbers, and what passes through them."""

import warnings

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("skl2onnx")

from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectFromModel, SelectorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

from sknet_hp import NetClassifier
from sknet_hp.sharing import to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_mixed_table

X, Y = make_mixed_table()
NUMBERS, GAPS = ["age", "income", "score"], ["city", "kind"]  # "kind" has missing cells
SCALE = (StandardScaler(), NUMBERS)
BINS = KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")

OF_ALL_COLUMNS = {
    "remainder": make_column_transformer(SCALE, remainder="passthrough"),
    "remainder as a frame": make_column_transformer(SCALE, remainder="passthrough").set_output(transform="pandas"),
    "dropped": make_column_transformer(("drop", ["city"]), remainder="passthrough"),
    "selected": make_column_transformer(("passthrough", ["since", "city"]), ("passthrough", slice(0, 2))),
    "weights": ColumnTransformer([("a", *SCALE), ("b", "passthrough", ["city"])], transformer_weights={"a": 2.0}),
    "nested": make_column_transformer(
        (make_pipeline(make_column_transformer((StandardScaler(), ["age"]), remainder="passthrough")), ["age", "city"]),
        remainder="passthrough",
    ),
    "frozen": FrozenEstimator(make_column_transformer(SCALE, remainder="passthrough").fit(X)),
    "one-hot with gaps": make_column_transformer((OneHotEncoder(handle_unknown="ignore"), GAPS)),
    "rare categories": make_column_transformer(
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.3, drop="first"), GAPS)
    ),
    "few categories": make_column_transformer((OneHotEncoder(max_categories=2, handle_unknown="ignore"), GAPS)),
    "numbers as categories": make_column_transformer(
        (OneHotEncoder(max_categories=9, handle_unknown="infrequent_if_exist"), ["score"])
    ),
    "ordinal with gaps": make_column_transformer((OrdinalEncoder(), GAPS)),
    "gaps as -2": make_column_transformer((OrdinalEncoder(encoded_missing_value=-2), GAPS)),
    "target with gaps": make_column_transformer((TargetEncoder(), GAPS)),
    "text filled in": make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), GAPS), SCALE
    ),
    "identity": FunctionTransformer(),
}
OF_NUMBERS = {
    "flags of gaps": SimpleImputer(add_indicator=True),
    "flags of zeros": make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0), SimpleImputer(missing_values=0, add_indicator=True)
    ),
    "steep steps after a mean": make_pipeline(
        SimpleImputer(), QuantileTransformer(n_quantiles=20, output_distribution="normal")
    ),
    "bins": make_pipeline(SimpleImputer(), BINS),
    "function": FunctionTransformer(np.log1p),
    "a constant filled in": SimpleImputer(strategy="constant", fill_value=-1),
    "normal quantiles": QuantileTransformer(n_quantiles=40, output_distribution="normal"),
    "levels": QuantileTransformer(n_quantiles=40),
    "Yeo-Johnson": PowerTransformer(),
    "Box-Cox": make_pipeline(FunctionTransformer(np.sqrt), PowerTransformer("box-cox", standardize=False)),
    "distances of clusters": make_pipeline(SimpleImputer(), KMeans(2, n_init=1, random_state=0)),
    "selected by a model": make_pipeline(SimpleImputer(), SelectFromModel(DecisionTreeClassifier(random_state=0))),
    "union": make_pipeline(
        SimpleImputer(), FeatureUnion([("pca", PCA(2)), ("scale", StandardScaler()), ("out", "drop")])
    ),
}


@pytest.mark.parametrize("name", OF_ALL_COLUMNS)
def test_steps_over_text_and_dates(name):
    model = make_pipeline(OF_ALL_COLUMNS[name], NetClassifier(**SMALL)).fit(X, Y)
    assert check_predictions(to_onnx(model, X), model, X) < 2e-6


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_steps_over_numbers(name):
    table = X[NUMBERS].abs()
    model = make_pipeline(OF_NUMBERS[name], NetClassifier(**SMALL)).fit(table, Y)
    assert check_predictions(to_onnx(model, table), model, table) < 2e-6


@pytest.mark.parametrize("handle_unknown", ["ignore", "infrequent_if_exist"])
@pytest.mark.parametrize("limits", [{}, {"min_frequency": 0.4}])
def test_new_categories(handle_unknown, limits):
    encoder = OneHotEncoder(handle_unknown=handle_unknown, **limits)
    table = X[["city", "kind", "age"]].assign(age=X["age"].round(-1))
    model = make_pipeline(encoder, NetClassifier(**SMALL)).fit(table, Y)
    new = pd.DataFrame({"city": ["Oslo", None], "kind": ["new", None], "age": [1e6, np.nan]})
    if not limits and handle_unknown == "ignore":
        new = new.assign(age=[1e6, 30.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown categories
        assert check_predictions(to_onnx(model, table), model, new) < 2e-6


def test_columns_without_numbers_in_training_are_left_out():
    table = X[["age", "income"]].assign(nothing=np.nan)
    model = make_pipeline(SimpleImputer(), NetClassifier(**SMALL))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the column that is left out
        model.fit(table, Y)
        assert check_predictions(to_onnx(model, table), model, table) < 2e-6


def test_an_unknown_function_is_named():
    model = make_pipeline(FunctionTransformer(np.cbrt), NetClassifier(**SMALL)).fit(X[["age"]], Y)
    with pytest.raises(TypeError, match=r"cbrt.* numpy\.log1p.* leave the step out"):
        to_onnx(model, X[["age"]])


@pytest.mark.parametrize("step", [LinearDiscriminantAnalysis(), KNNImputer()])
def test_steps_that_have_no_form_are_refused_with_what_to_do(step):
    table = X[["income", "score"]].fillna(0)
    model = make_pipeline(step, NetClassifier(**SMALL)).fit(table, Y)
    with pytest.raises(TypeError, match=rf"{type(step).__name__} can not be exported.* Leave the step out"):
        to_onnx(model, table)


def test_what_was_selected_may_be_text():
    class Selector(SelectorMixin, BaseEstimator):
        def fit(self, X, y=None):
            self.n_features_in_, self.feature_names_in_ = X.shape[1], np.array(X.columns, object)
            return self

        def _get_support_mask(self):
            return np.array([True, True, False])

    table = X[["income", "city", "score"]]
    model = make_pipeline(Selector().set_output(transform="pandas"), NetClassifier(**SMALL)).fit(table, Y)
    assert check_predictions(to_onnx(model, table), model, table) < 2e-6


def test_samplers_of_rows_are_passed_over():
    class Sampler:
        def fit_resample(self, X, y):
            return X, y

    from sknet_hp.sharing.onnx.steps.identity import keeps_columns

    assert keeps_columns(Sampler())
    assert not keeps_columns(StandardScaler())
    assert not keeps_columns(FunctionTransformer(np.log1p))
