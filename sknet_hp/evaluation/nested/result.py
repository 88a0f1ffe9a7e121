"""The result of a nested cross-validation."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.nested.agreement import Agreement, measure_agreement
from sknet_hp.evaluation.nested.summary import write_html, write_summary
from sknet_hp.evaluation.nested.tables import make_curves, make_fold_table, make_predictions, name_status
from sknet_hp.evaluation.ranges import limit_interval
from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.evaluation.statistics import corrected_interval
from sknet_hp.findings.finding import Finding, Findings

if TYPE_CHECKING:
    import pandas as pd


class NestedResult:
    """What `nested_cross_validate` returns.

    With several metrics, numbers and arrays become dicts by metric. Scores that are not
    finished, or have failed, are NaN.

    Attributes
    ----------
    metrics : list of str
        Names of the metrics. The first is the main one.
    outer_scores : ndarray of shape (n_repeats * n_folds,), or dict
        Scores on rows that no search has seen, repeat by repeat.
    inner_scores : ndarray of shape (n_repeats * n_folds,)
        `best_score_` of each search; NaN without one.
    inner_metric : str or None
        The metric of `inner_scores`.
    params : list of dict
        The parameters that the search of each outer fold has chosen.
    estimators : list
        The model of each outer fold, fitted on its training rows: for a search, its
        `best_estimator_`. None if there is no model.
    splits : list of Split
        Row numbers (`train`, `test`), with `repeat` and `fold`.
    findings : Findings
        Problems that checks have found in the data, the metrics and the scores.
    outcomes : list of Outcome or None
        Everything known about each outer fold. None for folds that are not finished.
    stopped_ : "time_budget", "interrupted" or None
        What ended the evaluation early.
    search : search or estimator
        What was evaluated, as it was given. None if it is not known.
    settings : dict
        The `cv`, `scoring`, `n_repeats`, `random_state` and `time_budget` of the call.
    """

    def __init__(
        self,
        description: str,
        data: Data,
        splits: Sequence[Split],
        outcomes: Sequence[Outcome | None],
        metrics: Sequence[str],
        inner_metric: str | None,
        stopped: str | None = None,
        findings: Iterable[Finding] = (),
    ):
        self.description, self.stopped_ = description, stopped
        self.splits, self.metrics, self.inner_metric = list(splits), list(metrics), inner_metric
        self.findings = Findings(findings)
        self.data, self.outcomes = data, list(outcomes)
        self.search: Any = None
        self.settings: dict[str, Any] = {}

    # ---- scores ----------------------------------------------------------------------------------------------------

    @property
    def outer_scores(self) -> Any:
        """Scores of rows that no search has seen: an array, or a dict of them."""
        return self._by_metric(lambda metric: self.get_scores(metric))

    def get_scores(self, metric: str | None = None) -> np.ndarray:
        """Return the outer scores of one metric, by default of the first."""
        metric = self.metrics[0] if metric is None else metric
        if metric not in self.metrics:
            raise ValueError(f"metric={metric!r} was not computed; there are {self.metrics}")
        return np.array([np.nan if each is None else each.get_score(metric) for each in self.outcomes])

    @property
    def inner_scores(self) -> np.ndarray:
        """What the search of each outer fold scored its own choice."""
        known = [None if each is None else each.inner_score for each in self.outcomes]
        return np.array([np.nan if score is None else score for score in known], dtype=float)

    @property
    def mean(self) -> Any:
        """Mean outer score of the folds that are finished."""
        return self._by_metric(lambda metric: _reduce(np.mean, self._get_finite(metric)))

    @property
    def std(self) -> Any:
        """Standard deviation of the outer scores, with one degree of freedom less."""
        return self._by_metric(lambda metric: _reduce(lambda a: np.std(a, ddof=1), self._get_finite(metric), least=2))

    def interval(self, confidence: float = 0.95, metric: str | None = None) -> Any:
        """Return the confidence interval of the mean score, by the corrected t.

        Parameters
        ----------
        confidence : float, default=0.95
        metric : str, default=None
            By which; None are all.

        Returns
        -------
        (low, high), or a dict of them if there are several metrics and none is chosen
            NaN with fewer than two scores. It ends where a metric of scikit-learn's
            does, at an accuracy of 1, say.
        """
        if metric is not None:
            return self._compute_interval(metric, confidence)
        return self._by_metric(lambda each: self._compute_interval(each, confidence))

    def _compute_interval(self, metric: str, confidence: float) -> tuple[float, float]:
        scores = self.get_scores(metric)
        known = np.flatnonzero(np.isfinite(scores))
        if len(known) < 2:
            return np.nan, np.nan
        n_train, n_test = ([len(getattr(self.splits[k], part)) for k in known] for part in ("train", "test"))
        return limit_interval(metric, *corrected_interval(scores[known], n_train, n_test, confidence))

    @property
    def optimism(self) -> float:
        """How much better inner than outer scores are, on average.

        NaN without searches, or if the metric of the searches is no outer one.
        """
        if self.inner_metric not in self.metrics:
            return np.nan
        difference = self.inner_scores - self.get_scores(self.inner_metric)
        return _reduce(np.mean, difference[np.isfinite(difference)])

    @property
    def target_name(self) -> str:
        """What is predicted: the name of `y`; "" where it has none."""
        name = getattr(self.data.y, "name", None)
        return "" if name is None or callable(name) else str(name)

    def _get_finite(self, metric: str) -> np.ndarray:
        scores = self.get_scores(metric)
        return scores[np.isfinite(scores)]

    def _by_metric(self, compute: Any) -> Any:
        by_metric = {metric: compute(metric) for metric in self.metrics}
        return by_metric if len(by_metric) > 1 else by_metric[self.metrics[0]]

    # ---- what was chosen, and what came of it -----------------------------------------------------------------------

    @property
    def params(self) -> list[dict[str, Any]]:
        """What the search of each outer fold has chosen."""
        return [{} if each is None else each.params for each in self.outcomes]

    @property
    def agreement(self) -> list[Agreement]:
        """How far the outer folds agree about each parameter."""
        return measure_agreement(self.done_params, self.own_params)

    @property
    def done_params(self) -> list[dict[str, Any]]:
        """What the searches of the outer folds that are finished have chosen."""
        return [each.params for each in self.outcomes if each is not None and each.error is None]

    @property
    def own_params(self) -> dict[str, Any]:
        """What the estimator had before it was tuned; empty if that is not known."""
        searched = getattr(find_last_step(self.search)[1], "estimator", None)
        return {} if searched is None else dict(searched.get_params())

    @property
    def estimators(self) -> list[Any]:
        """The model of each outer fold, fitted on its training rows."""
        return [None if each is None else each.model for each in self.outcomes]

    @property
    def statuses(self) -> list[str]:
        """Of each outer fold "done", "failed" or "not finished"."""
        return [name_status(each) for each in self.outcomes]

    @property
    def stopped_searches(self) -> list[str | None]:
        """What ended the search of each outer fold before its time, or None."""
        return [None if each is None else each.stopped for each in self.outcomes]

    @property
    def errors(self) -> list[str | None]:
        """The traceback of each outer fold that has failed."""
        return [None if each is None else each.error for each in self.outcomes]

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row for each outer fold."""
        return make_fold_table(list(zip(self.splits, self.outcomes, strict=True)), self.metrics)

    @cached_property
    def predictions(self) -> "pd.DataFrame":
        """Predictions of all rows, each by a model that has not seen it."""
        return make_predictions(list(zip(self.splits, self.outcomes, strict=True)), self.data)

    @cached_property
    def curves(self) -> "pd.DataFrame":
        """Learning curves of all networks, with columns `repeat` and `outer_fold`."""
        return make_curves(list(zip(self.splits, self.outcomes, strict=True)))

    # ---- in words --------------------------------------------------------------------------------------------------

    def summary(self) -> str:
        """Return in sentences what came out."""
        return write_summary(self)

    def __repr__(self) -> str:
        scores = ", ".join(f"{metric} {_reduce(np.mean, self._get_finite(metric)):.4f}" for metric in self.metrics)
        done = self.statuses.count("done")
        return f"NestedResult({done} of {len(self.splits)} outer folds, {scores}, {len(self.findings)} findings)"

    def _repr_html_(self) -> str:
        return write_html(self)


def _reduce(function: Any, values: np.ndarray, least: int = 1) -> float:
    """Return a statistic of values; NaN if there are too few."""
    return float(function(values)) if len(values) >= least else np.nan
