"""Every kind of tables, of numbers and mixed."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.small_nets import ESTIMATORS, SMALL, predict_outputs


@pytest.mark.parametrize("Net", ESTIMATORS)
@pytest.mark.parametrize(
    "convert",
    [list, np.asarray, np.float32, pd.DataFrame, np.asfortranarray],
    ids=["list", "float64", "float32", "pandas", "Fortran"],
)
def test_tables_of_numbers(problem, Net, convert):
    X, y = problem(Net)
    X = np.float64(np.float32(X))  # so that float32 is the same table
    table = X.tolist() if convert is list else convert(X)
    if convert is pd.DataFrame:
        table.columns = [f"c{i}" for i in range(X.shape[1])]
    expected = Net(**SMALL).fit(X, y)
    net = Net(**SMALL).fit(table, y)
    np.testing.assert_allclose(predict_outputs(net, table), predict_outputs(expected, X), rtol=1e-3, atol=1e-4)
    assert net.n_features_in_ == 6


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool])
def test_tables_of_integers(classes, dtype):
    _, y = classes
    X = (y[:, None] == np.arange(3)).astype(dtype)
    assert NetClassifier(**SMALL | {"max_epochs": 30}, lr=1e-2).fit(X, y).score(X, y) == 1


def mixed_frame(n=240, seed=0):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], n)
    size = rng.choice(["small", "large"], n).astype(object)
    number = rng.standard_normal(n)
    number[rng.random(n) < 0.2] = np.nan
    size[rng.random(n) < 0.1] = None
    frame = pd.DataFrame(
        {
            "number": number,
            "kind": pd.Categorical(kind, categories=["a", "b", "c", "never"]),
            "size": size,
            "count": rng.integers(0, 5, n),
            "flag": rng.random(n) < 0.5,
            "empty": np.full(n, np.nan),
        }
    )
    y = np.where((kind == "a") | (size == "large"), "yes", "no")
    return frame, y


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_mixed_frames(library):
    frame, y = mixed_frame()
    if library == "polars":
        frame = pl.from_pandas(frame)
    train, test = frame[:180], frame[180:]
    net = NetClassifier(max_epochs=60, random_state=0).fit(train, y[:180])
    assert net.score(test, y[180:]) > 0.85
    assert net.feature_names_in_.tolist() == ["number", "kind", "size", "count", "flag", "empty"]
    assert net.n_features_in_ == 6
    regressor = NetRegressor(max_epochs=60, random_state=0).fit(train, (y[:180] == "yes").astype(float))
    assert regressor.score(test, (y[180:] == "yes").astype(float)) > 0.4


def test_categories_never_seen_in_training():
    frame, y = mixed_frame()
    net = NetClassifier(**SMALL).fit(frame[frame["size"] != "large"], y[frame["size"] != "large"])
    assert np.isfinite(net.predict_proba(frame)).all()


def test_missing_values_first_met_in_prediction(classes):
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    holes = X.copy()
    holes[::3, 2] = np.nan
    assert np.isfinite(net.predict_proba(holes)).all()
