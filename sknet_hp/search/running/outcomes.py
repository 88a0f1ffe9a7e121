"""Fits of a search, and what they come to: scores, times, a network, or an error."""

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection._validation import _fit_and_score, _warn_or_raise_about_fit_failures

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.candidates import Outcome
from sknet_hp.search.curves import count_epochs, read_curve
from sknet_hp.search.running.fitting import SplitData, fit_on


class _Failing(BaseEstimator):
    """Raises an error of an earlier fit again when it is fitted.

    It stands for an estimator that could not be trained to where it was, so that the
    outcome is one like others.
    """

    def __init__(self, error: Exception):
        self.error = error

    def fit(self, X: TableLike, y: ArrayLike = None, **params: Any) -> None:
        raise self.error


def fit_and_score(
    task: tuple[int, int],
    estimator: Any,
    data: SplitData,
    settings: list[dict[str, Any]],
    how: dict[str, Any],
    *,
    context: Any,
) -> tuple[tuple[int, int], Outcome]:
    """Fit and score an estimator, and return the outcome with the number of the task.

    Beside what scikit-learn has in an outcome, it has the `curve` of the epochs that
    the last fit has added.

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
    try:
        for earlier in settings[:-1]:  # its state is lost: it comes here by the way that it came before
            fit_on(estimator, data, earlier)
    except Exception as error:  # half a fit is nothing to go on from
        estimator, settings = _Failing(error), [{}]
    n_before = count_epochs(estimator)
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
        callback_ctx=context,
        **how,
    )
    if outcome["fit_error"] is None:
        outcome["curve"] = read_curve(outcome["estimator"], n_before)
    return task, outcome


def name_error_scores(outcomes: list[Outcome], error_score: Any) -> None:
    """Give failed fits the names of the scores of those that succeeded, in place.

    Where a function gives several scores, a failed fit has a single one.
    """
    names = next(
        (list(outcome["test_scores"]) for outcome in outcomes if isinstance(outcome["test_scores"], dict)), None
    )
    for outcome in outcomes:
        for kind in ("test_scores", "train_scores"):
            if names is not None and kind in outcome and not isinstance(outcome[kind], dict):
                outcome[kind] = dict.fromkeys(names, error_score)


def raise_if_all_failed(outcomes: list[Outcome], error_score: Any) -> None:
    """Raise an error, with the first traceback, if all fits failed."""
    if outcomes and all(outcome["fit_error"] is not None for outcome in outcomes):
        _warn_or_raise_about_fit_failures(outcomes, error_score)
