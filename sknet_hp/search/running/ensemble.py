"""Ensemble selection among trained candidates (Caruana et al. 2004)."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.metrics import log_loss
from sklearn.metrics._scorer import _BaseScorer, _PassthroughScorer
from sklearn.model_selection._validation import _score
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike
from sknet_hp.search.candidates import Candidate
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.selection import list_scorers

FINALISTS = 3
"""So many candidates, at least, are trained to the end for an ensemble."""

_ROUNDS = 50
"""Candidates that are added, one after the other, at most; one may come again."""

_PATIENCE = 10
"""Additions in a row that make the ensemble no better, after which none is made."""


class Member(NamedTuple):
    """One candidate of an ensemble, and its share of the votes."""

    candidate: Candidate
    weight: float


class _KnownProbabilities(ClassifierMixin, BaseEstimator):
    """Stands before a scorer for a classifier: its X are the known probabilities."""

    def __init__(self, classes: np.ndarray):
        self.classes_ = self.classes = classes

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class."""
        return self.classes_[X.argmax(axis=1)]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return X."""
        return X


class _KnownPredictions(RegressorMixin, BaseEstimator):
    """Stands before a scorer for a regressor: its X are the known predictions."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return X."""
        return X


def select_members(run: Run, scorer: Any, metric: str, *, rounds: int = _ROUNDS) -> list[Member]:
    """Return the ensemble whose averaged out-of-fold predictions score best.

    The member with the largest weight comes first.

    Parameters
    ----------
    run : that has ended. Of its candidates, those with a score at the most resources
        are chosen from.
    scorer, metric : scikit-learn's scorer, and which of its scores counts if it gives
        several; the first if it is not among them.
    rounds : in each of which a candidate is added, at most.
    """
    networks, outputs = _collect_outputs(run)
    finalists = list(networks)
    counts = _select_greedily(outputs, _make_score(run, networks[finalists[0]], scorer, metric), rounds)
    weights = counts / counts.sum()
    chosen = sorted(np.flatnonzero(weights), key=lambda k: (-weights[k], k))
    return [Member(finalists[k], float(weights[k])) for k in chosen]


def _make_score(run: Run, networks: list[Any], scorer: Any, metric: str) -> Callable[[list[np.ndarray]], float]:
    """Return a function that scores averaged predictions, given for each split."""
    if _is_plain_log_loss(run, networks, scorer):
        return _make_log_loss_score(run, networks)
    # For each split its own: one may have fewer classes than another.
    stand_ins: list[Any] = [
        _KnownProbabilities(own.classes_) if is_classifier(own) else _KnownPredictions() for own in networks
    ]
    truth = [_read_labels(_safe_indexing(table.y, table.test), scorer) for table in run.tables]
    given = [_check_method_params(table.X, table.score_params, table.test) for table in run.tables]

    def score(means: list[np.ndarray]) -> float:
        each = [
            _score(stands_in, mean, y, scorer, more, run.settings["error_score"])
            for stands_in, mean, y, more in zip(stand_ins, means, truth, given, strict=True)
        ]
        return float(
            np.mean([one.get(metric, next(iter(one.values()))) if isinstance(one, dict) else one for one in each])
        )

    return score


def _is_plain_log_loss(run: Run, networks: list[Any], scorer: Any) -> bool:
    """Return whether the score is scikit-learn's log loss, without weights or options.

    Where a split has no row of some class, scikit-learn's refuses.
    """
    return (
        getattr(scorer, "_score_func", None) is log_loss
        and scorer._sign < 0
        and not scorer._kwargs
        and all(
            not table.score_params and len(np.unique(_safe_indexing(table.y, table.test))) == len(own.classes_)
            for table, own in zip(run.tables, networks, strict=True)
        )
    )


def _make_log_loss_score(run: Run, networks: list[Any]) -> Callable[[list[np.ndarray]], float]:
    """Return the score of the log loss, many times as fast as scikit-learn's.

    Selection asks for it a thousand times, of the same rows.
    """
    places = [
        (np.arange(len(table.test)), np.searchsorted(own.classes_, np.asarray(_safe_indexing(table.y, table.test))))
        for table, own in zip(run.tables, networks, strict=True)
    ]
    least = np.finfo(float).eps

    def score(means: list[np.ndarray]) -> float:
        each = [
            np.log(np.clip(mean[place], least, 1 - least)).mean() for mean, place in zip(means, places, strict=True)
        ]
        return float(np.mean(each))

    return score


def _read_labels(y: Any, scorer: Any) -> Any:
    """Return targets as numpy strings if all are strings: scikit-learn is faster then.

    Its scorers sort them again and again, which takes ten times as long of objects.
    Those of others get what they are given elsewhere.
    """
    function = getattr(scorer, "_score_func", None)
    labels = np.asarray(y)
    if not (function and function.__module__.startswith("sklearn.") and labels.dtype == object and labels.ndim == 1):
        return y
    return labels.astype(str) if all(isinstance(label, str) for label in labels) else y


