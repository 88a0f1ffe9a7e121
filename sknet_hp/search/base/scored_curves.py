"""Scores that bring the learning curve of the estimator that they are of.

scikit-learn's searches throw estimators away once they are scored, in whichever process
that was. A score is what comes back.
"""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from sklearn.metrics._scorer import _MultimetricScorer

from sknet_hp.search.candidates import Outcome
from sknet_hp.search.curves import Curve, CurveTable, read_curve


class _Score(float):
    """A score with the learning curve of what it is of."""

    curve: Curve


class _Scores(dict[str, Any]):
    """Several scores with the learning curve of what they are of."""

    curve: Curve


class _Scorer:
    """Scores as another scorer; to all other questions that one answers."""

    def __init__(self, scorer: Callable[..., Any]):
        self.scorer = scorer

    def __call__(self, estimator: Any, *args: Any, **params: Any) -> Any:
        return _attach_curve(self.scorer(estimator, *args, **params), estimator)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "scorer" not in vars(self):  # while it is copied, it is asked before it has one
            raise AttributeError(name)
        return getattr(self.scorer, name)


class _MultimetricScorerWithCurves(_MultimetricScorer):
    """Gives several scores as scikit-learn's, which asks for its class by name."""

    def __call__(self, estimator: Any, *args: Any, **params: Any) -> Any:
        return _attach_curve(super().__call__(estimator, *args, **params), estimator)


def bring_curves(scorer: Any) -> Any:
    """Return a scorer whose scores have the learning curve of the estimator."""
    if isinstance(scorer, _MultimetricScorer):
        return _MultimetricScorerWithCurves(scorers=scorer._scorers, raise_exc=scorer._raise_exc)
    return _Scorer(scorer)


def take_original(scorer: Any) -> Any:
    """Return the scorer that `bring_curves` was given, if it was one."""
    return scorer.scorer if isinstance(scorer, _Scorer) else scorer


def collect_scored_curves(outcomes: Sequence[Outcome], n_splits: int) -> CurveTable:
    """Return the curves that scores have brought, by candidate and split.

    Parameters
    ----------
    outcomes : of all splits of one candidate after those of another.
    n_splits : how many they are of a candidate.
    """
    brought = [(number, getattr(outcome["test_scores"], "curve", None)) for number, outcome in enumerate(outcomes)]
    return CurveTable(
        ("candidate", "split"), [(divmod(number, n_splits), curve) for number, curve in brought if curve is not None]
    )


def _attach_curve(score: Any, estimator: Any) -> Any:
    """Return what is equal to a score and has a curve; the score, where it is odd."""
    if not isinstance(score, (dict, Real)):  # what is no score is refused by scikit-learn
        return score
    with_curve: Any = _Scores(score) if isinstance(score, dict) else _Score(score)
    with_curve.curve = read_curve(estimator)
    return with_curve
