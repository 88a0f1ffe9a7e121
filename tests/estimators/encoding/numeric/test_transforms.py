"""Each way to bring numbers onto a common scale, against what it is defined by; any of
them on any column.
"""

import contextlib
import tracemalloc

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_array
from sklearn.preprocessing import RobustScaler

from sknet_hp import NetClassifier
from sknet_hp.estimators.encoding.numeric import sample
from sknet_hp.estimators.encoding.numeric.bins import PiecewiseLinear
from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS, RobustSmooth
from sknet_hp.estimators.encoding.table_encoder import TableEncoder

rng = np.random.default_rng(0)


def encoder(name, **parameters):
    return TableEncoder(numeric_transform=name, **parameters)


ODD = {
    "constant": np.full(300, 7.0),
    "two values": np.repeat([0.0, 1.0], [290, 10]),
    "heavy tails": rng.standard_cauchy(300) * 1e8,
    "huge": rng.normal(size=300) * 1e300,
    "tiny": rng.normal(size=300) * 1e-300,
    "offset": 1e9 + rng.normal(size=300),
    "all missing": np.full(300, np.nan),
    "half missing": np.where(rng.random(300) < 0.5, np.nan, rng.normal(size=300)),
    "integers": rng.integers(0, 5, 300).astype(float),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("column", ODD)
def test_any_column(name, column):
    X = np.c_[ODD[column], rng.normal(size=300)]
    learned = encoder(name)
    Z = learned.fit_transform(X)
    assert np.isfinite(Z).all()
    assert np.array_equal(Z, learned.transform(X))
    other = learned.transform(np.array([[1e308, 0], [-1e308, 0], [0, np.nan], [np.nan, np.nan]]))
    assert np.isfinite(other).all()
    if name != "none":
        assert np.abs(other[:, 1]).max() < 10
    if column in ("constant", "all missing") and name != "none":
        assert not Z[:, 0].any()
        assert not other[:, 0].any()


@pytest.mark.parametrize("name", TRANSFORMS)
def test_rows_of_no_weight_teach_nothing(name):
    X = np.r_[rng.normal(size=(200, 3)), np.full((50, 3), 1e6)]
    X[220:] = np.nan
    weighted = encoder(name)
    weighted.fit_transform(X, np.repeat([1.0, 0.0], [200, 50]))
    alone = encoder(name)
    alone.fit_transform(X[:200])
    np.testing.assert_allclose(weighted.transform(X[:200]), alone.transform(X[:200]), atol=1e-6)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_order_is_kept(name):
    X = np.sort(rng.exponential(size=(500, 1)), axis=0)
    assert (np.diff(encoder(name).fit_transform(X)[:, 0]) >= 0).all()


def test_quantiles_make_it_normal():
    Z = encoder("quantile").fit_transform(rng.exponential(size=(20_000, 2)))
    for column in Z.T:
        assert stats.kstest(column, "norm").statistic < 0.01


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1.0, 1e300])
def test_quantiles_do_not_depend_on_units(scale):
    X = np.random.default_rng(1).normal(size=(1000, 1))
    np.testing.assert_allclose(
        encoder("quantile").fit_transform(X * scale), encoder("quantile").fit_transform(X), atol=2e-3
    )


def test_an_outlier_leaves_the_quantiles_of_the_others():
    X = np.sort(np.random.default_rng(1).normal(size=(2000, 1)), axis=0)
    rare = np.repeat([0.0, 1.0], [1900, 100])[:, None]
    for column in (X, rare):
        far = np.r_[column, [[1e15]]]
        expected = encoder("quantile").fit_transform(column)[:1950]  # the highest quantile reaches up to the outlier
        np.testing.assert_allclose(encoder("quantile").fit_transform(far)[:1950], expected, atol=0.05)


def test_quantiles_of_a_constant_that_rounds():
    assert not encoder("quantile").fit_transform(np.full((300, 1), 0.1)).any()


def test_quantiles_of_almost_a_constant():
    Z = encoder("quantile").fit_transform(np.r_[np.full((299, 1), 1.0), [[np.nextafter(1.0, 2.0)]]])
    assert np.abs(Z[:-1]).max() < 0.1
    assert Z[-1, 0] > 2


