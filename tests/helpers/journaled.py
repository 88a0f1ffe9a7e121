"""Searches with a journal, and how they are stopped in the middle; what the tests of
journals share.
"""

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import StratifiedKFold

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV, HyperbandSearchCV
from sknet_hp.search.journal.journal import Journal
from tests.helpers.curves import Curve, draw_table, list_results

X, y = draw_table()
CV = StratifiedKFold(2)
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, dropout=0.1, random_state=0, lr_schedule="cosine")
SPACE = {"lr": stats.loguniform(1e-3, 0.3), "dropout": [0.0, 0.2]}


def make_network_search(path=None, estimator=NET, space=SPACE, Search=HyperbandSearchCV, **parameters):
    return Search(estimator, space, **{"cv": CV, "random_state": 0, "min_resources": 1, "journal": path} | parameters)


def make_curve_search(path=None, n=27, **parameters):
    parameters = {
        "n_candidates": "grid",
        "cv": CV,
        "random_state": 0,
        "n_jobs": 1,
        "min_resources": 1,
        "journal": path,
    } | parameters
    return HalvingSearchCV(Curve(max_epochs=27), {"index": list(range(n))}, **parameters)


class Stop(Exception):
    pass


def stop_after(n, monkeypatch):
    """The n-th record is written, and then the process is as good as dead."""
    original, count = Journal.record, [0]

    def record(self, *args, **more):
        original(self, *args, **more)
        count[0] += 1
        if count[0] == n:
            raise Stop

    monkeypatch.setattr(Journal, "record", record)


def assert_same_search(a, b):
    assert list_results(a) == list_results(b)
    assert a.best_params_ == b.best_params_
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))


def list_trained(search, before=lambda: None):
    """What a search hands to `fit`, in all; `before` is called at each."""
    seen = []
    original = type(search.estimator).fit

    def fit(self, *args, **more):
        before()
        seen.append(getattr(self, "n_iter_", 0))
        return original(self, *args, **more)

    with pytest.MonkeyPatch.context() as patch, joblib.parallel_config("sequential"):
        patch.setattr(type(search.estimator), "fit", fit)
        search.fit(X, y)
    return seen
