"""Exported models find the same place in the calendar."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")

from sknet_hp import NetRegressor
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.sharing.onnx.export import export
from tests.helpers.onnx_graphs import encode_in_onnx

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
