"""Networks learn from dates what the calendar says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

DAYS = pd.date_range("2021-01-01", "2023-12-31")
WEEKEND = (DAYS.day_of_week >= 5).astype(float)
SEASON = np.cos(2 * np.pi * DAYS.day_of_year / 365)
X = pd.DataFrame({"day": DAYS})
PAST, FUTURE = slice(0, 730), slice(730, None)
SMALL = {"width": 16, "max_epochs": 3, "random_state": 0}


@pytest.mark.parametrize("signal", [WEEKEND, SEASON], ids=["week", "year"])
@pytest.mark.parametrize("embedding", ["ple", "none"])
def test_the_next_year_is_predicted(signal, embedding):
    net = NetRegressor(num_embedding=embedding, max_epochs=100, random_state=0).fit(X[PAST], signal[PAST])
    assert net.score(X[FUTURE], signal[FUTURE]) > 0.8


def test_dates_far_from_those_of_training_have_sane_predictions():
    net = NetRegressor(max_epochs=50, random_state=0).fit(X[PAST], np.linspace(0, 1, 730))
    days = np.array(["1900-01-01", "2023-06-01", "9999-12-31"], dtype="datetime64[s]")
    far = net.predict(pd.DataFrame({"day": days}))
    assert (np.abs(far) < 5).all()
    assert far[1] > 0.8


def test_searches_that_train_together_give_the_same_numbers():
    search = GridSearchCV(NetClassifier(**SMALL), {"lr": [1e-3, 1e-2]}, cv=TimeSeriesSplit(2))
    frame = X.assign(text=DAYS.strftime("%Y-%m-%d"))
    alone = search.fit(frame, WEEKEND > 0).cv_results_["mean_test_score"]
    with sknet_hp.fused():
        together = search.fit(frame, WEEKEND > 0).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(together, alone)


def test_training_goes_on_and_passes_on_with_dates():
    net = NetRegressor(**SMALL, schedule_epochs=6, early_stopping=False, warm_start=True).fit(X, SEASON)
    net.set_params(max_epochs=6).fit(X, SEASON)
    whole = NetRegressor(**SMALL | {"max_epochs": 6}, early_stopping=False).fit(X, SEASON)
    np.testing.assert_array_equal(net.predict(X), whole.predict(X))
    heir = NetRegressor(**SMALL, init_from=whole).fit(X[FUTURE], SEASON[FUTURE])
    assert list(heir.encoder_.get_feature_names_out()) == list(whole.encoder_.get_feature_names_out())


@pytest.mark.parametrize("embedding", ["plr", "pbld"])
@pytest.mark.parametrize("module", ["mlp", "resnet", "tabm"])
def test_every_embedding_takes_dates(embedding, module):
    net = NetRegressor(**SMALL, num_embedding=embedding, module=module).fit(X, SEASON)
    assert np.isfinite(net.predict(X)).all()
