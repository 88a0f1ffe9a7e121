"""Rows that networks learn in a moment, and a network that is well on them."""

import numpy as np

from sknet_hp import NetClassifier


def draw_rows(seed=0, n=400):
    """Draw a table of two classes that a line does not quite part."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=n) > 0).astype(int)
    return X, y


def fit_healthy(X, y):
    """Fit a network that nothing is wrong with."""
    return NetClassifier(random_state=0).fit(X, y)
