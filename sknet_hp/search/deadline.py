"""When a search must have ended, its final fit included."""

import time
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from sknet_hp.search.candidates import Row, rank


class Deadline:
    """The moment when everything must be done, the final fit included.

    Parameters
    ----------
    moment : on `time.monotonic`, or None for no deadline.
    n_final_fits : networks that are fitted on all rows after the search; time for them
        is kept.
    row_ratio : rows of the final fit for each row of a split's training part.
    adds_up : whether a candidate goes on training from rung to rung, so that the times
        of its rungs add up.
    """

    def __init__(self, moment: float | None, n_final_fits: int, row_ratio: float, *, adds_up: bool):
        self.moment, self.n_final_fits = moment, n_final_fits
        self._row_ratio, self._adds_up = row_ratio, adds_up

    def is_near(self, rows: Sequence[Row]) -> bool:
        """Return whether no more time is left than the final fit takes.

        Parameters
        ----------
        rows : of the search so far.
        """
        return self.moment is not None and time.monotonic() + self._foresee_final_fit(rows) > self.moment

    def _foresee_final_fit(self, rows: Sequence[Row]) -> float:
        """Return the seconds of the final fit, by what the best candidate took."""
        if not self.n_final_fits or not rows:
            return 0.0
        most = max(row.n_resources for row in rows)
        best = rank(row.candidate for row in rows if row.n_resources == most)[0]
        lineage = {best, *(candidate for candidate, _ in best.history)}
        times = [
            float(np.mean([outcome["fit_time"] for outcome in row.outcomes]))
            for row in rows
            if row.candidate in lineage
        ]
        return self.n_final_fits * (sum(times) if self._adds_up else times[-1]) * self._row_ratio


def check_time_budget(time_budget: Any) -> None:
    """Refuse what is neither None nor a number of seconds.

    Raises
    ------
    ValueError
    """
    if time_budget is not None and not (isinstance(time_budget, Real) and float(time_budget) > 0):
        raise ValueError(f"time_budget must be a number of seconds above 0, or None, got {time_budget!r}")
