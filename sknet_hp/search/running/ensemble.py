"""Ensemble selection (Caruana et al. 2004): who of the candidates that a search has
trained anyway should vote, and with how much weight.
"""

import inspect
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.metrics._scorer import _BaseScorer, _PassthroughScorer
from sklearn.model_selection._validation import _score
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.search.running.candidates import Candidate
from sknet_hp.search.running.resource import Resource, last_step
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.selection import each_of

FINALISTS = 3
"""So many candidates, at least, are trained to the end where an ensemble is wanted: one
alone is none.
"""

_ROUNDS = 50  # candidates that are added, one after the other, at most; one may come again
_PATIENCE = 10  # so many in a row that make it no better are the last


class Member(NamedTuple):
    """One candidate of an ensemble, and its share of the votes."""

    candidate: Candidate
    weight: float


class _Classes(ClassifierMixin, BaseEstimator):
    """Stands before a scorer for a classifier whose probabilities are known: its X are
    they.
    """

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


def select(run: Run, scorer: Any, metric: str) -> list[Member]:
    """The ensemble of candidates whose averaged out-of-fold predictions score best, the
    largest weight first.

    Parameters
    ----------
    run : that has ended. Of its candidates, those with a score at the most resources
        are chosen from.
    scorer, metric : scikit-learn's scorer, and which of its scores counts if it gives
        several; the first if it is not among them.
    """
    networks, outputs = _with_outputs(run)
    # For each split its own: one may have fewer classes than another.
    stand_ins: list[Any] = [
        _Classes(own.classes_) if is_classifier(own) else _Numbers() for own in next(iter(networks.values()))
    ]
    truth = [_safe_indexing(table.y, table.test) for table in run.tables]
    given = [_check_method_params(table.X, table.score_params, table.test) for table in run.tables]

    def score(means: list[np.ndarray]) -> float:
        each = [
            _score(stands_in, mean, y, scorer, more, run.settings["error_score"])
            for stands_in, mean, y, more in zip(stand_ins, means, truth, given, strict=True)
        ]
        return float(
            np.mean([one.get(metric, next(iter(one.values()))) if isinstance(one, dict) else one for one in each])
        )

    finalists = list(networks)
    counts = np.zeros(len(finalists), dtype=int)
    sums = [np.zeros_like(own[0], dtype=float) for own in outputs]
    best, best_counts = -np.inf, np.ones(len(finalists), dtype=int)
    for size in range(1, _ROUNDS + 1):
        scores = [
            score([(total + own[k]) / size for total, own in zip(sums, outputs, strict=True)])
            for k in range(len(finalists))
        ]
        taken = int(np.argmax(np.where(np.isnan(scores), -np.inf, scores)))
        counts = counts + (np.arange(len(finalists)) == taken)
        for total, own in zip(sums, outputs, strict=True):
            total += own[taken]
        if scores[taken] > best:
            best, best_counts = scores[taken], counts
        elif size - best_counts.sum() == _PATIENCE:
            break
    weights = best_counts / best_counts.sum()
    chosen = sorted(np.flatnonzero(weights), key=lambda k: (-weights[k], k))
    return [Member(finalists[k], float(weights[k])) for k in chosen]


def _finalists(run: Run) -> list[Candidate]:
    """Those that have a score at the most resources that somebody has one at, as they
    were then: some may have failed since.
    """
    last = {row.candidate: row for row in run.rows if not row.failed and not np.isnan(run.score_of(row))}
    most = max((row.n_resources for row in last.values()), default=0)
    rows = sorted((row for row in last.values() if row.n_resources == most), key=lambda row: row.candidate.number)
    return [row.candidate if row.candidate.n_resources == most else row.candidate.as_of(most) for row in rows]


def _with_outputs(run: Run) -> tuple[dict[Candidate, list[Any]], list[list[np.ndarray]]]:
    """Who can be chosen, with the networks of each; and of each split their out-of-fold
    predictions.
    """
    finalists = _finalists(run)
    able, outputs = dict[Candidate, list[Any]](), list[list[np.ndarray]]()
    for candidate, networks in zip(finalists, run.networks(finalists), strict=True):
        if None in networks or not all(
            not is_classifier(network) or hasattr(network, "predict_proba") for network in networks
        ):
            continue  # some losses, say, know no probabilities
        own = [_output(network, run, split) for split, network in enumerate(networks)]
        if all(np.isfinite(each).all() for each in own):
            able[candidate] = networks
            outputs.append(own)
    if not able:
        raise ValueError(
            "refit='ensemble' has nothing to choose from: no candidate has a score, and predictions that are numbers, "
            "in all splits"
        )
    return able, [list(of_split) for of_split in zip(*outputs, strict=True)]


def _output(estimator: Any, run: Run, split: int) -> np.ndarray:
    X = _safe_indexing(run.tables[split].X, run.tables[split].test)
    return np.asarray(estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X))


def check_can_vote(estimator: Any, y: Any, resource: Resource, scorers: Any) -> None:
    """Refuse what can not be averaged, or scored where there is only an average, before
    anything is trained.
    """
    if resource.of_rows:
        raise ValueError(
            "refit='ensemble' averages networks that have seen all rows of their split; with resource='n_samples' use "
            "refit=True"
        )
    if is_classifier(estimator) and np.ndim(y) > 1 and np.shape(y)[1] > 1:
        raise ValueError(
            f"refit='ensemble' averages the classes of one target, got {np.shape(y)[1]} columns of labels; use "
            f"refit=True"
        )
    if is_classifier(estimator) and not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"refit='ensemble' averages probabilities, and {type(estimator).__name__} has no predict_proba; use "
            f"refit=True"
        )
    for scorer in each_of(scorers):
        if not _scores_averages(scorer, estimator):
            what = "probabilities" if is_classifier(estimator) else "predictions"
            raise ValueError(
                f"refit='ensemble' scores averaged {what}, and scoring={scorer!r} may ask for more than these; give "
                f"the name of a scorer, or `make_scorer` of a function of targets and predictions, or use refit=True"
            )


def _scores_averages(scorer: Any, estimator: Any) -> bool:
    """Whether a scorer can do without the estimator and its rows."""
    Kind, known = (
        (ClassifierMixin, {"predict", "predict_proba"}) if is_classifier(estimator) else (RegressorMixin, {"predict"})
    )
    if isinstance(scorer, _PassthroughScorer):
        score: Any = getattr(type(last_step(estimator)[1]), "score", None)
        return score is not None and inspect.unwrap(score) is Kind.score
    if not isinstance(scorer, _BaseScorer):
        return False
    asked = scorer._response_method
    return not known.isdisjoint([asked] if isinstance(asked, str) else asked)


def voting(members: list[Member], estimators: list[Any], n_jobs: int | None) -> Any:
    """An estimator that averages the members, not yet fitted."""
    named = [
        (f"candidate_{member.candidate.number}", estimator)
        for member, estimator in zip(members, estimators, strict=True)
    ]
    weights = [member.weight for member in members]
    if is_classifier(estimators[0]):
        return AveragedClassifier(named, voting="soft", weights=weights, n_jobs=n_jobs)
    return AveragedRegressor(named, weights=weights, n_jobs=n_jobs)
