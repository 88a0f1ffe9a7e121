"""Dimensions as people write them for scikit-learn, scikit-optimize and Optuna."""

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from scipy import stats

from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range, SteppedChoice
from sknet_hp.search.spaces.values import is_number, to_plain


def read_dimension(value: Any, name: str) -> Dimension:
    """Return one dimension, however it was written."""
    module = type(value).__module__
    if isinstance(value, (Choice, Range)):
        return value
    if isinstance(value, tuple):
        return _read_tuple(value, name)
    if module.startswith("skopt.space"):
        return _read_skopt(value)
    if module.startswith("optuna."):
        return _read_optuna(value)
    if hasattr(value, "rvs"):
        return _read_scipy(value)
    if (
        isinstance(value, (str, bytes, Set, Mapping))
        or not hasattr(value, "__len__")
        or (isinstance(value, np.ndarray) and value.ndim != 1)
    ):
        raise ValueError(
            f"the space of {name!r} is {value!r}; give a list of choices, a distribution with a method `rvs`, or a "
            f'tuple such as (1e-4, 1e-1, "log-uniform")'
        )
    values = [to_plain(each) for each in value]
    if not values:
        raise ValueError(f"the space of {name!r} is empty: give at least one value")
    return Choice(values)


def _read_tuple(value: tuple[Any, ...], name: str) -> Range:
    # A parameter of ours and of scikit-learn's networks, whose values are tuples themselves.
    if name.endswith("hidden_layer_sizes"):
        raise ValueError(
            f"the space of {name!r} is {value!r}, which would be a range of numbers; its choices are tuples, write a "
            f"list: [{value!r}]"
        )
    prior = value[2] if len(value) == 3 else "uniform"
    numbers = value[:2]
    if len(value) not in (2, 3) or prior not in ("uniform", "log-uniform") or not all(map(is_number, numbers)):
        raise ValueError(
            f'the space of {name!r} is {value!r}; a tuple is (low, high) or (low, high, "log-uniform"), and choices '
            f"are a list"
        )
    low, high = (to_plain(x) for x in numbers)
    if not low < high or (prior == "log-uniform" and low <= 0):
        raise ValueError(
            f"the space of {name!r} is {value!r}, but its lower bound must be below its upper "
            f"one{', and above 0' if len(value) == 3 else ''}"
        )
    whole = isinstance(low, int) and isinstance(high, int)
    return Range.from_bounds(low, high, log=prior == "log-uniform", integer=whole)


def _read_scipy(value: Any) -> Dimension:
    family = getattr(value, "dist", value)
    kind = getattr(family, "name", "")
    if kind in ("loguniform", "reciprocal", "uniform"):
        low, high = map(float, value.support())
        if np.isnan(low):  # a scale of zero
            return Choice([float(value.rvs(random_state=0))])
        return Range(value, integer=False, low=low, high=high, log=kind != "uniform")
    whole = np.mod(getattr(family, "xk", 0), 1) == 0  # SciPy takes any numbers for its discrete values
    return Range(value, integer=isinstance(family, stats.rv_discrete) and bool(np.all(whole)))


def _read_skopt(value: Any) -> Dimension:
    if hasattr(value, "categories"):
        return Choice(value.categories)
    low, high = to_plain(value.low), to_plain(value.high)
    return Range.from_bounds(low, high, log=value.prior == "log-uniform", integer=type(value).__name__ == "Integer")


def _read_optuna(value: Any) -> Dimension:
    if hasattr(value, "choices"):
        return Choice(value.choices)
    if value.single():
        return Choice([value.low])
    step, integer = getattr(value, "step", None), type(value).__name__ == "IntDistribution"
    if step is not None and step != (1 if integer else None):
        return SteppedChoice(value.low, value.high, step)
    return Range.from_bounds(value.low, value.high, log=bool(value.log), integer=integer)
