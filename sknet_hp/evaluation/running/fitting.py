"""One task of an evaluation: fit on the training rows, score on the test rows."""

import time
import traceback
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from inspect import signature
from numbers import Real
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object
from sklearn.utils.metaestimators import _safe_split

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.running.data import Data, Task
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.findings.data import assume_checked
from sknet_hp.formatting.errors import summarise_traceback
from sknet_hp.search.checks import SEARCH_CHECKS
from sknet_hp.search.curves import read_curve

METADATA = ("groups", "sample_weight")
"""What rows may come with."""


def fit_and_score(number: int, task: Task, data: Data, scorers: Mapping[str, Any]) -> tuple[int, Outcome]:
    """Fit and score a task, and return its number and what came of it.

    A fit that fails is an outcome, too: what others came to is not lost for it.

    Parameters
    ----------
    number : of the task.
    task : what to fit, and where.
    data : all rows.
    scorers : scikit-learn's, by the names of their metrics.
    """
    train, test = task.split.train, task.split.test
    outcome = Outcome(dict.fromkeys(scorers, np.nan), len(train), len(test))
    with route_metadata(data, task.estimator):
        start = time.perf_counter()
        try:
            fitted = fit_on(task.estimator, data, train)
            fit_time = time.perf_counter() - start
            _note_fit(outcome, fitted, task.is_cut)
        except Exception:
            failed = Outcome(outcome.scores, len(train), len(test), error=traceback.format_exc())
            return number, failed
        outcome.fit_time, start = fit_time, time.perf_counter()
        X, y = _safe_split(fitted, data.X, data.y, test, train)
        outcome.scores = _score(fitted, X, y, data, test, scorers)
        _note_predictions(outcome, fitted, X)
        outcome.score_time = time.perf_counter() - start
    return number, outcome


def route_metadata(data: Data, estimator: Any = None) -> AbstractContextManager[Any]:
    """Return a context in which groups and weights go to whoever has requested them.

    An estimator that hands on nothing, alone or at the end of a pipeline, needs no
    routing, and may not bear it: within it, scikit-learn's functions refuse groups that
    they are given directly.
    """
    is_given = data.groups is not None or data.sample_weight is not None
    is_routed = estimator is None or (_is_router(estimator) and not _find_closed_search(estimator))
    return config_context(enable_metadata_routing=True) if is_given and is_routed else nullcontext()


def fit_on(estimator: Any, data: Data, rows: np.ndarray) -> Any:
    """Return a clone of an estimator, fitted on some rows."""
    estimator = clone(estimator)
    X, y = _safe_split(estimator, data.X, data.y, rows)
    given = data.select_metadata(rows, METADATA)
    prefix = _find_closed_search(estimator)
    params = {f"{prefix}{name}": given[name] for name in find_consumed(estimator, given)}
    with assume_checked():  # inner searches see a part of what was looked at already
        return estimator.fit(X, **params) if y is None else estimator.fit(X, y, **params)


def _is_router(estimator: Any) -> bool:
    return isinstance(get_routing_for_object(estimator), MetadataRouter)


def _find_closed_search(estimator: Any) -> str:
    """Return the prefix of a search at a pipeline's end that routes nothing itself.

    Optuna's is one. The pipeline hands it groups by that prefix, without routing. The
    prefix is empty if there is none.
    """
    prefix, last = find_last_step(estimator)
    splits = prefix and "cv" in last.get_params(deep=False) and "groups" in signature(last.fit).parameters
    return prefix if splits and not _is_router(last) else ""


def find_consumed(estimator: Any, names: Any) -> list[str]:
    """Return which of groups and weights an estimator, or what is in it, requests."""
    if not names:
        return []
    consumed = get_routing_for_object(estimator).consumes("fit", list(names))
    return [name for name in names if name in consumed]


