"""Small populations, and the toy problem of the paper."""

import numpy as np
from scipy import stats
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_breast_cancer

from sknet_hp import NetClassifier
from sknet_hp.search import PBTSearchCV

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:200].astype(np.float32), y[:200]
NET = NetClassifier(
    width=8, n_layers=1, max_epochs=6, batch_size=32, early_stopping=False, lr_schedule="cosine", random_state=0
)
SPACE = {"lr": (1e-4, 1.0, "log-uniform"), "dropout": [0.0, 0.1, 0.3], "weight_decay": stats.loguniform(1e-5, 1e-1)}
ROWS = np.zeros((8, 1))


class Quadratic(RegressorMixin, BaseEstimator):
    """Figure 2 of the paper: climbs 1.2 - h0 θ0² - h1 θ1², is scored by 1.2 - θ0² -
    θ1².
    """

    def __init__(self, h0=1.0, h1=1.0, lr=0.02, fails_above=np.inf, breaks=False, n_steps=40, warm_start=False):
        self.h0, self.h1, self.lr, self.fails_above, self.breaks = h0, h1, lr, fails_above, breaks
        self.n_steps, self.warm_start = n_steps, warm_start

    def fit(self, X, y=None):
        if not (self.warm_start and hasattr(self, "theta_")):
            self.theta_, self.done_, self.h_ = np.full(2, 0.9), 0, []
        if self.breaks and self.done_:
            raise RuntimeError("breaks while it goes on")
        if self.done_ >= 8 and self.h0 > self.fails_above:
            raise RuntimeError("h0 is too large")
        for _ in range(self.n_steps - self.done_):
            self.theta_ = self.theta_ + self.lr * -2 * np.array([self.h0, self.h1]) * self.theta_
            self.h_.append((self.h0, self.h1))
        self.done_ = self.n_steps
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def score(self, X, y=None):
        return 1.2 - float(self.theta_ @ self.theta_)


def make_toy_search(**parameters):
    own = {"resource": "n_steps", "interval": 4, "population_size": 8, "cv": 2, "random_state": 0}
    estimator = parameters.pop("estimator", Quadratic())
    space = parameters.pop("space", {"h0": (0.0, 1.0), "h1": (0.0, 1.0)})
    return PBTSearchCV(estimator, space, **own | parameters)


def make_small_search(**parameters):
    return PBTSearchCV(
        **{
            "estimator": NET,
            "param_distributions": SPACE,
            "population_size": 6,
            "interval": 2,
            "cv": 2,
            "random_state": 0,
        }
        | parameters
    )
