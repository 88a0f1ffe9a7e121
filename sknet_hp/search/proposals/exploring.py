"""How population-based training changes parameters (Jaderberg et al. 2017)."""

from collections.abc import Sequence
from math import ceil
from numbers import Real
from typing import Any

import numpy as np

from sknet_hp.search.arithmetic.exact import to_fraction
from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.values import Params


def count_replaced(n: int, quantile: float) -> int:
    """Return how many of n members are replaced.

    ⌈n · q⌉, at most ⌊n / 2⌋ (as in Ray and syne-tune).
    """
    return min(ceil(n * to_fraction(quantile)), n // 2)


def explore(
    params: Params,
    branch: dict[str, Dimension],
    *,
    resample_probability: float,
    factors: Sequence[float],
    random_state: np.random.RandomState,
) -> Params:
    """Return parameters, each drawn anew with some probability, else perturbed.

    Parameters that the branch does not have, or has a single value for, stay as they
    are.
    """
    result = dict(params)
    for name, dimension in branch.items():
        if name in params:
            anew = random_state.uniform() < resample_probability
            value = (
                dimension.rvs(random_state=random_state)
                if anew
                else perturb(dimension, params[name], factors, random_state)
            )
            if not (isinstance(dimension, Choice) and len(dimension.values) == 1):  # a member may be from outside it
                result[name] = value
    return result


def perturb(dimension: Dimension, value: Any, factors: Sequence[float], random_state: np.random.RandomState) -> Any:
    """Return a number times one of the factors; of choices a neighbour.

    A value that is not of the dimension is replaced by a draw from it.
    """
    if isinstance(dimension, Choice):
        near = list_neighbours(dimension, value)
        return near[random_state.randint(len(near))] if near else dimension.rvs(random_state=random_state)
    if not isinstance(value, Real):
        return dimension.rvs(random_state=random_state)
    return scale(dimension, float(value), factors[random_state.randint(len(factors))])


def list_neighbours(choice: Choice, value: Any) -> list[Any]:
    """Return the values beside a value, in the order in which choices are written.

    A value that is not among the choices has none.
    """
    try:
        at = choice.index(value)
    except StopIteration:
        return []
    return choice.values[max(0, at - 1) : at] + choice.values[at + 1 : at + 2]


def scale(dimension: Range, value: float, factor: float) -> float | int:
    """Return a value times a factor, clipped to the bounds.

    Whole numbers are rounded, and moved by one at least: 2 · 1.2 would stay 2 for ever.
    """
    low, high = find_bounds(dimension)
    moved = value * factor
    if not dimension.integer:
        return float(min(max(moved, low), high))
    whole = round(moved)
    if whole == value:
        whole += int(np.sign(moved - value))
    return int(min(max(whole, low), high))


def find_bounds(dimension: Range) -> tuple[float, float]:
    """Return the least and the greatest value of a range, infinite if there is none."""
    if dimension.low is not None and dimension.high is not None:
        return dimension.low, dimension.high
    support = getattr(dimension.distribution, "support", None)
    return (-np.inf, np.inf) if support is None else support()
