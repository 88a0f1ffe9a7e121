"""What fits scikit-learn's estimators fits ours: skops writes and reads them, and with
it whatever builds on skops, as MLflow does.
"""

import numpy as np
import pandas as pd
import pytest
import skops.io

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.small_nets import SMALL

rng = np.random.default_rng(0)
N = 200
word = rng.choice(["a", "b", "c"], N).astype(object)
word[:30] = None
TABLE = pd.DataFrame(
    {
        "number": np.where(rng.random(N) < 0.1, np.nan, rng.standard_normal(N)),
        "word": word,
        "text": [None if row % 9 == 0 else f"Mr {row} of house {row % 7}" for row in range(N)],
        "flag": np.where(rng.random(N) < 0.3, None, rng.random(N) < 0.5),
        "never": np.where(rng.random(N) < 0.3, None, False),
        "kind": pd.Categorical(np.where(rng.random(N) < 0.2, np.nan, rng.integers(0, 5, N))),
        "mixed": pd.Categorical(rng.choice(np.array([True, 2, 5], dtype=object), N)),
    }
)
CODES = {"max_one_hot": 2, "cat_embedding_dim": 3}


def through_skops(model):
    content = skops.io.dumps(model)
    return skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


@pytest.mark.parametrize("Net", [NetClassifier, NetRegressor])
@pytest.mark.parametrize("encoding", [{}, CODES], ids=["columns", "codes"])
def test_tables_with_missing_categories_and_text(Net, encoding):
    net = Net(**SMALL, **encoding).fit(TABLE, word == "a")
    again = through_skops(net)
    assert np.array_equal(again.predict(TABLE), net.predict(TABLE))
    assert np.array_equal(
        again.encoder_.transform(TABLE, estimator=again), net.encoder_.transform(TABLE, estimator=net)
    )
    assert np.array_equal(through_skops(again).predict(TABLE), net.predict(TABLE))


def test_dates():
    days = pd.date_range("2020-01-01", periods=len(TABLE), freq="31h")
    table = pd.DataFrame({"day": days, "zoned": days.tz_localize("Europe/Vienna"), "text": days.strftime("%Y-%m-%d")})
    net = NetClassifier(**SMALL).fit(table, word == "a")
    assert np.array_equal(through_skops(net).predict_proba(table), net.predict_proba(table))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        np.array([0, 1], dtype=np.uint8),
        np.array([False, True]),
    ],
)
def test_labels_of_any_kind(labels):
    y = labels[(TABLE["number"] > 0).astype(int)]
    net = NetClassifier(**SMALL).fit(TABLE, y)
    again = through_skops(net)
    assert again.predict(TABLE).dtype == net.predict(TABLE).dtype
    assert np.array_equal(again.predict_proba(TABLE), net.predict_proba(TABLE))


def test_a_network_that_has_shown_its_epochs(capsys):
    """What has printed them, a skorch net, is made again when it is asked for."""
    net = NetClassifier(**SMALL, verbose=1, warm_start=True).fit(TABLE, word == "a")
    assert "train_loss" in capsys.readouterr().out
    again = through_skops(net)
    assert np.array_equal(again.predict_proba(TABLE), net.predict_proba(TABLE))
    assert np.array_equal(again.net_.history[:, "train_loss"], net.loss_curve_)
    on, expected = (each.set_params(max_epochs=7).fit(TABLE, word == "a") for each in (again, net))
    assert np.array_equal(on.parameters_, expected.parameters_)
