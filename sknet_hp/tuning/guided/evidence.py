"""Whether one candidate is better than another by more than noise."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

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

    @property
    def exceeds_noise(self) -> bool:
        """Whether the gain is above 0, and above its standard error."""
        return self.mean > max(0.0, self.noise)


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
