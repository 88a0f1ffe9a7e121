"""A search as its page reads it, whoever's searcher it is."""

from functools import cached_property
from typing import Any

import numpy as np

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.ranges import limit_interval
from sknet_hp.evaluation.statistics import fit_corrected_t
from sknet_hp.findings.finding import Findings
from sknet_hp.report.searches import name_resource
from sknet_hp.search.spaces.values import Params, are_equal
from sknet_hp.search.views.facts import (
    get_column,
    get_mean_scores,
    get_own_values,
    get_scores,
    list_candidates,
)
from sknet_hp.search.views.metric import find_metric
from sknet_hp.search.views.summary import find_untuned


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
    means : over the splits.
    candidate, n_resources : of each row its candidate, and what it had reached.
    """

    def __init__(self, search: Any):
        self.search, self.results = search, search.cv_results_
        self.metric = find_metric(search)
        self.scores, self.means = get_scores(search), get_mean_scores(search)
        self.candidate, self.n_resources = get_column(search, "candidate"), get_column(search, "n_resources")

    @property
    def n_splits(self) -> int:
        """In how many splits each candidate was scored."""
        return int(self.scores.shape[1])

    @property
    def is_running(self) -> bool:
        """Whether it is the record of a search that has not ended."""
        return getattr(self.search, "state", "finished") == "running"

    @property
    def is_unfinished(self) -> bool:
        """Whether it is the record of a search that still runs, or was stopped."""
        return getattr(self.search, "state", "finished") != "finished"

    @property
    def searcher(self) -> str:
        """The name of the searcher."""
        return str(getattr(self.search, "searcher", type(self.search).__name__))

    @property
    def model(self) -> str | None:
        """The name of what was tuned; None where it is not known."""
        estimator = getattr(self.search, "estimator", None)
        if estimator is None:
            return None
        _, last = find_last_step(estimator)
        return type(estimator if last is None or isinstance(last, str) else last).__name__

    @cached_property
    def params(self) -> dict[int, Params]:
        """The parameters of each candidate, without the resource."""
        return list_candidates(self.search)

    @property
    def names(self) -> list[str]:
        """All parameters that were searched."""
        return list(dict.fromkeys(name for params in self.params.values() for name in params))

    @property
    def own(self) -> Params:
        """The parameters of the estimator that the search began with."""
        return get_own_values(self.search)

    def is_own(self, name: str, value: Any) -> bool:
        """Return whether a parameter has the value that the estimator began with."""
        return name in self.own and are_equal(self.own[name], value)

    @property
    def unit(self) -> str | None:
        """What candidates were given more and more of, or None."""
        return name_resource(self.search) if "n_resources" in self.results else None

    @cached_property
    def latest(self) -> np.ndarray:
        """The last row of each candidate."""
        last = {int(number): row for row, number in enumerate(self.candidate)}
        return np.array([last[number] for number in sorted(last)], dtype=int)

    @property
    def best(self) -> int | None:
        """The row that was chosen, or leads; None while nothing has a score."""
        chosen = getattr(self.search, "best_index_", None)
        if chosen is not None:
            return int(chosen)
        known = np.flatnonzero(np.isfinite(self.means))
        known = known[self.n_resources[known] == self.n_resources[known].max(initial=0)]
        return int(known[np.argmax(self.means[known])]) if len(known) else None

    @cached_property
    def untuned(self) -> int | None:
        """The last row of the estimator with its own parameters, if it was tried."""
        number = find_untuned(self.search)
        return None if number is None else int(self.latest[self.candidate[self.latest] == number][0])

    def find_row(self, candidate: int, n_resources: int) -> int | None:
        """Return the row of a candidate when it had reached so much."""
        rows = np.flatnonzero((self.candidate == candidate) & (self.n_resources == n_resources))
        return int(rows[-1]) if len(rows) else None

    @property
    def findings(self) -> Findings:
        """What was found in the search and in the data."""
        return Findings(getattr(self.search, "findings_", None) or [])

    def compute_interval(self, row: int) -> tuple[float, float] | None:
        """Return the corrected 95 % interval of a row's mean score.

        Its correction needs the sizes of the parts in proportion only; they are taken
        to be those of k-fold cross-validation.
        """
        scores = self.scores[row][np.isfinite(self.scores[row])]
        if len(scores) < 2:
            return None
        return limit_interval(self.metric.name, *fit_corrected_t(scores, self.n_splits - 1, 1).compute_interval())
