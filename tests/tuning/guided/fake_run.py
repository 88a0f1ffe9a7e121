"""A run whose candidates have scores by formula, and a clock that their epochs move."""

from types import SimpleNamespace

import numpy as np

from sknet_hp import NetClassifier
from sknet_hp.search.candidates import Candidate, Row
from sknet_hp.search.views.metric import Metric
from sknet_hp.tuning.guided.budget import Budget
from sknet_hp.tuning.guided.guide import Guide
from sknet_hp.tuning.guided.notebook import Notebook
from sknet_hp.tuning.guided.reports import StageReport, Stages


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FakeRun:
    """A run that trains nothing.

    Parameters
    ----------
    score : of parameters and a split.
    clock : moved by each epoch.
    seconds : of an epoch of a network with these parameters.
    stop : epochs after which networks stop early.
    most : epochs of the last rung.
    """

    def __init__(self, score, clock, seconds=lambda params: 0.1, stop=40, most=90, n_splits=3):
        self.score, self.clock, self.seconds, self.stop = score, clock, seconds, stop
        self.resource = SimpleNamespace(most=most)
        self.n_splits, self.metric, self.n_jobs = n_splits, "score", 1
        self.progress = SimpleNamespace(known=0)
        self.candidates, self.rows, self.forgotten = [], [], []
        self.tables = [SimpleNamespace(train=np.arange(900)) for _ in range(n_splits)]

    def propose(self, params):
        self.candidates.append(Candidate(len(self.candidates), params, estimators=[None] * self.n_splits))
        return self.candidates[-1]

    def train(self, steps):
        for candidate, n_resources, iteration in steps:
            reached, before = min(n_resources, self.stop), min(candidate.n_resources, self.stop)
            self.clock.now += self.seconds(candidate.params) * (reached - before) * self.n_splits
            outcomes = [
                {"test_scores": self.score(candidate.params, k), "fit_error": None, "n_iter": reached}
                for k in range(self.n_splits)
            ]
            self.rows.append(Row(candidate, iteration, n_resources, outcomes))
            candidate.n_resources, candidate.score = n_resources, self.rows[-1].score("score")

    def forget(self, candidates):
        self.forgotten += candidates


def make_guide(score=lambda params, split: 0.5, budget=None, **settings):
    """Return a guide whose first candidate is trained, and its run."""
    clock = Clock()
    run = FakeRun(score, clock, **settings)
    guide = Guide(
        run,
        NetClassifier(random_state=0),
        budget=Budget(budget, 0.0, clock),
        notebook=Notebook(None),
        random_state=0,
        n_rows=1350,
        metric=Metric("accuracy"),
        reports=Stages([StageReport("untuned")]),
        checks=False,
    )
    guide.try_first()
    guide.reports.append(StageReport("a race"))
    return guide
