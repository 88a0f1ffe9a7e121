"""What scores are called, and how people read them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from sknet_hp.findings.positive import find_name
from sknet_hp.formatting.numbers import format_score
from sknet_hp.search.views.facts import find_score_name

_NAMES = {
    "r2": "R²",
    "f1": "F1 score",
    "roc_auc": "area under the ROC curve",
    "average_precision": "average precision",
    "neg_mean_absolute_error": "mean absolute error",
    "neg_mean_squared_error": "mean squared error",
    "neg_root_mean_squared_error": "root mean squared error",
    "neg_log_loss": "log loss",
    "neg_brier_score": "Brier score",
}
MISSING = "–"
SAME = "the same"
_NOTHING = 5e-5
"""What is less is no difference, in numbers of four digits."""


@dataclass(frozen=True)
class Metric:
    """A metric with the name that people know, and its sign.

    Parameters
    ----------
    name : as scikit-learn has it; errors begin with "neg_".
    """

    name: str

    @property
    def is_error(self) -> bool:
        """Whether it is an error with a minus sign, so that less is better."""
        return self.name.startswith("neg_")

    @property
    def label(self) -> str:
        """What people call it."""
        return _NAMES.get(self.name, self.name.removeprefix("neg_").replace("_", " "))

    @property
    def hint(self) -> str:
        """Which direction is better."""
        return "lower is better" if self.is_error else "higher is better"

    def turn(self, score: float) -> float:
        """Return a score as people read it: errors are positive."""
        return -float(score) if self.is_error else float(score)

    def write(self, score: float) -> str:
        """Return a score as text."""
        return MISSING if not np.isfinite(score) else format_score(self.turn(score) + 0.0)

    def write_interval(self, low: float, high: float) -> str:
        """Return both ends of an interval, the lower number first."""
        first, second = sorted((self.turn(low), self.turn(high)))
        return f"{format_score(first + 0.0)} to {format_score(second + 0.0)}"

    def write_gain(self, difference: float) -> str:
        """Return a difference of scores in words, such as "0.012 higher"."""
        if abs(difference) < _NOTHING:
            return SAME
        return f"{format_score(abs(difference))} {'higher' if self.turn(difference) > 0 else 'lower'}"


def find_metric(search: Any) -> Metric:
    """Return the metric that a search goes by."""
    name = getattr(search, "measure_", None) or find_score_name(search)
    if name == "score":
        name = name_scoring(getattr(search, "scoring", None), getattr(search, "estimator", None))
    return Metric(name)


def name_scoring(scoring: Any, estimator: Any) -> str:
    """Return the name of a single score, given as `scoring` to a search."""
    if isinstance(scoring, str):
        return scoring
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "r2" if is_regressor(estimator) else "score"
    return name_scorer(scoring)


def name_scorer(scorer: Any) -> str:
    """Return what a scorer is called, in scikit-learn or by its metric.

    Errors of users' own have a name that begins with "neg_", as scikit-learn's have.
    """
    known = find_name(scorer)
    if known is not None:
        return known
    metric = getattr(scorer, "_score_func", scorer)
    name = str(getattr(metric, "__name__", type(metric).__name__))
    if not name.isidentifier():  # lambda functions have none
        name = "score"
    return f"neg_{name}" if getattr(scorer, "_sign", 1) < 0 else name
