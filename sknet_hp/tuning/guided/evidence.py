"""Whether one candidate is better than another by more than noise."""

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from sknet_hp.formatting.numbers import format_score
from sknet_hp.search.checks.case import ONE_SPLIT

_ROUNDING = 1e-12
"""Differences below are those of sums in floating point."""


class Gain(NamedTuple):
    """How much better one candidate is than another, paired over splits.

    Attributes
    ----------
    mean : of the differences of their scores.
    noise : one standard error of that mean; 0 with a single split, which shows none.
    """

    mean: float
    noise: float

    def exceeds_noise(self, n_tries: int = 1) -> bool:
        """Return whether the gain is above 0, and above what noise makes.

        Parameters
        ----------
        n_tries : settings of which this is the best by chance, if all are equal. The
            luckiest of n is about sqrt(2 log n) standard errors above the mean.
        """
        return self.mean > max(0.0, self.noise * max(ONE_SPLIT, sqrt(2 * log(n_tries))))

    def describe(self, *, is_better: bool) -> str:
        """Return in a sentence whether this counts as a gain, and why.

        Parameters
        ----------
        is_better : whether the search goes on with the challenger.
        """
        verdict = "a gain" if is_better else "no gain" if self.mean <= 0 else "no more than noise"
        if self.noise > _ROUNDING:
            return f"The noise between splits is ±{format_score(self.noise)}, so this is {verdict}."
        if self.mean == 0:
            return "Their scores are equal, so this is no gain."
        return f"The splits show no noise, so this is {verdict}."


def measure_gain(challenger: Sequence[float], incumbent: Sequence[float]) -> Gain:
    """Return how much better a challenger is.

    Parameters
    ----------
    challenger, incumbent : scores in the same splits, higher is better.
    """
    differences = np.subtract(challenger, incumbent)
    n = len(differences)
    noise = float(differences.std(ddof=1)) / n**0.5 if n > 1 else 0.0
    mean = float(differences.mean())
    return Gain(0.0 if abs(mean) < _ROUNDING else mean, noise)
