"""Labels, targets and tables of any kind: what is saved comes back, with its type and
its values.
"""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.persistence.reader import Reader
from sknet_hp.estimators.persistence.writer import Writer
from tests.helpers.saved_files import save_and_load

SMALL = {"width": 4, "max_epochs": 1, "random_state": 0, "num_bins": 4}
X = np.random.default_rng(0).standard_normal((60, 3))
CODES = (X[:, 0] > 0).astype(int)

NUMBERS = [
    "?",
    *(
        f"{order}{kind}"
        for order in "<>"
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")
    ),
]
TEXTS = [f"{order}U{width}" for order in "<>" for width in (1, 7)]
TIMES = [f"{order}{kind}" for order in "<>" for kind in ("M8[D]", "M8[us]", "m8[s]", "m8[3h]")]
LABELS = {kind: np.array([1, 2]).astype(kind) for kind in [*NUMBERS[1:], *TEXTS, *TIMES]} | {
    "?": np.array([False, True]),
    "far apart": np.array([-(2**63), 2**63 - 1]),
    "largest": np.array([0, 2**64 - 1], dtype=np.uint64),
    "objects": np.array(["a", "ç" * 300], dtype=object),
    "surrogates": np.array(["\udc80", "\U0001f600"]),
    "nullable integers": pd.array([1, 2], dtype="Int64"),
    "nullable booleans": pd.array([False, True], dtype="boolean"),
    "Arrow integers": pd.array([1, 2], dtype="int8[pyarrow]"),
    "Arrow text": pd.array(["a", "b"], dtype="string[pyarrow]"),
    "text of pandas": pd.array(["a", "b"], dtype="string"),
    "categories": pd.Categorical(["a", "b"]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind, path):
    net = NetClassifier(**SMALL).fit(X, LABELS[kind][CODES])
    back = save_and_load(net, path)
    for expected, got in ((net.classes_, back.classes_), (net.predict(X), back.predict(X))):
        assert got.dtype == expected.dtype
        assert np.array_equal(got, expected)
    assert np.array_equal(
        back.partial_fit(X, LABELS[kind][CODES]).parameters_, net.partial_fit(X, LABELS[kind][CODES]).parameters_
    )


@pytest.mark.parametrize("kind", [*NUMBERS, "Int64", "boolean", "Float64", "double[pyarrow]"])
def test_targets(kind, path):
    y = CODES.astype(kind) if kind in NUMBERS else pd.array(CODES, dtype=kind)
    net = NetRegressor(**SMALL).fit(X, y)
    assert np.array_equal(save_and_load(net, path).predict(X), net.predict(X))


@pytest.mark.parametrize("kind", [*NUMBERS, *TEXTS, "O"])
def test_tables(kind, path):
    table = (X * 4).round().astype(kind) if kind in NUMBERS[1:] else (X > 0).astype(kind)
    net = NetClassifier(**SMALL).fit(table, CODES)
    assert np.array_equal(save_and_load(net, path).predict_proba(table), net.predict_proba(table))


@pytest.mark.parametrize(
    "kind", ["Int64", "boolean", "Float32", "string", "category", "int64[pyarrow]", "string[pyarrow]"]
)
def test_frames_with_missing_cells(kind, path):
    column = (
        pd.Series(CODES).astype("bool" if kind == "boolean" else "str" if "string" in kind else "int64").astype(kind)
    )
    column[::7] = None
    frame = pd.DataFrame({"a": column, "b": X[:, 1]})
    net = NetClassifier(**SMALL).fit(frame, CODES)
    assert np.array_equal(save_and_load(net, path).predict_proba(frame), net.predict_proba(frame))


def test_frames_of_polars(path):
    frame = pl.DataFrame(
        {
            "a": [None if row % 7 == 0 else int(code) for row, code in enumerate(CODES)],
            "b": list(map(str, CODES)),
            "c": X[:, 1],
        }
    )
    net = NetClassifier(**SMALL).fit(frame, frame["b"])
    assert np.array_equal(save_and_load(net, path).predict_proba(frame), net.predict_proba(frame))


def test_labels_that_no_file_holds_are_refused_before_there_is_one(path):
    net = NetClassifier(**SMALL).fit(X, CODES.astype(np.longdouble))
    with pytest.raises(
        TypeError, match=r"NetClassifier\.target_\.classes is of \w+, which can't be stored without pickle"
    ):
        sknet_hp.save(net, path)
    assert list(path.parent.iterdir()) == []


ARRAYS = [
    *(np.zeros((2, 0, 3), kind) for kind in ("U3", "f4", "M8[s]")),
    np.array("a"),
    np.array(4, ">i4"),
    np.array(["a\0b", ""]),
    np.array([b"a", b""]),
    np.zeros(3, "U0"),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array([["a", "bc"], ["", "d"]]).T[::-1],
]


@pytest.mark.parametrize("array", ARRAYS)
def test_arrays_of_odd_shapes(array):
    writer = Writer()
    node = writer.encode(array, "x")
    back = Reader(writer.arrays).decode(node)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert np.array_equal(back, array)


REFUSED = [
    np.ma.masked_array([1.0, 2.0], [True, False]),
    np.zeros(2, "c16"),
    np.zeros(2, "V3"),
    np.zeros((2, 2), object),
    np.zeros(2, [("a", "i4")]),
]


@pytest.mark.parametrize("array", REFUSED)
def test_arrays_that_are_refused(array):
    with pytest.raises(TypeError, match=r"x is .*which can't be stored without pickle"):
        Writer().encode(array, "x")
