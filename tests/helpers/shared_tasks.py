"""Tasks that share an estimator, and what they give."""

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier

FOLDS = range(6)
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
y = (X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=300) > 0).astype(int)
BIG = np.arange(200_000.0)

NET = NetClassifier(width=8, n_layers=1, max_epochs=30, early_stopping=False, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), NET)


def fit_and_predict(estimator, fold, *, learn=slice(None)):
    """Fit on other rows in each fold, and predict all."""
    estimator.fit(X[20 * fold :][learn], y[20 * fold :][learn])
    return estimator.predict_proba(X)


def fit_the_global(fold):
    return fit_and_predict(PIPELINE, fold)


def fit_the_global_within(fold):
    return fit_the_global(fold)


def fit_in_turn(estimator):
    return [fit_and_predict(clone(estimator), fold) for fold in FOLDS]
