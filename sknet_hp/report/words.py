"""Scores, parameters and times as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from sknet_hp.evaluation.numbers import write_number

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
        return MISSING if not np.isfinite(score) else write_number(self.turn(score) + 0.0)

    def write_interval(self, low: float, high: float) -> str:
        """Return both ends of an interval, the lower number first."""
        first, second = sorted((self.turn(low), self.turn(high)))
        return f"{write_number(first + 0.0)} to {write_number(second + 0.0)}"

    def write_gain(self, difference: float) -> str:
        """Return a difference of scores in words, such as "0.012 higher"."""
        if abs(difference) < _NOTHING:
            return "the same"
        return f"{write_number(abs(difference))} {'higher' if self.turn(difference) > 0 else 'lower'}"


def capitalise(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def write_value(value: Any) -> str:
    """Return the value of a parameter: numbers in three digits, text as it is."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return f"{int(value):,}" if abs(int(value)) >= 10_000 else str(int(value))
    if isinstance(value, Real):
        return f"{float(value):.3g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def write_params(params: Mapping[str, Any]) -> str:
    """Return parameters as ``lr=0.001, width=64``."""
    return ", ".join(f"{name}={write_value(value)}" for name, value in params.items())


def write_seconds(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def count(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it has one."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def write_resource(amount: float, name: str) -> str:
    """Return an amount of what candidates are given, such as "1 epoch", "27 epochs"."""
    return f"{amount:,.6g} {name.removesuffix('s') if amount == 1 else name}"


def join(texts: list[str]) -> str:
    """Return texts as an enumeration: "a, b and c"."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}" if texts else ""