@pytest.mark.parametrize("sparse", [False, True])
def test_none_changes_nothing(sparse):
    X = np.array([[1e9, -1e30], [3e38, 0.0]])
    Z = encoder("none").fit_transform(csr_array(X) if sparse else X)
    assert np.array_equal(Z, X.astype(np.float32))
    assert encoder("none").fit_transform([[1e300]]).item() == np.finfo(np.float32).max  # there is nothing larger


def test_robust_smooth_by_its_formula():
    X = rng.standard_t(2, size=(1001, 4))
    x = RobustScaler().fit_transform(X)
    np.testing.assert_allclose(
        encoder("robust_smooth").fit_transform(X), x / np.sqrt(1 + (x / 3) ** 2), rtol=1e-5, atol=1e-6
    )
    rare = np.r_[np.zeros(90), np.full(10, 4.0)][:, None]  # no interquartile range: half the range divides
    assert encoder("robust_smooth").fit_transform(rare).max() == pytest.approx(2 / np.sqrt(1 + (2 / 3) ** 2))


def test_a_tall_table_is_sampled():
    X = rng.normal(size=(250_000, 2))
    Z = encoder("quantile").fit_transform(X)
    assert np.abs(Z.std(axis=0) - 1).max() < 0.02


@pytest.mark.parametrize("name", TRANSFORMS)
def test_missing_values_are_flagged(name):
    X = rng.normal(size=(100, 2))
    X[:10, 1] = np.nan
    learned = encoder(name)
    Z = learned.fit_transform(X)
    assert Z.shape == (100, 3)
    assert Z[:, 2].tolist() == [1.0] * 10 + [0.0] * 90
    assert learned.get_feature_names_out().tolist() == ["x0", "x1", "x1_missing"]


@pytest.mark.parametrize("name", [*TRANSFORMS, None])
def test_in_an_estimator(name):
    X = rng.normal(size=(200, 3)) * [1, 10, 100]
    y = (X[:, 1] > 0).astype(int)
    net = NetClassifier(numeric_transform=name, max_epochs=10, random_state=0).fit(X, y)
    assert net.score(X, y) > 0.9


def test_rare_categories_share_a_column():
    X = np.array([["a"], ["a"], ["b"], ["b"], ["c"], ["d"]] * 10, dtype=object)
    net = NetClassifier(max_one_hot=2, max_epochs=1).fit(X, np.arange(60) % 2)
    assert net.encoder_.get_feature_names_out().tolist() == ["x0_a", "x0_b", "x0_infrequent"]


# ---- piecewise linear encoding -------------------------------------------------------------------------------------


def test_bins_fill_up_one_after_the_other():
    X = np.sort(rng.exponential(size=(2048, 1)), axis=0)
    learned = encoder("standard", n_bins=8)
    bins = learned.fit_transform(X)[:, 1:]
    assert bins.shape == (2048, 8)
    assert learned.get_feature_names_out().tolist() == ["x0", *(f"x0_bin{k}" for k in range(8))]
    assert (np.diff(bins, axis=0) >= 0).all()
    assert (np.diff(bins, axis=1) <= 0).all()
    edges = np.quantile(X[:, 0], np.linspace(0, 1, 9), method="inverted_cdf")
    for k in range(8):
        np.testing.assert_allclose(
            bins[:, k], np.clip((X[:, 0] - edges[k]) / (edges[k + 1] - edges[k]), 0, 1), atol=1e-6
        )
    far = learned.transform([[-1e300], [1e300], [np.nan]])[:, 1:9]
    assert far.tolist() == [[0.0] * 8, [1.0] * 8, [0.0] * 8]


def edges_of(learned):
    return next(encoding.edges_ for encoding in vars(learned).values() if isinstance(encoding, PiecewiseLinear))


