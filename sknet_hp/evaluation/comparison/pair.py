"""Two contestants, compared by one metric."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknet_hp.evaluation.comparison.rope import Rope
from sknet_hp.evaluation.comparison.scored import Scored
from sknet_hp.evaluation.statistics import (
    CorrectedT,
    RopeProbabilities,
    adjust_by_holm,
    compute_rope_probabilities,
    fit_corrected_t,
)

SURE = 0.95
"""The probability from which on a verdict is given."""


@dataclass(frozen=True)
class Pair:
    """How two contestants differ by one metric; positive where the first is better.

    Attributes
    ----------
    first, second : str
    metric : str
    means : (float, float)
        Of both.
    test : CorrectedT
        Of the differences, split by split.
    rope : Rope
        Which differences make none in practice.
    probabilities : RopeProbabilities
        That the true difference is below, inside, above it.
    p_adjusted : float
        The p-value for all comparisons that were made together.
    wins, losses : int
        In how many splits the first was better, or worse.
    """

    first: str
    second: str
    metric: str
    means: tuple[float, float]
    test: CorrectedT
    rope: Rope
    probabilities: RopeProbabilities
    p_adjusted: float
    wins: int
    losses: int

    @property
    def n_splits(self) -> int:
        """In how many splits both have scores."""
        return self.test.degrees_of_freedom + 1

    @property
    def is_decided(self) -> bool:
        """Whether one of them is better, if perhaps not by enough to matter."""
        below, inside, above = self.probabilities
        return max(below, above) >= SURE or (inside < SURE and self._is_significant)

    @property
    def _is_significant(self) -> bool:
        return self.p_adjusted < 1 - SURE

    @property
    def as_named(self) -> CorrectedT:
        """The test in the order of the verdict, in which the better one leads."""
        is_turned = self.is_decided and self.test.mean < 0
        return replace(self.test, mean=-self.test.mean) if is_turned else self.test

    @property
    def verdict(self) -> str:
        """What can be said, in a few words."""
        below, inside, above = self.probabilities
        if self.wins == self.losses == 0:
            return f"{self.first} and {self.second} have the same score in every split"
        if not self.is_decided:
            if inside >= SURE:
                return f"{self.first} and {self.second} are equivalent in practice"
            return f"the difference between {self.first} and {self.second} is within noise"
        better, worse = (self.first, self.second) if self.test.mean > 0 else (self.second, self.first)
        if max(below, above) >= SURE:
            # One-sided, and of this pair alone, the probability may be high where p is not below 5 %.
            return f"{better} is {'' if self._is_significant else 'probably '}better than {worse}"
        return f"{better} is better than {worse}, but perhaps not by enough to matter"

    def write_row(self, confidence: float) -> dict[str, Any]:
        """Return the row of the table of pairs."""
        low, high = self.test.compute_interval(confidence)
        return {
            "first": self.first,
            "second": self.second,
            "metric": self.metric,
            "difference": self.test.mean,
            "low": low,
            "high": high,
            "t": self.test.statistic,
            "p": self.test.p_value,
            "p_holm": self.p_adjusted,
            "effect_size": self.test.effect_size,
            "rope": self.rope.half,
            "p_first_better": self.probabilities.above,
            "p_equivalent": self.probabilities.inside,
            "p_second_better": self.probabilities.below,
            "wins": self.wins,
            "losses": self.losses,
            "n_splits": self.n_splits,
            "verdict": self.verdict,
        }


def compare_pair(first: Scored, second: Scored, metric: str, rope: Rope) -> Pair:
    """Return how two contestants differ by one metric.

    Splits in which one of them failed are left out, with a warning.

    Raises
    ------
    ValueError
        If there are fewer than two splits in which both have a score.
    """
    a, b = first.scores[metric], second.scores[metric]
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2:
        raise ValueError(
            f"{first.name!r} and {second.name!r} have {int(both.sum())} splits in which both have a {metric}; a "
            f"comparison needs two or more"
        )
    if not both.all():
        warnings.warn(
            f"{int((~both).sum())} of {len(both)} splits have no {metric} of both {first.name!r} and "
            f"{second.name!r}; they are compared on the others",
            UserWarning,
            stacklevel=2,
        )
    a, b = a[both], b[both]
    differences = a - b
    # What rounding leaves of equal scores is no difference.
    differences[np.abs(differences) <= 8 * np.finfo(float).eps * np.maximum(np.abs(a), np.abs(b))] = 0.0
    test = fit_corrected_t(differences, first.n_train[both], first.n_test[both])
    return Pair(
        first.name,
        second.name,
        metric,
        (float(a.mean()), float(b.mean())),
        test,
        rope,
        compute_rope_probabilities(test, rope.half),
        test.p_value,
        int((differences > 0).sum()),
        int((differences < 0).sum()),
    )


def adjust_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs with p-values that hold for all of them together (Holm)."""
    adjusted = adjust_by_holm([pair.test.p_value for pair in pairs])
    return [replace(pair, p_adjusted=float(p)) for pair, p in zip(pairs, adjusted, strict=True)]
