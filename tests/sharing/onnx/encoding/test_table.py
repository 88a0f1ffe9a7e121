"""Tables are encoded in onnxruntime as in Python: to the last bit, but for transcendental functions."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")

from sknet_hp.estimators.encoding.numeric.sparse_scaler import SparseScaler
from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.sharing.onnx.encoding.categories import LONGEST, write_pattern
from sknet_hp.sharing.onnx.encoding.numbers import SCALERS
from sknet_hp.sharing.onnx.encoding.quantiles import add_normal_quantile
from tests.helpers.onnx_graphs import encode_in_onnx, run_graph


def check_encoding(encoder, train, test, **tolerance):
    encoder.fit_transform(train)
    for X in (train, test):
        expected = encoder.transform(X)
        encoded = encode_in_onnx(encoder, X)
        assert encoded.shape == expected.shape
        if tolerance:
            np.testing.assert_allclose(encoded, expected, **tolerance)
        else:
            np.testing.assert_array_equal(encoded, expected)


def make_numbers(n_rows, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "normal": rng.normal(1e6, 1, n_rows),
            "far": np.exp(rng.normal(0, 4, n_rows)),
            "huge": rng.normal(0, 1e200, n_rows),
            "whole": rng.integers(0, 4, n_rows).astype(float),
            "amount": np.where(rng.random(n_rows) < 0.6, 0.0, rng.lognormal(3, 1, n_rows)),
            "constant": 5.0,
            "gaps": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
            "empty": np.nan,
        }
    )
    frame.loc[0, "normal"] = 1e9
    return frame


def test_every_transformation_of_numbers_is_known():
    assert set(SCALERS) == {*TRANSFORMS.values(), SparseScaler}


@pytest.mark.parametrize("transform", [*TRANSFORMS, None])
@pytest.mark.parametrize("n_bins", [0, 8])
def test_numbers(transform, n_bins):
    train, test = make_numbers(700, 0), make_numbers(50, 1)
    test.loc[:5] = np.nan
    test["constant"] = 7.0
    if transform in ("none", None):
        train, test = train.drop(columns="huge"), test.drop(columns="huge")
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if transform == "quantile" else {}
    check_encoding(TableEncoder(numeric_transform=transform, n_bins=n_bins), train, test, **tolerance)


def test_bins_of_equal_number_and_rounded_width():
    train, test = make_numbers(700, 0), make_numbers(50, 1)
    check_encoding(TableEncoder(n_bins=8, equal_bins=True, round_width=True), train, test)


def test_quantiles_of_values_that_come_often():
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"a": rng.choice([0.0, 0.0, 0.0, 1.0, 2.5], 3000), "b": rng.normal(size=3000)})
    test = pd.DataFrame({"a": np.linspace(-1, 3, 60), "b": np.linspace(-9, 9, 60)})
    check_encoding(TableEncoder(numeric_transform="quantile"), train, test, atol=1e-6, rtol=1e-6)


def test_quantiles_of_the_normal_distribution():
    from scipy.stats import norm

    p = np.concatenate([[0.0, 1.0], np.linspace(1e-6, 1 - 1e-6, 999), 10.0 ** -np.arange(1, 8)])[:, None]
    expected = np.clip(norm.ppf(p), norm.ppf(1e-7 - np.spacing(1)), norm.ppf(1 - (1e-7 - np.spacing(1))))
    np.testing.assert_allclose(run_graph(add_normal_quantile, p=p), expected, rtol=1e-13, atol=1e-15)


def test_sparse_numbers():
    import scipy.sparse

    rng = np.random.default_rng(0)
    dense = np.where(rng.random((300, 3)) < 0.7, 0.0, rng.normal(size=(300, 3)))
    dense[::7, 1] = np.nan
    encoder = TableEncoder()
    expected = encoder.fit_transform(scipy.sparse.csr_matrix(dense))
    np.testing.assert_array_equal(encode_in_onnx(encoder, pd.DataFrame(dense, columns=list("abc"))), expected)


CATEGORIES = {
    "text": ["b", "a", "Ä", "b"],
    "text with gaps": ["b", None, "a", "b"],
    "text with an empty string": ["b", "", "a", "b"],
    "numbers among text": ["b", 7, 2.0, "b"],
    "booleans": [True, False, True, True],
    "booleans with gaps": [True, None, False, True],
    "numbers": pd.Categorical([3, 1, 2, 3]),
    "numbers with gaps": pd.Categorical([3, None, 2, 3]),
    "decimals": pd.Categorical([0.1, 0.25, 1.0, 0.1]),
}
NEVER_SEEN = {"text": "zz", "numbers": 99, "decimals": 0.3}


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("how", [{}, {"max_categories": 1}, {"max_categories": 1, "codes": True}], ids=str)
def test_categories(name, how):
    cells = pd.Series(CATEGORIES[name]).repeat(3).reset_index(drop=True)
    strange = NEVER_SEEN.get(name.split(" ")[0])
    test = pd.DataFrame({"c": pd.Series([cells[0], strange, cells[1]], dtype=object)})
    if cells.dtype == "category":
        test["c"] = test["c"].astype("category")
    if name == "text with an empty string":
        test = test.iloc[::2].reset_index(drop=True)  # a missing cell would be the empty string
    check_encoding(TableEncoder(**how), pd.DataFrame({"c": cells}), test)


def test_codes_of_several_columns():
    rng = np.random.default_rng(0)
    train = pd.DataFrame({name: rng.choice(list("abcdefgh"), 60) for name in ("p", "q")} | {"x": rng.normal(size=60)})
    check_encoding(TableEncoder(max_categories=3, codes=True, round_width=True), train, train[::-1])


def test_both_missing_and_empty_are_refused():
    encoder = TableEncoder()
    frame = pd.DataFrame({"c": ["", None, "a", "a"]})
    encoder.fit_transform(frame)
    with pytest.raises(ValueError, match="both missing cells and empty strings"):
        encode_in_onnx(encoder, frame)


def test_whole_numbers_that_float64_has_not_are_refused():
    encoder = TableEncoder()
    frame = pd.DataFrame({"c": pd.Categorical([2**53 + 1, 5, 5])})
    encoder.fit_transform(frame)
    with pytest.raises(ValueError, match="can not hold"):
        encode_in_onnx(encoder, frame)


TEXTS = [
    "Mr. Braun, Owen",
    "MRS. BRAUN (Laina)",
    "miss heikkinen",
    "Dr. Ärger, C22",
    "C22 C26",
    "c 1022",
    "",
    "STRASSE",
]


def make_texts(n_rows, seed):
    rng = np.random.default_rng(seed)
    words = rng.choice(TEXTS, (n_rows, 2))
    cells = [f"{first} {second}" for first, second in words]
    cells[::9] = [None] * len(cells[::9])
    return pd.DataFrame({"note": pd.Series(cells, dtype=object)})


def test_text():
    train, test = make_texts(400, 0), make_texts(60, 1)
    test.loc[:2, "note"] = ["Unheard of", "mr_braun\nsecond line", "x" * (LONGEST - 1)]
    check_encoding(TableEncoder(words=True, max_categories=20), train, test, rtol=1e-6, atol=1e-7)


def test_texts_of_which_no_two_are_equal():
    train = pd.DataFrame({"name": [f"Mr. No{chr(97 + row)}" for row in range(26)]})
    encoder = TableEncoder(words=True, max_categories=20)
    check_encoding(encoder, train, pd.DataFrame({"name": ["Mr. Noa", "Mrs. Q", None]}), rtol=1e-6, atol=1e-7)
    assert any(each.rows_of == {} for each in encoder.learned.categories), "a table to look them up in would be empty"


def test_words_are_found_as_python_finds_them():
    from sknet_hp.estimators.encoding.categorical.words import split_words

    keys = ["mr", "c", "22", "ärger", "ω", "½", "mr. braun", "İ".lower(), "a+b"]
    texts = [
        "Mr",
        "MR.",
        "mrs",
        "c22",
        "C 22",
        "122",
        "ÄRGER_1",
        "xärger",
        "Ω",
        "½ cup",
        "MR. BRAUN",
        "mr. braun x",
        "A+B",
    ]
    texts += ["m\u0301r", "٢٢", "", "日本mr", "\u2167mr"]
    cells = np.array(texts, object)[:, None]

    def add(b, x):
        return b.concatenate([b.add("RegexFullMatch", x, pattern=write_pattern(key)) for key in keys])

    expected = [[key in split_words(text) or key == text.lower() for key in keys] for text in texts]
    np.testing.assert_array_equal(run_graph(add, x=cells), expected)
