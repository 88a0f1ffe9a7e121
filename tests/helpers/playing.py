"""Searchers tested without training: an estimator whose score is a formula, and a run
that only scores.
"""

from types import SimpleNamespace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from sknet_hp.search.candidates import Candidate, Row

FITS: list[tuple[float, int, int]] = []
"""By all `Played` of this process: quality, epochs before and epochs after."""


class Played(ClassifierMixin, BaseEstimator):
    """Scores `quality` · (1 − 1 / (1 + epochs)): better ones are better from the first
    epoch on. Fails where `quality` is None.
    """

    def __init__(self, quality=0.5, other=0, max_epochs=1, warm_start=False):
        self.quality = quality
        self.other = other
        self.max_epochs = max_epochs
        self.warm_start = warm_start

    def fit(self, X, y):
        if self.quality is None:
            raise ValueError("no quality")
        begun = getattr(self, "n_iter_", 0) if self.warm_start else 0
        FITS.append((self.quality, begun, self.max_epochs))
        self.classes_, self.n_iter_ = np.unique(y), self.max_epochs
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))

    def score(self, X, y, sample_weight=None):
        return self.quality * (1 - 1 / (1 + self.n_iter_))


class ScoredRun:
    """What a policy sees of a `Run`, with a function in place of training:
    `score(params, n_resources)`.
    """

    def __init__(self, score, most, least=1):
        self.score, self.resource = score, SimpleNamespace(most=most, least=least, of_rows=False)
        self.candidates, self.rows, self.keeps_finalists, self.journal = [], [], False, None

    def announce(self, cost):
        self.expected = cost

    def propose(self, params, bracket=0):
        self.candidates.append(Candidate(len(self.candidates), params, bracket))
        return self.candidates[-1]

    def train(self, steps, *, all_may_fail=False):
        for candidate, n_resources, iteration in steps:
            candidate.n_resources, candidate.score = n_resources, self.score(candidate.params, n_resources)
            self.rows.append(Row(candidate, iteration, n_resources, [{"score": candidate.score}]))

    def keep_busy(self, n_workers, next_step, done):
        for step in iter(next_step, None):
            self.train([step])
            done(step)

    def get_score(self, row):
        return row.outcomes[0]["score"]

    def forget(self, candidates):
        for _ in candidates:
            pass


def count_epochs():
    """Since `FITS` was cleared."""
    return sum(after - before for _, before, after in FITS)


def read_results(search):
    """`cv_results_` without the times."""
    return {
        name: np.asarray(value.tolist() if np.ma.isMA(value) else value)
        for name, value in search.cv_results_.items()
        if "time" not in name
    }


def assert_same_results(one, other):
    one, other = read_results(one), read_results(other)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
