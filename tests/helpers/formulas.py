"""Searches led by a model over an estimator whose score is a formula."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from sknet_hp.search import CmaEsSearchCV, GPSearchCV, TPESearchCV

SEARCHERS = [TPESearchCV, CmaEsSearchCV, GPSearchCV]
X = np.zeros((8, 1))
y = np.arange(8) % 2
LR = (1e-6, 1.0, "log-uniform")


def compute_value(lr=0.1, dropout=0.0, width=32, shape=(1, 1), activation="selu"):
    """Best at lr = 10^-2.3, dropout 0.2, width 32, a shape of two, and selu."""
    other = abs(np.log2(width) - 5) / 8 + 0.3 * (len(shape) != 2) + 0.2 * (activation != "selu")
    return -float((np.log10(lr) + 2.3) ** 2 + 4 * (dropout - 0.2) ** 2 + other)


class Formula(ClassifierMixin, BaseEstimator):
    """Scores what a formula says of its parameters."""

    trained = 0

    def __init__(
        self, lr=0.1, dropout=0.0, width=32, shape=(1, 1), activation="selu", fails=None, max_epochs=9, warm_start=False
    ):
        self.lr, self.dropout, self.width, self.shape, self.activation = lr, dropout, width, shape, activation
        self.fails, self.max_epochs, self.warm_start = fails, max_epochs, warm_start

    def fit(self, X, y):
        if self.fails is not None and self.lr > self.fails:
            raise ArithmeticError("diverged")
        self.classes_ = np.unique(y)
        Formula.trained += self.max_epochs - getattr(self, "n_iter_", 0)
        self.n_iter_ = self.max_epochs
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))

    def score(self, X, y, sample_weight=None):
        return compute_value(self.lr, self.dropout, self.width, self.shape, self.activation)


def fit_search(searcher, space, estimator=None, **settings):
    proposed = {"initial_candidates": None}  # so that all candidates are the model's
    settings = {"cv": 2, "random_state": 0, "n_candidates": 14, "n_points": 4} | proposed | settings
    return searcher(estimator or Formula(), space, **settings).fit(X, y)


def list_candidates(found):
    """The candidates, in order."""
    return [
        {name: value for name, value in params.items() if name != "max_epochs"}
        for params in found.cv_results_["params"]
    ]


def make_listener(searcher, told):
    """A searcher that notes what its model is told."""

    class Listening(searcher):
        """Notes what its model is told."""

        def _make_model(self, space, seed):
            model = super()._make_model(space, seed)
            tell = model.tell
            model.tell = lambda params, scores: (told.extend(zip(params, scores, strict=True)), tell(params, scores))
            return model

    return Listening
