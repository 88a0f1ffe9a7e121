"""A search as its page reads it, whoever's searcher it is."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.evaluation.statistics import fit_corrected_t
from sknet_hp.findings.finding import Findings
from sknet_hp.report.words import Metric
from sknet_hp.search.spaces.values import are_equal

if TYPE_CHECKING:
    import pandas as pd


class SearchView:
    """What a page needs of a search.

    Parameters
    ----------
    search : fitted search, or the record of one that may still run.

    Attributes
    ----------
    results : its `cv_results_`.
    metric : that it goes by.
    scores : of shape (n_rows, n_splits); NaN where a fit failed.
    """

    def __init__(self, search: Any):
        self.search, self.results = search, search.cv_results_
        key = _find_score_name(search)
        self.metric = Metric(_name_metric(search, key))
        n_splits = sum(name.startswith("split") and name.endswith(f"_test_{key}") for name in self.results)
        self.scores = np.array([self.results[f"split{k}_test_{key}"] for k in range(n_splits)], dtype=float).T
        self.means = np.asarray(self.results[f"mean_test_{key}"], dtype=float)
        self.fit_times = np.asarray(self.results.get("mean_fit_time", np.full(len(self.means), np.nan)), dtype=float)

    @property
    def n_splits(self) -> int:
        """In how many splits each candidate was scored."""
        return int(self.scores.shape[1])

    @cached_property
    def params(self) -> list[dict[str, Any]]:
        """Of each row what was searched, without the resource."""
        return [
            {name: value for name, value in params.items() if name != self.resource}
            for params in self.results["params"]
        ]

    @property
    def names(self) -> list[str]:
        """All parameters that were searched."""
        return list(dict.fromkeys(name for params in self.params for name in params))

    @property
    def resource(self) -> str | None:
        """What candidates were given more and more of; None if nothing."""
        name = getattr(self.search, "resource_", None)
        searched = getattr(self.search, "param_distributions", None)
        is_searched = isinstance(searched, dict) and name in searched
        return None if "n_resources" not in self.results or is_searched else name

    @property
    def unit(self) -> str:
        """What the resource is counted in."""
        return "row" if self.resource == "n_samples" else "epoch"

    @cached_property
    def n_resources(self) -> np.ndarray:
        """What each row had reached."""
        return np.asarray(self.results.get("n_resources", np.zeros(len(self.means))), dtype=int)

    @cached_property
    def candidate(self) -> np.ndarray:
        """The number of each row's candidate."""
        return np.asarray(self.results.get("candidate", np.arange(len(self.means))), dtype=int)

    @cached_property
    def latest(self) -> np.ndarray:
        """The last row of each candidate."""
        last = {int(number): row for row, number in enumerate(self.candidate)}
        return np.array([last[number] for number in sorted(last)], dtype=int)

    @property
    def best(self) -> int | None:
        """The row that was chosen; None while nothing has a score."""
        chosen = getattr(self.search, "best_index_", None)
        if chosen is not None:
            return int(chosen)
        known = np.flatnonzero(np.isfinite(self.means) & (self.n_resources == self.n_resources.max()))
        return int(known[np.argmax(self.means[known])]) if len(known) else None

    @property
    def estimator(self) -> Any:
        """The estimator as it was given; None where it is not known."""
        return getattr(self.search, "estimator", None)

    @cached_property
    def untuned(self) -> int | None:
        """The last row of the estimator with its own parameters, if it was tried."""
        if self.estimator is None:
            return None
        own = self.estimator.get_params(deep=True)
        rows = [
            row
            for row in self.latest
            if all(name in own and are_equal(own[name], value) for name, value in self.params[row].items())
        ]
        return int(rows[0]) if rows else None

    def find_row(self, candidate: int, n_resources: int) -> int | None:
        """Return the row of a candidate when it had reached so much."""
        rows = np.flatnonzero((self.candidate == candidate) & (self.n_resources == n_resources))
        return int(rows[-1]) if len(rows) else None

    @property
    def curves(self) -> "pd.DataFrame | None":
        """Learning curves, if there are any."""
        curves = getattr(self.search, "curves_", None)
        return None if curves is None or not len(curves) else curves

    @property
    def findings(self) -> Findings:
        """What was found in the search and in the data."""
        return Findings(getattr(self.search, "findings_", None) or [])

    def compute_interval(self, row: int) -> tuple[float, float] | None:
        """Return the corrected 95 % interval of a row's mean score.

        Sizes of the parts are those of k-fold cross-validation, which its correction
        needs in proportion only.
        """
        scores = self.scores[row][np.isfinite(self.scores[row])]
        if len(scores) < 2:
            return None
        return fit_corrected_t(scores, self.n_splits - 1, 1).compute_interval()


def _find_score_name(search: Any) -> str:
    """Return the name of the score that a search goes by, as in `cv_results_`."""
    for name in (getattr(search, "_metric", None), getattr(search, "refit", None), "score"):
        if isinstance(name, str) and f"mean_test_{name}" in search.cv_results_:
            return name
    found = [name for name in search.cv_results_ if name.startswith("mean_test_")]
    if not found:
        raise ValueError("the search has no scores: `cv_results_` has no column that begins with 'mean_test_'")
    return found[0].removeprefix("mean_test_")


def _name_metric(search: Any, key: str) -> str:
    """Return the name of the metric behind a column of scores."""
    scoring = getattr(search, "scoring", None)
    if key != "score":
        return key
    if isinstance(scoring, str):
        return scoring
    if callable(scoring):
        made_of = getattr(scoring, "_score_func", scoring)
        sign = getattr(scoring, "_sign", 1)
        return f"{'neg_' if sign < 0 else ''}{getattr(made_of, '__name__', 'score')}"
    estimator = getattr(search, "estimator", None)
    if estimator is None:
        return "score"
    return "accuracy" if is_classifier(estimator) else "r2"
