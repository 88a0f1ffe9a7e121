"""Sparse tables: read as they are, scaled without a shift, in blocks of rows."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.datasets import make_regression
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.encoding import table_encoder
from sknet_hp.estimators.encoding.table_encoder import TableEncoder

SMALL = {"width": 8, "max_epochs": 3, "random_state": 0}
UNSCALED = {"numeric_transform": "none", "num_embedding": "none"}
FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


@pytest.fixture(scope="module")
def dense():
    rng = np.random.default_rng(0)
    return np.where(rng.random((300, 12)) < 0.2, rng.normal(2.0, 3.0, (300, 12)), 0.0)


@pytest.fixture(scope="module")
def y(dense):
    return (dense[:, 0] > dense[:, 1]).astype(int) + (dense[:, 2] > 0)


def encode(X, sample_weight=None, **parameters):
    return TableEncoder(**parameters).fit_transform(X, sample_weight)


def test_numbers_are_divided_by_the_root_mean_square_of_those_that_are_not_zero(dense):
    scale = np.sqrt((dense**2).sum(0) / (dense != 0).sum(0))
    np.testing.assert_allclose(encode(scipy.sparse.csr_array(dense), n_bins=8), dense / scale, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_every_format_gives_the_same_bits(dense, form, kind):
    X = getattr(scipy.sparse, f"{form}_{kind}")(dense)
    np.testing.assert_array_equal(encode(X), encode(scipy.sparse.csr_array(dense)))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "float32"])
def test_every_numeric_dtype(dense, dtype):
    whole = np.round(dense).astype(dtype)
    np.testing.assert_array_equal(
        encode(scipy.sparse.csr_array(whole)), encode(scipy.sparse.csr_array(whole.astype(float)))
    )


def test_repeated_entries_are_their_sum_and_stored_zeros_are_zeros(dense):
    csr = scipy.sparse.csr_array(dense)
    twice = scipy.sparse.csr_array((np.repeat(csr.data / 2, 2), np.repeat(csr.indices, 2), csr.indptr * 2), csr.shape)
    np.testing.assert_array_equal(encode(twice), encode(csr))
    assert twice.nnz == 2 * csr.nnz, "the caller's table was changed"
    zeros = csr.copy()
    zeros.data[::3] = 0.0
    np.testing.assert_array_equal(encode(zeros), encode(scipy.sparse.csr_array(zeros.toarray())))


@pytest.mark.parametrize("Net", [NetClassifier, NetRegressor])
def test_unscaled_a_sparse_table_trains_what_a_dense_one_trains(dense, y, Net):
    a, b = (Net(**SMALL, **UNSCALED).fit(X, y) for X in (dense, scipy.sparse.coo_matrix(dense)))
    np.testing.assert_array_equal(a.parameters_, b.parameters_)
    np.testing.assert_array_equal(a.predict(dense), b.predict(scipy.sparse.csc_array(dense)))


def test_trained_on_one_kind_predicts_on_the_other(dense, y):
    for X in (dense, scipy.sparse.csr_array(dense)):
        net = NetClassifier(**SMALL).fit(X, y)
        np.testing.assert_array_equal(net.predict_proba(scipy.sparse.csr_array(dense)), net.predict_proba(dense))
        frame = pd.DataFrame(dense)
        np.testing.assert_array_equal(net.predict_proba(frame), net.predict_proba(dense))


def test_missing_numbers_are_zero_and_flagged(dense):
    gaps = dense.copy()
    gaps[3:40, 5] = np.nan
    encoder = TableEncoder()
    encoded = encoder.fit_transform(scipy.sparse.csr_array(gaps))
    assert list(encoder.get_feature_names_out())[-1] == "x5_missing"
    np.testing.assert_array_equal(encoded[:, -1], np.isnan(gaps[:, 5]))
    assert not encoded[3:40, 5].any()
    np.testing.assert_array_equal(encoder.transform(gaps), encoded)
    gaps[0, 0] = np.nan  # never in training
    assert encoder.transform(scipy.sparse.csr_array(gaps))[0, 0] == 0


@pytest.mark.parametrize("form", ["csr_array", "csc_matrix"])
def test_infinity_is_an_error_that_names_the_column(dense, form):
    bad = dense.copy()
    bad[7, 4] = -np.inf
    with pytest.raises(ValueError, match=r"infinity .* Column 4 holds it"):
        encode(getattr(scipy.sparse, form)(bad))
    encoder = TableEncoder()
    encoder.fit_transform(scipy.sparse.csr_array(dense))
    with pytest.raises(ValueError, match="Column 4 holds it"):
        encoder.transform(getattr(scipy.sparse, form)(bad))


def test_weight_k_counts_as_k_rows_and_weight_0_as_none(dense):
    weight = np.random.default_rng(1).integers(0, 4, len(dense))
    gaps = dense.copy()
    gaps[weight == 0, 3] = [np.nan, 1e300] * ((weight == 0).sum() // 2) + [np.nan] * ((weight == 0).sum() % 2)
    weighted, repeated = TableEncoder(), TableEncoder()
    weighted.fit_transform(scipy.sparse.csr_array(gaps), weight)
    repeated.fit_transform(scipy.sparse.csr_array(np.repeat(gaps, weight, axis=0)))
    np.testing.assert_allclose(weighted.transform(scipy.sparse.csr_array(dense)), repeated.transform(dense), rtol=1e-6)


def test_extreme_and_absent_numbers():
    X = np.array([[1e300, 1e-300, 0.0], [-1e300, 0.0, 0.0]])
    encoder = TableEncoder()
    np.testing.assert_allclose(encoder.fit_transform(scipy.sparse.csr_array(X)), [[1, 1, 0], [-1, 0, 0]])
    assert encoder.transform(scipy.sparse.csr_array([[0.0, 1e300, 5.0]])).tolist() == [[0.0, 1e6, 0.0]]


@pytest.mark.parametrize("transform", ["quantile", "robust_smooth"])
def test_transforms_that_move_zero_are_refused(dense, y, transform):
    with pytest.raises(ValueError, match=f"numeric_transform='{transform}' makes something else of the zeros"):
        NetClassifier(**SMALL, numeric_transform=transform).fit(scipy.sparse.csr_array(dense), y)


def test_complex_numbers_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported"):
        encode(scipy.sparse.csr_array(np.eye(3) * 1j))


def test_partial_fit_members_and_validation_rows_of_ones_own(dense, y):
    X = scipy.sparse.csr_matrix(dense)
    net = NetClassifier(**SMALL, n_members=2)
    for rows in (slice(0, 150), slice(150, 300)):
        net.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    assert np.isfinite(net.predict_proba(X.tocoo())).all()
    net.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert net.history_[0]["valid_loss"] > 0


def test_predictions_do_not_depend_on_parts(monkeypatch):
    X, target = make_regression(5000, 6, random_state=0)
    words = np.random.default_rng(0).choice(list("abcde"), 5000)
    frame = pd.DataFrame(X).add_prefix("c").assign(word=words)
    for table in (X, frame, scipy.sparse.csr_array(X), X.tolist()):
        net = NetRegressor(**SMALL).fit(table, target)
        expected = net.predict(table)
        with monkeypatch.context() as patched:
            patched.setattr(table_encoder, "_PART_BYTES", 1)
            parts = [len(part) for part in net.encoder_.encode_in_parts(table, estimator=net)]
            assert parts == [1024, 1024, 1024, 1928]
            np.testing.assert_array_equal(net.predict(table), expected)


def test_memory_is_that_of_the_entries():
    """Nothing is made of the zeros."""
    X = scipy.sparse.random_array((20_000, 5000), density=0.01, rng=np.random.default_rng(0), format="csr")
    n_bytes = X.data.nbytes + X.indices.nbytes
    for table in (X, X.tocsc()):
        tracemalloc.start()
        encoder = TableEncoder()
        inputs = encoder.learn(table)
        for part in encoder.encode_in_parts(table):
            del part
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert inputs.nbytes < n_bytes
        assert peak < 6 * n_bytes


NOUNS, ADJECTIVES = ("cat", "dog", "house", "tree", "car"), ("red", "old", "new", "tall", "wet")
SENTENCES = [f"the {noun} is {adjective}" for noun in NOUNS for adjective in ADJECTIVES] * 8
ANIMALS = np.array(["cat" in sentence or "dog" in sentence for sentence in SENTENCES])


def test_text_in_a_pipeline_and_a_fused_search(tmp_path):
    model = make_pipeline(TfidfVectorizer(), NetClassifier(width=16, max_epochs=30, lr=1e-2, random_state=0))
    assert model.fit(SENTENCES, ANIMALS).score(SENTENCES, ANIMALS) > 0.95
    grid = {"tfidfvectorizer__ngram_range": [(1, 1), (1, 2)], "netclassifier__lr": [1e-2, 1e-5]}
    searches = [GridSearchCV(model, grid, cv=3) for _ in range(2)]
    with sknet_hp.fused():
        searches[0].fit(SENTENCES, ANIMALS)
    searches[1].fit(SENTENCES, ANIMALS)
    np.testing.assert_array_equal(*(search.cv_results_["mean_test_score"] for search in searches))
    assert searches[0].best_params_["netclassifier__lr"] == 1e-2


def test_a_saved_model_keeps_the_scale(dense, y, tmp_path):
    X = scipy.sparse.csr_array(dense)
    net = NetClassifier(**SMALL).fit(X, y)
    sknet_hp.save(net, tmp_path / "model")
    np.testing.assert_array_equal(sknet_hp.load(tmp_path / "model").predict_proba(X), net.predict_proba(X))
