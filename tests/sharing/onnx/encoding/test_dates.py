"""Dates are encoded in onnxruntime as in Python."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")

from sknet_hp import NetRegressor, export
from sknet_hp.estimators.encoding.dates import cycles
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.sharing import to_onnx
from sknet_hp.sharing.onnx.encoding.dates import LOCATE
from tests.helpers.onnx_graphs import encode_in_onnx, run_graph


def test_every_cycle_is_known():
    assert set(LOCATE) == set(cycles.CYCLES)


@pytest.mark.parametrize("name", LOCATE)
def test_positions_in_cycles(name):
    rng = np.random.default_rng(0)
    edges = ["2000-02-29T23:59:59.999999", "1900-02-28", "1900-03-01", "1969-12-31T23:59", "0001-01-01", "9999-12-31"]
    days = np.arange("1895-12-30", "1905-01-05", dtype="datetime64[D]").astype("datetime64[us]")
    drawn = rng.integers(-(10**17), 10**17, 5000).astype("datetime64[us]")
    moments = np.concatenate([np.array(edges, "datetime64[us]"), days, drawn])
    moments = moments.astype("datetime64[s]").astype("datetime64[us]")
    found = run_graph(LOCATE[name], seconds=moments.astype(np.int64)[:, None] / 1e6)[:, 0]
    np.testing.assert_allclose(found, cycles.CYCLES[name].locate(moments), rtol=1e-12, atol=1e-15)


def make_dates(n_rows, seed):
    rng = np.random.default_rng(seed)
    seconds = rng.integers(0, 3 * 366 * 86_400, n_rows)
    moments = pd.Series(np.datetime64("2019-06-01") + seconds.astype("timedelta64[s]"))
    moments[::11] = pd.NaT
    return pd.DataFrame(
        {
            "seen": moments,
            "day": moments.dt.strftime("%Y-%m-%d"),
            "abroad": moments.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
            "lasted": pd.to_timedelta(seconds % 5000, unit="s"),
            "size": rng.normal(size=n_rows),
        }
    )


@pytest.mark.parametrize("how", [{}, {"n_bins": 4, "round_width": True}, {"numeric_transform": "quantile"}], ids=str)
def test_columns_of_dates(how):
    train, test = make_dates(400, 0), make_dates(60, 1)
    test.loc[0, ["seen", "day"]] = [pd.Timestamp("2290-01-01"), "9999-12-31"]
    encoder = TableEncoder(**how)
    encoder.fit_transform(train)
    for X in (train, test):
        np.testing.assert_allclose(encode_in_onnx(encoder, X), encoder.transform(X), rtol=1e-6, atol=1e-6)


def test_a_table_of_dates_alone():
    train = make_dates(100, 0)[["seen"]]
    encoder = TableEncoder(round_width=True)
    encoder.fit_transform(train)
    np.testing.assert_allclose(encode_in_onnx(encoder, train), encoder.transform(train), rtol=1e-6, atol=1e-6)


N = 1500
MOMENTS = pd.Series(pd.date_range("1895-01-01", "2105-01-01", periods=N)).dt.floor("s")
TABLE = pd.DataFrame({"typed": MOMENTS, "text": MOMENTS[::-1].dt.strftime("%Y-%m-%d").tolist(), "x": np.arange(N) % 7})
TABLE.loc[::9, "typed"] = pd.NaT
SMALL = {"width": 8, "max_epochs": 2, "random_state": 0}


@pytest.mark.parametrize("transform", ["standard", "none", "robust_smooth"])
@pytest.mark.parametrize("columns", [["typed"], ["typed", "text", "x"]])
def test_predictions_agree(transform, columns, tmp_path):
    net = NetRegressor(**SMALL, numeric_transform=transform).fit(TABLE[columns], MOMENTS.dt.month)
    assert "typed_day_cos" in net.encoder_.get_feature_names_out()
    export(net, tmp_path / "model.onnx", TABLE[columns])


def test_what_numpy_makes_of_a_missing_date_is_missing():
    import onnxruntime

    net = NetRegressor(**SMALL).fit(TABLE[["typed"]], MOMENTS.dt.month)
    session = onnxruntime.InferenceSession(to_onnx(net).SerializeToString())
    seconds = TABLE[["typed"]].to_numpy(dtype="datetime64[s]").astype("float64")
    assert not np.isnan(seconds).any()
    np.testing.assert_allclose(session.run(None, {"typed": seconds})[0], net.predict(TABLE[["typed"]]), rtol=1e-5)


def test_every_day_of_four_centuries_is_found():
    days = pd.date_range("1801-01-01", "2201-01-01", freq="D")
    table = pd.DataFrame({"day": days + pd.to_timedelta(np.arange(len(days)) % 86_400, unit="s")})
    encoder = TableEncoder(numeric_transform="none")
    expected = encoder.fit_transform(table)
    assert expected.shape == (len(days), 13)
    np.testing.assert_allclose(encode_in_onnx(encoder, table), expected, atol=1e-6)


def test_durations_and_zones(tmp_path):
    table = pd.DataFrame({"zoned": MOMENTS.dt.tz_localize("UTC"), "span": pd.to_timedelta(np.arange(N) % 9, unit="h")})
    export(NetRegressor(**SMALL).fit(table, np.arange(N) % 3), tmp_path / "model.onnx", table)


def test_days_whose_sines_should_be_equal_are_in_the_same_bin():
    """A batch and a single row may differ in the last bits of a sine."""
    halves = [f"{2023 + k // 12}-{1 + k % 12:02}-{day}" for k in range(36) for day in ("01", "16")]
    days = pd.DataFrame({"day": halves * 20})  # no month has passed, and half of one
    encoder = TableEncoder(n_bins=16)
    encoder.fit_transform(days)
    expected = encoder.transform(days)
    np.testing.assert_allclose(encode_in_onnx(encoder, days), expected, atol=1e-3)
    for k in range(72):
        np.testing.assert_allclose(encode_in_onnx(encoder, days[k : k + 1]), expected[k : k + 1], atol=1e-3)
