"""Small searches that tests of what comes out of them share."""

from sklearn.model_selection import StratifiedKFold

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import Curve

CV = StratifiedKFold(2)
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
SPACE = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3]}


def make_curve_search(n=27, estimator=None, **parameters):
    parameters = {"n_candidates": "grid", "cv": CV, "random_state": 0, "n_jobs": 1, "min_resources": 1} | parameters
    return HalvingSearchCV(estimator or Curve(max_epochs=27), {"index": list(range(n))}, **parameters)


def make_network_search(estimator=NET, space=SPACE, **parameters):
    parameters = {"n_candidates": "grid", "initial_candidates": None} | parameters
    return HalvingSearchCV(estimator, space, **{"cv": CV, "min_resources": 3, "factor": 2} | parameters)
