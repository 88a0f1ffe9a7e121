"""What one fit of a search tells: its scores, its times, its network, or the error that
it ended with.
"""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection._validation import _fit_and_score, _warn_or_raise_about_fit_failures

from sknet_hp.search.running.fitting import SplitData, fit_on

Outcome = dict[str, Any]
"""What `_fit_and_score` tells of one fit."""


class _Failing(BaseEstimator):
    """Stands for an estimator that could not be brought to where it was, so that this
    is an outcome like others.
    """

    def __init__(self, error: Exception):
        self.error = error

    def fit(self, X: Any, y: Any = None, **params: Any) -> None:
        raise self.error


def numbered(
    task: tuple[int, int],
    estimator: Any,
    data: SplitData,
    settings: list[dict[str, Any]],
    how: dict[str, Any],
    *,
    context: Any,
) -> tuple[tuple[int, int], Outcome]:
    """Fit and score an estimator, and say which task that was.

    Parameters
    ----------
    task : its number.
    estimator : that is fitted, in place.
    data : one split.
    settings : parameters of one fit after the other, each going on from the one before;
        the last one is scored.
    how : of `_fit_and_score`.
    context : of scikit-learn's callbacks, or None.
    """
    caller = how.get("caller")
    rest = {name: value for name, value in how.items() if name != "caller"}
    try:
        for earlier in settings[:-1]:  # its state is lost: it comes here by the way that it came before
            fit_on(estimator, data, earlier)
    except Exception as error:  # half a fit is nothing to go on from
        estimator, settings = _Failing(error), [{}]
    outcome = _fit_and_score(
        estimator,
        data.X,
        data.y,
        train=data.train,
        test=data.test,
        parameters=settings[-1] or None,
        fit_params=data.fit_params,
        score_params=data.score_params,
        return_n_test_samples=True,
        return_times=True,
        return_estimator=True,
        caller=caller,
        callback_ctx=context,
        **rest,
    )
    return task, outcome


def score_of(outcome: Outcome, metric: str) -> float:
    """The test score that a search goes by: that of this name, or the first one."""
    scores = outcome["test_scores"]
    if not isinstance(scores, dict):
        return float(scores)
    return float(scores[metric] if metric in scores else next(iter(scores.values())))


def name_error_scores(outcomes: list[Outcome], error_score: Any) -> None:
    """Where a function gives several scores, what failed has one only: their names are
    known from what succeeded, now or before.
    """
    names = next(
        (list(outcome["test_scores"]) for outcome in outcomes if isinstance(outcome["test_scores"], dict)), None
    )
    for outcome in outcomes:
        for kind in ("test_scores", "train_scores"):
            if names is not None and kind in outcome and not isinstance(outcome[kind], dict):
                outcome[kind] = dict.fromkeys(names, error_score)


def raise_if_all_failed(outcomes: list[Outcome], error_score: Any) -> None:
    """Raise, with the first traceback, if there is nothing but failures."""
    if outcomes and all(outcome["fit_error"] is not None for outcome in outcomes):
        _warn_or_raise_about_fit_failures(outcomes, error_score)
