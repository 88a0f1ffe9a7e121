"""Dimensions of a search space: choices among values, and ranges of numbers.

Each can be sampled as scikit-learn samples it, and encoded as one coordinate for
models.
"""

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np
from scipy import stats

from sknet_hp.search.arithmetic.exact import to_fraction
from sknet_hp.search.spaces.values import are_equal, to_plain


class Choice:
    """One of some values, which may be of any kind.

    Attributes
    ----------
    values : list
    """

    def __init__(self, values: Sequence[Any]):
        self.values = list(values)

    def rvs(self, random_state: Any = None) -> Any:
        """Draw one value, as `ParameterSampler` asks for it."""
        return self.values[random_state.randint(len(self.values))]

    def index(self, value: Any) -> int:
        """Return the number of a value."""
        for number, known in enumerate(self.values):
            if known is value or (type(known) is type(value) and are_equal(known, value)):
                return number
        return next(number for number, known in enumerate(self.values) if are_equal(known, value))

    def has(self, value: Any) -> bool:
        """Return whether a value is among them."""
        return any(known is value or are_equal(known, value) for known in self.values)

    def encode(self, value: Any) -> float:
        """Return the number of a value, NaN if it is not among them."""
        return float(self.index(value)) if self.has(value) else np.nan

    def decode(self, coordinate: float) -> Any:
        """Return the value of a number."""
        return self.values[int(coordinate)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.values!r})"


class SteppedChoice(Choice):
    """Numbers from `low` to at most `high`, each `step` above the one before.

    They are choices, which models see as one coordinate in their order.
    """

    def __init__(self, low: float, high: float, step: float):
        lowest, distance = to_fraction(low), to_fraction(step)
        n_steps = floor((to_fraction(high) - lowest) / distance)
        # Exactly 0.3, where floats add up to .30000000000000004.
        numbers = [lowest + k * distance for k in range(n_steps + 1)]
        super().__init__([int(x) if isinstance(low, int) and isinstance(step, int) else float(x) for x in numbers])

    def encode(self, value: Any) -> float:
        """Return the middle of a value's stretch of [0, 1], NaN if it is not there."""
        return (self.index(value) + 0.5) / len(self.values) if self.has(value) else np.nan

    def decode(self, coordinate: float) -> Any:
        """Return the value at a coordinate in [0, 1]; each has an equal stretch."""
        return self.values[min(int(coordinate * len(self.values)), len(self.values) - 1)]


class Range:
    """Numbers with a distribution.

    Attributes
    ----------
    distribution : frozen distribution of SciPy
    integer : bool
    low, high, log : the bounds and whether the scale is logarithmic, where they are
        known.
    """

    def __init__(
        self,
        distribution: Any,
        *,
        integer: bool,
        low: float | None = None,
        high: float | None = None,
        log: bool = False,
    ):
        self.distribution, self.integer, self.low, self.high, self.log = distribution, integer, low, high, log

    @classmethod
    def from_bounds(cls, low: float, high: float, *, log: bool = False, integer: bool = False) -> "Range":
        """Make a uniform range from `low` to `high`; of whole numbers both included."""
        if integer:
            # Each whole number owns the stretch of half a unit to both sides of it.
            inner = (
                stats.loguniform(max(low - 0.5, low / 2), high + 0.5)
                if log
                else stats.uniform(low - 0.5, high - low + 1)
            )
        else:
            inner = stats.loguniform(low, high) if log else stats.uniform(low, high - low)
        return cls(inner, integer=integer, low=low, high=high, log=log)

    def rvs(self, random_state: Any = None) -> Any:
        """Draw one value, as `ParameterSampler` asks for it."""
        if self.integer and self.low is not None:
            return self.decode(float(random_state.uniform()))
        return to_plain(self.distribution.rvs(random_state=random_state))

    def encode(self, value: Any) -> float:
        """Return the coordinate of a value in [0, 1], NaN if it is no number.

        A whole number that owns a stretch of them is in its middle.
        """
        if not isinstance(value, (int, float, np.number)):
            return np.nan
        number = float(value)
        u = self.distribution.cdf(number)
        if self.integer and self.low is None:
            u = (u + self.distribution.cdf(number - 1)) / 2
        return float(np.clip(u, 0, 1))

    def decode(self, coordinate: float) -> Any:
        """Return the value at a coordinate in [0, 1]."""
        value = float(self.distribution.ppf(min(max(coordinate, 1e-12), 1 - 1e-12)))
        if not self.integer:
            return value if self.low is None else min(max(value, self.low), self.high or value)
        whole = floor(value + 0.5) if self.low is not None else int(value)
        return int(min(max(whole, self.low), self.high)) if self.low is not None and self.high is not None else whole

    def has(self, value: Any) -> bool:
        """Return whether a value is a number within the bounds that are known."""
        if not isinstance(value, (int, float, np.number)):
            return False
        return bool((self.low is None or value >= self.low) and (self.high is None or value <= self.high))

    def __repr__(self) -> str:
        return f"Range({self.low}, {self.high}{', log' if self.log else ''})"


Dimension = Choice | Range


def is_same(a: Dimension, b: Dimension) -> bool:
    """Return whether two dimensions have the same values and distribution."""
    if isinstance(a, Choice) and isinstance(b, Choice):
        pairs = list(zip(a.values, b.values, strict=False))
        return (
            type(a) is type(b)
            and len(a.values) == len(b.values)
            and all(x is y or (type(x) is type(y) and are_equal(x, y)) for x, y in pairs)
        )
    if isinstance(a, Range) and isinstance(b, Range):
        same = (a.low, a.high, a.log, a.integer) == (b.low, b.high, b.log, b.integer)
        return a.distribution is b.distribution or (same and a.low is not None)
    return False


def check_can_be_learned(own: Dimension, name: str) -> None:
    """Refuse distributions that can only be drawn from.

    A model has to know where in a distribution a value stands.
    """
    if isinstance(own, Range) and not (hasattr(own.distribution, "cdf") and hasattr(own.distribution, "ppf")):
        raise ValueError(
            f"the space of {name!r} is {own.distribution!r}, which has no methods `cdf` and `ppf`: a model can not "
            f'learn about it; give a distribution of SciPy, or a tuple such as (1e-4, 1e-1, "log-uniform")'
        )
