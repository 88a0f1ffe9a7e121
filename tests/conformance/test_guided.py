"""scikit-learn's checks of an estimator, for guided tuning."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.tuning import GuidedSearchCV
from sknet_hp.tuning.guided import stages
from sknet_hp.tuning.learning_rate import range_test

# The checks have tables on which some fits fail, and rare classes: searches warn of both.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

NETWORKS = [
    Net(max_epochs=9, width=16, lr=0.03, batch_size=32, random_state=0) for Net in (NetClassifier, NetRegressor)
]


@pytest.fixture(autouse=True)
def small_stages(monkeypatch):
    """Few candidates, and range tests of one epoch."""
    whole = range_test.find_lr
    quick = {"rates": [1e-3, 1e-2], "n_seeds": 1, "n_epochs": 1}
    monkeypatch.setattr(range_test, "find_lr", lambda *data, **settings: whole(*data, **settings | quick))
    monkeypatch.setattr(stages, "N_DRAWN", 2)
    monkeypatch.setattr(stages, "N_CLOSE", 1)


@parametrize_with_checks([GuidedSearchCV(net, time_budget=None, refit=True, cv=2, random_state=0) for net in NETWORKS])
def test_guided(estimator, check):
    check(estimator)
