"""The encoder as an object, and an estimator that passes itself on to it."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, check_X_y

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from tests.helpers.encoding import encode


def test_nothing_is_encoded_before_fit():
    for use in (TableEncoder().get_feature_names_out, lambda: TableEncoder().transform(np.eye(2))):
        with pytest.raises(NotFittedError, match="Call fit_transform first"):
            use()


def test_pickle_is_small_and_encodes_alike():
    names = [f"user {i}" for i in range(20_000)]
    frame = pl.DataFrame({"x": np.arange(20_000.0), "name": names, "kind": ["a", None] * 10_000})
    encoder = TableEncoder(max_categories=10)
    encoded = encoder.fit_transform(frame)
    pickled = pickle.dumps(encoder)
    assert len(pickled) < 5000
    np.testing.assert_array_equal(pickle.loads(pickled).transform(frame), encoded)


def test_cloning_and_refitting_start_afresh(mixed):
    encoder = TableEncoder(max_categories=2)
    encoder.fit_transform(pl.DataFrame(mixed))
    assert clone(encoder).max_categories == 2
    np.testing.assert_array_equal(encoder.fit_transform(np.eye(3)), encode(np.eye(3)))


def test_memory_is_bounded_by_the_result():
    X = np.random.default_rng(0).normal(size=(200_000, 20))
    frame = pl.DataFrame(X).with_columns(
        pl.when(pl.col("column_0") > 0).then(pl.col("column_0")), pl.col("column_1").cast(pl.Int64)
    )
    for table in (X, np.asfortranarray(X), frame):
        tracemalloc.start()
        encoded = TableEncoder().fit_transform(table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < encoded.nbytes + 4 * 2**20


# ---- an estimator that passes itself on to the encoder --------------------------------------------------------------


class Neighbors(ClassifierMixin, BaseEstimator):
    """A classifier with no code for its input but the encoder's."""

    def fit(self, X, y):
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        self.encoder_ = TableEncoder()
        encoded, y = check_X_y(self.encoder_.fit_transform(X, estimator=self), y)
        self.model_ = KNeighborsClassifier(1).fit(encoded, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        check_is_fitted(self)
        return self.model_.predict(self.encoder_.transform(X, estimator=self))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags


@parametrize_with_checks([Neighbors()])
def test_an_estimator_on_the_encoder_conforms(estimator, check):
    check(estimator)


def test_messages_name_the_estimator_the_encoder_serves():
    model = Neighbors().fit(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), [0, 1])
    assert model.feature_names_in_.tolist() == model.encoder_.feature_names_in_.tolist() == ["a", "b"]
    assert model.n_features_in_ == model.encoder_.n_features_in_ == 2
    with (
        pytest.raises(ValueError, match="X has 3 features, but Neighbors is expecting 2"),
        pytest.warns(UserWarning, match="Neighbors was fitted"),
    ):
        model.predict(np.eye(3))
    with pytest.raises(ValueError, match=r"0 sample\(s\) .* required by Neighbors"):
        model.predict(np.empty((0, 2)))


@pytest.mark.parametrize(
    "table", [pd.DataFrame({"x": [1.0, 2.0]}), pa.table({"x": [1.0, 2.0]})], ids=["pandas", "pyarrow"]
)
def test_refitting_the_estimator_forgets_the_names(table):
    model = Neighbors().fit(table, [0, 1]).fit(np.eye(2), [0, 1])
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model.encoder_, "feature_names_in_")
