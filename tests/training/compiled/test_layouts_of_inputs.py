"""The same bits wherever the arrays of a table lie, through the estimators and below
them.
"""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.training.job import EncodedTable
from tests.helpers.encoded_tables import draw_encoded_table
from tests.helpers.jobs import is_same_result, make_job
from tests.helpers.torch_loops import train_compiled

COMMON = {"width": 17, "max_epochs": 3, "batch_size": 32, "random_state": 0}
NETS = {
    "plain": NetClassifier(**COMMON, num_embedding=None, early_stopping=False, dropout=0.1),
    "default": NetClassifier(**COMMON),
    "several outputs": NetRegressor(**COMMON, num_embedding="pbld", normalization="batch"),
}


def misaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)
    own = raw[1:].view(array.dtype).reshape(array.shape)
    own[...] = array
    assert not own.flags.aligned
    return own


def strided(array):
    wide = np.full([3 * n for n in array.shape], 7, array.dtype)
    own = wide[tuple(slice(1, None, 3) for _ in array.shape)]
    own[...] = array
    return own


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


LAYOUTS = {
    "columns together": np.asfortranarray,
    "strided": strided,
    "backwards": lambda array: array[::-1].copy()[::-1],
    "misaligned": misaligned,
    "read only": read_only,
    "the other byte order": lambda array: array.astype(array.dtype.newbyteorder()),
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def data(name, dtype):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 5)).astype(np.float32).astype(dtype)
    y = np.column_stack([X[:, 0] - X[:, 2], X[:, 1]]) if name == "several outputs" else (X[:, 0] > 0).astype(np.int64)
    return X, y, rng.random(90).astype(dtype)


def fitted(name, X, y, weight):
    """(weights, outputs)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few epochs
        net = clone(NETS[name]).fit(X, y, sample_weight=weight)
    return net.parameters_, net.predict(X) if name == "several outputs" else net.predict_proba(X)


@pytest.fixture(scope="module")
def plain():
    return {(name, dtype): fitted(name, *data(name, dtype)) for name in NETS for dtype in (np.float32, np.float64)}


@every_layout
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", list(NETS))
def test_layouts_through_estimators(plain, name, dtype, layout):
    arrays = [layout(array) for array in data(name, dtype)]
    before = [array.copy() for array in arrays]
    for found, expected in zip(fitted(name, *arrays), plain[name, dtype], strict=True):
        assert np.array_equal(found, expected)
    assert all(np.array_equal(array, own) for array, own in zip(arrays, before, strict=True))


@pytest.mark.parametrize("name", list(NETS))
def test_rows_are_predicted_as_in_any_company(name):
    X, y, weight = data(name, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = clone(NETS[name]).fit(X, y, sample_weight=weight)
    predict = net.predict if name == "several outputs" else net.predict_proba
    many = np.tile(X, (30, 1))  # more than are predicted at a time
    whole = predict(many)
    assert np.array_equal(whole, np.tile(whole[:90], (30, *[1] * (whole.ndim - 1))))
    for rows in (slice(0, 1), slice(3, 20), slice(89, 90)):
        assert np.array_equal(predict(X[rows]), whole[rows])


# ---- below the estimators ------------------------------------------------------------------------------------------

TABLE = draw_encoded_table(70, n_floats=3, bins=(4, 2), categories=(3, 5), words=9)
TARGETS = np.arange(70) % 3


def job_on(table, y=TARGETS, weight=None):
    graph, rates = trace(MLP(TABLE.n_features, 3, n_layers=1, width=17, normalization="batch"))
    return make_job(table=EncodedTable(table, y, weight), graph=graph, layer_rates=rates)


@every_layout
def test_layouts_of_encoded_tables(layout):
    """Kernels read them by their addresses."""
    table = replace(TABLE, **{name: layout(array) for name, array in TABLE.arrays.items() if array.size})
    weight = np.random.default_rng(0).random(70).astype(np.float32)
    found = train_compiled(job_on(table, layout(TARGETS), layout(weight)))
    assert is_same_result(found, train_compiled(job_on(TABLE, TARGETS, weight)))


def test_other_dtypes_of_encoded_tables():
    """Hold the same numbers, but not where kernels would read them."""
    wider = {"f": np.float64, "i": np.int64, "u": np.uint64}
    table = replace(TABLE, **{name: array.astype(wider[array.dtype.kind]) for name, array in TABLE.arrays.items()})
    assert is_same_result(train_compiled(job_on(table)), train_compiled(job_on(TABLE)))


def test_rows_of_a_table_are_as_a_table_of_these_rows():
    rows = slice(11, 60)
    index = np.arange(70)[rows]
    whole = job_on(TABLE)
    found = train_compiled(replace(whole, train=replace(whole.train, index=index)))
    assert is_same_result(found, train_compiled(job_on(TABLE.take(rows), TARGETS[rows])))
