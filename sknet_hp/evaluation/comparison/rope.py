"""The region of practical equivalence, where none is given."""

from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.search.views.metric import Metric

HABIT = 0.01
"""For accuracies by habit (Benavoli et al. 2017); here for all whose best is 1."""

SHARE = 0.01
"""Of the mean, for losses and errors."""

BEST_IS_ONE = (
    "accuracy",
    "auc",
    "average_precision",
    "d2_",
    "explained_variance",
    "f1",
    "jaccard",
    "matthews_corrcoef",
    "precision",
    "r2",
    "recall",
)
"""Parts of the names of metrics whose best is 1."""


class Rope(NamedTuple):
    """A region of practical equivalence, from -half to +half.

    Attributes
    ----------
    half : in units of the score.
    reason : where it comes from.
    """

    half: float
    reason: str


def choose_rope(given: Any, metric: str, mean: float) -> Rope:
    """Return the region of practical equivalence of a metric.

    Parameters
    ----------
    given : float, dict of floats by metric, or None
        Half its width; None for the habit: 0.01 for scores whose best is 1, and 1 % of
        the mean for others.
    metric : its name.
    mean : of the scores of all contestants.

    Raises
    ------
    ValueError
        If it is not a number of at least 0.
    """
    own = given.get(metric) if isinstance(given, Mapping) else given
    if own is not None:
        if not isinstance(own, Real) or isinstance(own, bool) or not np.isfinite(float(own)) or float(own) < 0:
            raise ValueError(
                f"rope must be a number of at least 0, half the width of the region of practical equivalence in "
                f"units of the score, or a dict of such numbers by metric; got {own!r}"
            )
        return Rope(float(own), "as given")
    if metric.startswith("neg_") or not any(part in metric.lower() for part in BEST_IS_ONE):
        return Rope(SHARE * abs(mean), f"{format_percentage(SHARE)} of the average {Metric(metric).label}")
    return Rope(HABIT, "the usual choice")
