"""What checks of searches look at."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknet_hp.search.curves import CurveTable
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, have_same_values
from sknet_hp.search.views.metric import Metric

ONE_SPLIT = 1.05
"""Standard errors that a difference must exceed, a little more than one.

A difference in one split alone is exactly one, whatever its size: rounding would
decide.
"""


@dataclass(frozen=True)
class ResourceOfSearch:
    """What a search has handed out.

    Attributes
    ----------
    unit : what it is counted in, such as "epochs".
    least, most : of the first rung, and of the last.
    goes_on : whether training goes on from rung to rung; not of rows.
    in_rungs : whether candidates are dropped for their scores with less than `most`.
    parameter : of the search that sets `most`, through its estimator if it has none of
        its own.
    """

    unit: str
    least: int
    most: int
    goes_on: bool
    in_rungs: bool
    parameter: str = "max_resources"


@dataclass(frozen=True)
class SearchCase:
    """A search that has ended, perhaps before its time.

    Rows are those of `cv_results_`.

    Attributes
    ----------
    search : the searcher.
    scores : of the test rows, (n_rows, n_splits); NaN where there is none.
    errors : of each row the first error of a fit, or None.
    params : of each row, without the resource.
    candidate : of each row, its number.
    n_resources : of each row.
    curves : of all fits.
    space_name : the parameter of the search that has its space.
    space : the same, read; None where it cannot be.
    current : the candidate that is the estimator as it was, or None.
    resource : that was handed out, or None.
    has_copies : whether some candidates began as copies of others.
    constant : scores of a constant prediction in the splits, or None.
    """

    search: Any
    scores: np.ndarray
    errors: list[str | None]
    params: list[Params]
    candidate: np.ndarray
    n_resources: np.ndarray
    curves: CurveTable
    space_name: str
    space: Space | None = None
    current: Params | None = None
    resource: ResourceOfSearch | None = None
    has_copies: bool = False
    constant: np.ndarray | None = None

    @cached_property
    def means(self) -> np.ndarray:
        """Mean score of each row, NaN where a split has none."""
        return self.scores.mean(axis=1)

    @cached_property
    def latest(self) -> np.ndarray:
        """The last row of each candidate, in the order of their numbers."""
        last: dict[int, int] = {}
        for row, candidate in enumerate(self.candidate):
            if int(candidate) not in last or self.n_resources[row] >= self.n_resources[last[int(candidate)]]:
                last[int(candidate)] = row
        return np.array([last[candidate] for candidate in sorted(last)], dtype=int)

    @cached_property
    def ranked(self) -> list[int]:
        """Rows with a score, each candidate's last, the best first.

        Who got further is better; so are those of whom the mean score is higher.
        """
        scored = [row for row in self.latest if not np.isnan(self.means[row])]
        return sorted(map(int, scored), key=lambda row: (-self.n_resources[row], -self.means[row], row))

    @cached_property
    def finalists(self) -> list[int]:
        """Those of `ranked` that have the most resources."""
        return [row for row in self.ranked if self.n_resources[row] == self.n_resources[self.ranked[0]]]

    @cached_property
    def current_candidate(self) -> int | None:
        """Number of the candidate that is the estimator as it was; None if untried."""
        if self.current is None:
            return None
        for row in self.latest:
            if have_same_values(self.params[row], self.current):
                return int(self.candidate[row])
        return None

    def write_score(self, score: float) -> str:
        """Return a mean score for a message; of an error, without its minus sign."""
        names = (getattr(self.search, name, None) for name in ("refit", "scoring"))
        return Metric(next((name for name in names if isinstance(name, str)), "")).write(score)

    def find_row(self, candidate: int, n_resources: int) -> int | None:
        """Return the row of a candidate that has so many resources, or None."""
        found = np.flatnonzero((self.candidate == candidate) & (self.n_resources == n_resources))
        return int(found[0]) if len(found) else None

    def compare(self, row: int, other: int) -> tuple[float, float]:
        """Return by how much one row is better than another, and the standard error.

        Both are of the differences in the splits; the error of a single split is NaN.
        """
        differences = self.scores[row] - self.scores[other]
        n = len(differences)
        return float(differences.mean()), float(differences.std(ddof=1) / n**0.5) if n > 1 else np.nan
