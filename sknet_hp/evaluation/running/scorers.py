"""Scorers by name, also where none was asked for."""

from collections.abc import Callable
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring, get_scorer
from sklearn.metrics._scorer import _MultimetricScorer

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.search.views.metric import name_scorer


def find_scorers(estimator: Any, scoring: Any = None) -> dict[str, Callable[..., float]]:
    """Return scorers by the names of their metrics.

    Parameters
    ----------
    estimator : estimator or search
    scoring : str, callable, list, tuple, set, dict or None, default=None
        As in scikit-learn. None takes what the estimator's `score` computes: of a
        search its own `scoring`, of classifiers accuracy, of regressors R².

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    if scoring is None:
        return _find_default(estimator)
    if callable(scoring) or isinstance(scoring, str):
        name = scoring if isinstance(scoring, str) else name_scorer(scoring)
        return {name: check_scoring(estimator, scoring)}
    found = check_scoring(estimator, scoring)
    assert isinstance(found, _MultimetricScorer)
    return dict(found._scorers)


def _find_default(estimator: Any) -> dict[str, Callable[..., float]]:
    """Return the scorer that `score` stands for, by the name of its metric."""
    _, last = find_last_step(estimator)
    of_search = getattr(last, "scoring", None) if hasattr(last, "estimator") else None
    if of_search is not None:
        scorers = find_scorers(last.estimator, of_search)
        refit = getattr(last, "refit", None)
        return {refit: scorers[refit]} if isinstance(refit, str) and refit in scorers else scorers
    while hasattr(last, "estimator") and hasattr(last, "cv"):
        _, last = find_last_step(last.estimator)
    own = getattr(type(last), "score", None)
    for mixin, name in ((ClassifierMixin, "accuracy"), (RegressorMixin, "r2")):
        if own is mixin.score or (isinstance(last, TrainsNetworks) and isinstance(last, mixin)):
            return {name: get_scorer(name)}
    return {"score": check_scoring(estimator)}
