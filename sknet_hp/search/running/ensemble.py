"""Ensemble selection (Caruana et al. 2004): who of the candidates that a search has trained anyway should vote, and with how much weight."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Candidate, Run

_ROUNDS = 50  # candidates that are added, one after the other; one may come again


class Member(NamedTuple):
    """One candidate of an ensemble, and its share of the votes."""

    candidate: Candidate
    weight: float


class _Classes(ClassifierMixin, BaseEstimator):
    """Stands before a scorer for a classifier whose probabilities are known: its X are they."""

    def __init__(self, classes: np.ndarray):
        self.classes_ = self.classes = classes

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class."""
        return self.classes_[X.argmax(axis=1)]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """X."""
        return X


class _Numbers(RegressorMixin, BaseEstimator):
    """The same for a regressor."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """X."""
        return X


def select(run: Run, scorer: Any, metric: str, finalists: list[Candidate]) -> list[Member]:
    """The ensemble of finalists whose averaged out-of-fold predictions score best, the largest weight first.

    Parameters
    ----------
    run : whose finalists still have their networks.
    scorer, metric : scikit-learn's scorer, and which of its scores counts if it gives several; the first if it is not among them.
    finalists : candidates at the most resources.
    """
    finalists = [candidate for candidate in finalists if not np.isnan(candidate.score)]
    if not finalists:
        raise ValueError("refit='ensemble' has nothing to choose from: no candidate has a score at the most resources")
    networks = run.networks(finalists)
    outputs = [[_outputs(own[split], run, split) for own in networks] for split in range(run.n_splits)]
    # For each split its own: one may have fewer classes than another.
    stand_ins: list[Any] = [_Classes(own.classes_) if is_classifier(own) else _Numbers() for own in networks[0]]
    truth = [_safe_indexing(table.y, table.test) for table in run.tables]
    given = [_check_method_params(table.X, table.score_params, table.test) for table in run.tables]

    def score(means: list[np.ndarray]) -> float:
        each = [scorer(stands_in, mean, y, **more) for stands_in, mean, y, more in zip(stand_ins, means, truth, given, strict=True)]
        return float(np.mean([one.get(metric, next(iter(one.values()))) if isinstance(one, dict) else one for one in each]))

    counts = np.zeros(len(finalists), dtype=int)
    sums = [np.zeros_like(own[0], dtype=float) for own in outputs]
    best, best_counts = -np.inf, counts
    for size in range(1, _ROUNDS + 1):
        scores = [score([(total + own[k]) / size for total, own in zip(sums, outputs, strict=True)]) for k in range(len(finalists))]
        taken = int(np.nanargmax(scores))
        counts = counts + (np.arange(len(finalists)) == taken)
        for total, own in zip(sums, outputs, strict=True):
            total += own[taken]
        if scores[taken] > best:
            best, best_counts = scores[taken], counts
    weights = best_counts / best_counts.sum()
    chosen = sorted(np.flatnonzero(weights), key=lambda k: (-weights[k], k))
    return [Member(finalists[k], float(weights[k])) for k in chosen]


def check_can_vote(estimator: Any, y: Any, resource: Resource) -> None:
    """Refuse what can not be averaged, before anything is trained."""
    if resource.of_rows:
        raise ValueError("refit='ensemble' averages networks that have seen all rows of their split; with resource='n_samples' use refit=True")
    if np.ndim(y) > 1 and np.shape(y)[1] > 1:
        raise ValueError(f"refit='ensemble' takes one target, got {np.shape(y)[1]} columns; use refit=True")
    if is_classifier(estimator) and not hasattr(estimator, "predict_proba"):
        raise ValueError(f"refit='ensemble' averages probabilities, and {type(estimator).__name__} has no predict_proba; use refit=True")


def voting(members: list[Member], estimators: list[Any], n_jobs: int | None) -> Any:
    """An estimator that averages the members, not yet fitted."""
    Voting: Any = VotingClassifier if is_classifier(estimators[0]) else VotingRegressor
    named = [(f"candidate_{member.candidate.number}", estimator) for member, estimator in zip(members, estimators, strict=True)]
    soft = {"voting": "soft"} if Voting is VotingClassifier else {}
    return Voting(named, weights=[member.weight for member in members], n_jobs=n_jobs, **soft)


def _outputs(estimator: Any, run: Run, split: int) -> np.ndarray:
    X = _safe_indexing(run.tables[split].X, run.tables[split].test)
    return np.asarray(estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X))