def _select_greedily(
    outputs: list[list[np.ndarray]], score: Callable[[list[np.ndarray]], float], rounds: int
) -> np.ndarray:
    """Return how often each candidate is in the best ensemble.

    Parameters
    ----------
    outputs : of each split the predictions of all candidates.
    score : of averaged predictions, one array for each split.
    rounds : at most.
    """
    n_finalists = len(outputs[0])
    counts = np.zeros(n_finalists, dtype=int)
    sums = [np.zeros_like(own[0], dtype=float) for own in outputs]
    best, best_counts = -np.inf, np.ones(n_finalists, dtype=int)
    for size in range(1, rounds + 1):
        scores = [
            score([(total + own[k]) / size for total, own in zip(sums, outputs, strict=True)])
            for k in range(n_finalists)
        ]
        taken = int(np.argmax(np.where(np.isnan(scores), -np.inf, scores)))
        counts = counts + (np.arange(n_finalists) == taken)
        for total, own in zip(sums, outputs, strict=True):
            total += own[taken]
        if scores[taken] > best:
            best, best_counts = scores[taken], counts
        elif size - best_counts.sum() == _PATIENCE:
            break
    return best_counts


def _list_finalists(run: Run) -> list[Candidate]:
    """Return the candidates that have a score at the most resources with any score.

    They are as they were then: some may have failed since.
    """
    last = {row.candidate: row for row in run.rows if not row.failed and not np.isnan(run.get_score(row))}
    most = max((row.n_resources for row in last.values()), default=0)
    rows = sorted((row for row in last.values() if row.n_resources == most), key=lambda row: row.candidate.number)
    return [row.candidate if row.candidate.n_resources == most else row.candidate.copy_as_of(most) for row in rows]


def _collect_outputs(run: Run) -> tuple[dict[Candidate, list[Any]], list[list[np.ndarray]]]:
    """Return who can be chosen, and out-of-fold predictions.

    Returns
    -------
    networks : by candidate, one for each split.
    outputs : of each split the predictions of all these candidates.
    """
    finalists = _list_finalists(run)
    able, outputs = dict[Candidate, list[Any]](), list[list[np.ndarray]]()
    for candidate, networks in zip(finalists, run.collect_networks(finalists), strict=True):
        if None in networks or not all(
            not is_classifier(network) or hasattr(network, "predict_proba") for network in networks
        ):
            continue  # some losses, say, know no probabilities
        own = [_predict(network, run, split) for split, network in enumerate(networks)]
        if all(np.isfinite(each).all() for each in own):
            able[candidate] = networks
            outputs.append(own)
    if not able:
        raise ValueError(
            "refit='ensemble' has nothing to choose from: no candidate has a score, and predictions that are numbers, "
            "in all splits"
        )
    return able, [list(of_split) for of_split in zip(*outputs, strict=True)]


def _predict(estimator: Any, run: Run, split: int) -> np.ndarray:
    """Return a classifier's probabilities, or predictions, for the test rows."""
    X = _safe_indexing(run.tables[split].X, run.tables[split].test)
    return np.asarray(estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X))


def check_can_vote(estimator: Any, y: ArrayLike, resource: Resource) -> None:
    """Refuse, before anything is trained, what can not be averaged."""
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


def check_can_score(scorers: Any, estimator: Any) -> None:
    """Refuse scorers that averages can not be scored by.

    An average has predictions, but is no estimator.
    """
    for scorer in list_scorers(scorers):
        if not can_score_averages(scorer, estimator):
            what = "probabilities" if is_classifier(estimator) else "predictions"
            raise ValueError(
                f"refit='ensemble' scores averaged {what}, and scoring={scorer!r} may ask for more than these; give "
                f"the name of a scorer, or `make_scorer` of a function of targets and predictions, or use refit=True"
            )


def can_score_averages(scorer: Any, estimator: Any) -> bool:
    """Return whether a scorer can do without the estimator and its rows."""
    Kind, known = (
        (ClassifierMixin, {"predict", "predict_proba"}) if is_classifier(estimator) else (RegressorMixin, {"predict"})
    )
    if isinstance(scorer, _PassthroughScorer):
        score: Any = getattr(type(find_last_step(estimator)[1]), "score", None)
        return score is not None and inspect.unwrap(score) is Kind.score
    if not isinstance(scorer, _BaseScorer):
        return False
    asked = scorer._response_method
    return not known.isdisjoint([asked] if isinstance(asked, str) else asked)


def make_voting_estimator(members: list[Member], estimators: list[Any], n_jobs: int | None) -> Any:
    """Return an estimator that averages the members, not yet fitted."""
    named = [
        (f"candidate_{member.candidate.number}", estimator)
        for member, estimator in zip(members, estimators, strict=True)
    ]
    weights = [member.weight for member in members]
    if is_classifier(estimators[0]):
        return AveragedClassifier(named, voting="soft", weights=weights, n_jobs=n_jobs)
    return AveragedRegressor(named, weights=weights, n_jobs=n_jobs)