def test_values_that_come_often_leave_bins_to_the_others():
    """Quantiles of all rows coincide where a column is zero in nine rows of ten: its
    other values had three of 32 bins.
    """
    numbers = np.random.default_rng(1)
    amounts = np.where(numbers.random(4096) < 0.9, 0.0, numbers.exponential(size=4096))
    spikes = np.where(numbers.random(4096) < 0.6, numbers.choice([0.5, 2.0], 4096), numbers.normal(size=4096))
    learned = encoder("standard", n_bins=32)
    bins = learned.fit_transform(np.c_[amounts, spikes])[:, 2:]
    assert (bins.max(0) > 0).all()
    assert (bins.min(0) < 1).all()
    for edges, column, often in zip(edges_of(learned), (amounts, spikes), ([0.0], [0.5, 2.0]), strict=True):
        others = column[~np.isin(column, often)]
        between = np.quantile(others, np.linspace(0, 1, 33 - len(often)), method="inverted_cdf")
        np.testing.assert_array_equal(edges, np.sort(np.r_[often, between]))


def test_few_values_have_a_bin_between_each_two():
    X = np.c_[rng.integers(0, 3, 2048), np.full(2048, 5), np.full(2048, np.nan)]
    learned = encoder("standard", n_bins=16)
    Z = learned.fit_transform(X)
    assert learned.get_feature_names_out().tolist() == ["x0", "x1", "x2", "x2_missing", "x0_bin0", "x0_bin1"]
    assert Z[:, 4:].tolist() == [[float(v > 0), float(v > 1)] for v in X[:, 0]]


@pytest.mark.parametrize("column", ODD)
def test_bins_of_any_column(column):
    X = np.c_[np.tile(ODD[column], 8), rng.normal(size=2400)]
    learned = encoder("none" if column != "huge" else "standard", n_bins=16)
    Z = learned.fit_transform(X)
    assert np.isfinite(Z).all()
    assert np.array_equal(Z, learned.transform(X))
    assert len(learned.get_feature_names_out()) == Z.shape[1]


def test_bins_are_bounded_whatever_the_width():
    X = rng.normal(size=(2048, 1500))
    assert encoder("standard", n_bins=32).fit_transform(X).shape[1] == 1500 + 2 * 1500
    assert encoder("standard", n_bins=32).fit_transform(np.c_[X, X]).shape[1] == 3000


def test_tables_too_wide_for_bins_are_not_sampled():
    X = rng.normal(size=(1000, 4000))
    tracemalloc.start()
    Z = encoder("standard", n_bins=32).fit_transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Z.shape == X.shape
    assert peak < Z.nbytes + 8 * 2**20


def test_samples_of_wide_tables_are_bounded(monkeypatch):
    X = rng.normal(size=(4000, 50))
    seen = []
    monkeypatch.setattr(sample, "_SAMPLE", 2000)
    monkeypatch.setattr(sample, "_SAMPLE_CELLS", 25_000)
    monkeypatch.setattr(RobustSmooth, "_learn", lambda self, sample, weight: seen.append(sample.shape))
    for table in (X, np.tile(X, 40), X[:300]):
        with contextlib.suppress(AttributeError):  # nothing was learned
            encoder("robust_smooth").fit_transform(table)
    assert seen == [(500, 50), (200, 2000), (300, 50)]


def test_folds_agree_about_the_width():
    """Networks of folds can only train together if they have as many inputs."""
    X = np.c_[rng.integers(0, 40, (1000, 10)), rng.normal(size=(1000, 5))]
    widths = {
        encoder("standard", n_bins=32, round_width=True).fit_transform(X[np.arange(1000) % 5 != fold]).shape[1]
        for fold in range(5)
    }
    plain = {encoder("standard", n_bins=32).fit_transform(X[np.arange(1000) % 5 != fold]).shape[1] for fold in range(5)}
    assert len(widths) == 1
    assert max(widths) <= 1.125 * max(plain) + 1


def test_weights_are_numbers_of_rows():
    X, counts = rng.normal(size=(3000, 3)), rng.integers(0, 4, 3000)
    X[:, 2] = np.where(X[:, 2] < 0.5, 0, X[:, 2])
    for name in ("standard", "robust_smooth"):
        weighted, repeated = encoder(name, n_bins=8), encoder(name, n_bins=8)
        weighted.fit_transform(X, counts)
        repeated.fit_transform(np.repeat(X, counts, axis=0))
        np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-5)