def _score(fitted: Any, X: Any, y: Any, data: Data, test: np.ndarray, scorers: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores by metric; NaN, with a warning, for those that fail.

    A function that returns several scores, in a dict, is several metrics.
    """
    weights = data.select_metadata(test, ["sample_weight"])
    if weights and not _MultimetricScorer(scorers=scorers)._accept_sample_weight():
        weights = {}
    scorer = _MultimetricScorer(scorers=scorers, raise_exc=False)
    with config_context(enable_metadata_routing=False):  # scorers here take weights where they can
        found = scorer(fitted, X, **weights) if y is None else scorer(fitted, X, y, **weights)
    scores: dict[str, float] = {}
    for name, score in found.items():
        if isinstance(score, str):
            reason = summarise_traceback(score)
            warnings.warn(f"{name} could not be computed ({reason}); it is NaN there", UserWarning, stacklevel=2)
        several = score if isinstance(score, Mapping) else {name: np.nan if isinstance(score, str) else score}
        if not all(isinstance(value, Real) for value in several.values()):
            raise TypeError(f"scoring: {name} must return a number, or a dict of numbers by metric; got {score!r:.80}")
        scores |= {str(metric): float(value) for metric, value in several.items()}
    return scores


def _note_fit(outcome: Outcome, fitted: Any, is_cut: bool) -> None:
    """Note what a fit has chosen and learned."""
    prefix, last = find_last_step(fitted)
    searched = hasattr(last, "best_estimator_")
    if searched:
        outcome.params = dict(getattr(last, "best_params_", None) or {})
        best = getattr(last, "best_score_", None)
        outcome.inner_score = None if best is None else float(best)
        outcome.stopped = _read_end(last, is_cut)
        outcome.findings = [each for each in getattr(last, "findings_", ()) if each.code in SEARCH_CHECKS]
    outcome.model = _replace_last_step(fitted, prefix, last.best_estimator_) if searched else fitted
    outcome.curves = _collect_curves(last)


def _read_end(search: Any, is_cut: bool) -> str | None:
    """Return what ended a search before its time.

    One that always has a time, such as guided tuning, ends by it as it should, unless
    the evaluation gave it less than that.
    """
    stopped: str | None = getattr(search, "stopped_", None)
    time_budget = signature(type(search)).parameters.get("time_budget")
    is_always_timed = time_budget is not None and time_budget.default is not None
    return None if stopped == "time_budget" and is_always_timed and not is_cut else stopped


def _replace_last_step(fitted: Any, prefix: str, model: Any) -> Any:
    """Return a fitted pipeline that ends with what its search has chosen."""
    if not prefix:
        return model
    pipeline = copy(fitted)
    name, last = fitted.steps[-1]
    inner = prefix.split("__", 1)[1]
    pipeline.steps = [*fitted.steps[:-1], (name, _replace_last_step(last, inner, model))]
    return pipeline


def _collect_curves(last: Any) -> dict[str, np.ndarray]:
    """Return the learning curves that a fitted search or network tells, by column."""
    curves = getattr(last, "curves_", None)
    if curves is not None and hasattr(curves, "columns"):
        return {str(name): curves[name].to_numpy() for name in curves.columns}
    curve = read_curve(last)
    return curve if len(curve["epoch"]) else {}


def _note_predictions(outcome: Outcome, fitted: Any, X: Any) -> None:
    """Note predictions, and probabilities where there are some.

    What cannot predict has its scores all the same, as some metrics need no
    predictions.
    """
    try:
        if hasattr(fitted, "predict"):
            outcome.predictions = np.asarray(fitted.predict(X))
        if hasattr(fitted, "predict_proba") and hasattr(fitted, "classes_"):
            probabilities = fitted.predict_proba(X)
            if isinstance(probabilities, np.ndarray) and probabilities.ndim == 2:
                outcome.probabilities = probabilities
                outcome.classes = np.asarray(fitted.classes_)
    except Exception as error:
        warnings.warn(
            f"predictions of {type(fitted).__name__} are incomplete ({type(error).__name__}: {error})",
            UserWarning,
            stacklevel=2,
        )
