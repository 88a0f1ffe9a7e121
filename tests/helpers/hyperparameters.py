"""Small nets that tests of hyperparameters share."""

import numpy as np
from sklearn.datasets import make_classification, make_regression

from sknet_hp import NetClassifier

SMALL = {
    "width": 16,
    "max_epochs": 4,
    "batch_size": 32,
    "early_stopping": False,
    "activation": "relu",
    "dropout": 0.0,
    "random_state": 0,
}
X, y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
Xr, yr = make_regression(200, 8, n_informative=5, noise=5, random_state=0)


def has_same_weights(a, b):
    return np.array_equal(a.parameters_, b.parameters_)


def fit_net(**parameters):
    return NetClassifier(**SMALL | parameters).fit(X, y)
