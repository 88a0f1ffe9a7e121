"""How a population changes between two trainings (Jaderberg et al. 2017): who is
replaced, and what becomes of the parameters that are copied.
"""

from collections.abc import Sequence
from math import ceil
from numbers import Real
from typing import Any

import numpy as np

from sknet_hp.search.arithmetic.brackets import exact
from sknet_hp.search.spaces.space import Choice, Dimension, Params, Range


def n_replaced(n: int, quantile: float) -> int:
    """How many of n members are replaced: ⌈n · q⌉, at most ⌊n / 2⌋ (Ray, syne-tune)."""
    return min(ceil(n * exact(quantile)), n // 2)


def explored(
    params: Params,
    branch: dict[str, Dimension],
    *,
    resample_probability: float,
    factors: Sequence[float],
    random_state: np.random.RandomState,
) -> Params:
    """Parameters, each drawn anew with some probability and otherwise perturbed; those
    that the branch does not have stay.
    """
    result = dict(params)
    for name, dimension in branch.items():
        if name in params:
            anew = random_state.uniform() < resample_probability
            result[name] = (
                dimension.rvs(random_state=random_state)
                if anew
                else perturbed(dimension, params[name], factors, random_state)
            )
    return result


def perturbed(dimension: Dimension, value: Any, factors: Sequence[float], random_state: np.random.RandomState) -> Any:
    """A number times one of the factors; of choices a neighbour. What is not of the
    dimension is drawn from it.
    """
    if isinstance(dimension, Choice):
        near = neighbours(dimension, value)
        return near[random_state.randint(len(near))] if near else dimension.rvs(random_state=random_state)
    if not isinstance(value, Real):
        return dimension.rvs(random_state=random_state)
    return scaled(dimension, float(value), factors[random_state.randint(len(factors))])


def neighbours(choice: Choice, value: Any) -> list[Any]:
    """The values beside a value, in the order in which the choices are written; none of
    a value that is not among them.
    """
    try:
        at = choice.index(value)
    except StopIteration:
        return []
    return choice.values[max(0, at - 1) : at] + choice.values[at + 1 : at + 2]


def scaled(dimension: Range, value: float, factor: float) -> float | int:
    """A value times a factor, within the bounds. Whole numbers are rounded, and moved
    by one at least: 2 · 1.2 would stay 2 for ever.
    """
    low, high = bounds(dimension)
    moved = value * factor
    if not dimension.integer:
        return float(min(max(moved, low), high))
    whole = round(moved)
    if whole == value:
        whole += int(np.sign(moved - value))
    return int(min(max(whole, low), high))


def bounds(dimension: Range) -> tuple[float, float]:
    """The least and the greatest value of a range, infinite where there is none."""
    if dimension.low is not None and dimension.high is not None:
        return dimension.low, dimension.high
    support = getattr(dimension.distribution, "support", None)
    return (-np.inf, np.inf) if support is None else support()
