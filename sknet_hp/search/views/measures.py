"""What the score of a search is called, and which way round it is read."""

from typing import Any, NamedTuple

from sklearn.base import is_classifier, is_regressor

from sknet_hp.search.views.facts import find_score_name
from sknet_hp.search.views.numbers import format_score

_NEGATIVE = "neg_"


class Measure(NamedTuple):
    """A score as people speak of it.

    Attributes
    ----------
    name : such as "accuracy" or "root mean squared error".
    is_error : whether less is better; the score is then the error with a minus sign.
    """

    name: str
    is_error: bool

    def write(self, score: float) -> str:
        """Return a mean score, of an error without its sign."""
        return format_score(-score if self.is_error else score)

    def write_gain(self, gain: float) -> str:
        """Return a difference of scores in words."""
        more = (gain > 0) != self.is_error
        return f"{format_score(abs(gain))} {'higher' if more else 'lower'}"


def find_measure(search: Any) -> Measure:
    """Return what the score is called that a search goes by."""
    name = getattr(search, "measure_", None) or _name_score(search)
    is_error = name.startswith(_NEGATIVE)
    return Measure(name.removeprefix(_NEGATIVE).replace("_", " ") if is_error else name, is_error)


def _name_score(search: Any) -> str:
    name, scoring = find_score_name(search), getattr(search, "scoring", None)
    if name != "score":
        return name
    return name_scoring(scoring, search.estimator)


def name_scoring(scoring: Any, estimator: Any) -> str:
    """Return the name of a single score, given as `scoring` to a search."""
    if isinstance(scoring, str):
        return scoring
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "R²" if is_regressor(estimator) else "score"
    return str(getattr(scoring, "__name__", "score"))
